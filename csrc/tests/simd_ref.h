/* What the functions of simd/simd.h mean, written with the C library: included
 * once per type, with T, U (its bits), I (the same, signed), MANT and
 * REF(name) for the name's suffix. */

static inline U REF(bits)(T x) {
  U u;
  memcpy(&u, &x, sizeof u);
  return u;
}
static inline T REF(from_bits)(U u) {
  T x;
  memcpy(&x, &u, sizeof x);
  return x;
}

static T REF(ref_max)(T a, T b) {
  if (isnan(a) || isnan(b)) return (T)NAN;
  if (a == b) return signbit(a) ? b : a;
  return a > b ? a : b;
}
static T REF(ref_min)(T a, T b) {
  if (isnan(a) || isnan(b)) return (T)NAN;
  if (a == b) return signbit(a) ? a : b;
  return a < b ? a : b;
}

/* The functions whose results are defined for every input. */
static T REF(ref_real)(pn_probe f, T x, T y, T z) {
  switch (f) {
    case PROBE_add:
      return x + y;
    case PROBE_sub:
      return x - y;
    case PROBE_mul:
      return x * y;
    case PROBE_div:
      return x / y;
    case PROBE_fma:
      return REF(libm_fma)(x, y, z);
    case PROBE_fnma:
      return REF(libm_fma)(-x, y, z);
    case PROBE_sqrt:
      return (T)REF(libm_sqrt)(x);
    case PROBE_neg:
      return REF(from_bits)(REF(bits)(x) ^ (U)1 << (sizeof(U) * 8 - 1));
    case PROBE_abs:
      return REF(from_bits)(REF(bits)(x) & ~((U)1 << (sizeof(U) * 8 - 1)));
    case PROBE_max:
      return REF(ref_max)(x, y);
    case PROBE_min:
      return REF(ref_min)(x, y);
    case PROBE_least:
      return x < y ? x : y;
    case PROBE_most:
      return x > y ? x : y;
    case PROBE_round:
      return (T)REF(libm_round)(x);
    case PROBE_lt:
      return x < y;
    case PROBE_le:
      return x <= y;
    case PROBE_eq:
      return x == y;
    case PROBE_isnan:
      return isnan(x) != 0;
    case PROBE_and_lt_eq:
      return x < y && y == z;
    case PROBE_or_lt_eq:
      return x < y || y == z;
    case PROBE_not_lt:
      return !(x < y);
    default:
      return x < y ? z : x; /* select_lt */
  }
}

static T REF(ref_bits)(pn_probe f, U x, U y) {
  const int width = sizeof(U) * 8;
  U sign = x >> (width - 1) ? ~(U)0 << (width - PROBE_SHIFT) : 0;
  switch (f) {
    case PROBE_i_add:
      return REF(from_bits)(x + y);
    case PROBE_i_sub:
      return REF(from_bits)(x - y);
    case PROBE_i_and:
      return REF(from_bits)(x & y);
    case PROBE_i_or:
      return REF(from_bits)(x | y);
    case PROBE_i_xor:
      return REF(from_bits)(x ^ y);
    case PROBE_i_shl:
      return REF(from_bits)(x << PROBE_SHIFT);
    case PROBE_i_shr0:
      return REF(from_bits)(x >> PROBE_SHIFT);
    default:
      return REF(from_bits)(x >> PROBE_SHIFT | sign); /* i_shr */
  }
}

/* The fixed tree over a whole virtual vector, absent lanes -0. */
static T REF(ref_tree)(const T *x, int64_t n) {
  enum { LANES = PN_VBYTES / sizeof(T) };
  T lane[LANES];
  for (int64_t i = 0; i < LANES; i++) lane[i] = i < n ? x[i] : -(T)0;
  for (int half = LANES / 2; half > 0; half /= 2)
    for (int i = 0; i < half; i++) lane[i] = lane[i] + lane[i + half];
  return lane[0];
}

static bool REF(same)(T a, T b) { return REF(bits)(a) == REF(bits)(b) || (isnan(a) && isnan(b)); }

/* A mixture: any bit pattern, special values, numbers of all and of similar size. */
static T REF(draw)(void) {
  static const T special[] = {
      0,           -(T)0,        1,         -1,         (T)0.5,     2,
      (T)INFINITY, -(T)INFINITY, (T)NAN,    (T)3,       (T)-2.5,    (T)1.5,
      REF(tiny),   -REF(tiny),   REF(huge), -REF(huge), REF(least), -REF(least)};
  switch (case_pick(4)) {
    case 0:
      return special[case_pick((int64_t)(sizeof special / sizeof special[0]))];
    case 1:
      return (T)case_real();
    case 2:
      return (T)ldexp(case_real(), (int)case_pick(2 * MANT) - MANT);
    default:
      return REF(from_bits)((U)case_random() << (sizeof(U) * 8 - 24) ^ (U)case_random() << 11 ^
                            (U)case_random());
  }
}
