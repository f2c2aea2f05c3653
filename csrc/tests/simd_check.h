/* The checks of test_simd.c for one type; see simd_ref.h for the macros. */
#define TYPE_NAME (sizeof(T) == 4 ? "float32" : "float64")

/* Inputs in the range that the function promises something for. */
static void REF(inputs)(pn_probe f, T *x, T *y, T *z, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    x[i] = REF(draw)();
    y[i] = REF(draw)();
    z[i] = REF(draw)();
    if (f == PROBE_to_int) x[i] = (T)(case_real() * (case_pick(2) ? 1000.25 : 0x1p19));
    if (f == PROBE_from_int) x[i] = REF(from_bits)((U)((int64_t)(case_real() * 0x1p21)));
    if (f == PROBE_scale2) {
      T scale = (T)(0.25 + case_pick(1000) / 256.0);
      x[i] = case_pick(8) ? (case_pick(2) ? scale : -scale) : (T)0;
      y[i] = (T)(case_pick(4 * (sizeof(T) == 4 ? 126 : 1022)) - 2 * (sizeof(T) == 4 ? 126 : 1022));
    }
  }
}

static T REF(expected)(pn_probe f, T x, T y, T z) {
  if (f == PROBE_to_int) return REF(from_bits)((U)(I)REF(libm_round)(x));
  if (f == PROBE_from_int) return (T)(I)REF(bits)(x);
  if (f == PROBE_scale2) return (T)ldexp(x, (int)y);
  if (f >= PROBE_i_add && f <= PROBE_i_shr0) return REF(ref_bits)(f, REF(bits)(x), REF(bits)(y));
  return REF(ref_real)(f, x, y, z);
}

/* n elements between guard pages, what stands behind the output untouched. */
static void REF(check_functions)(const char *level, REF(pn_probe) probe, int64_t n) {
  static const char *const names[] = {
#define PN_PROBE(name) #name,
      PN_PROBES(PN_PROBE)
#undef PN_PROBE
  };
  size_t bytes = (size_t)n * sizeof(T);
  for (pn_probe f = 0; f < PROBE_COUNT; f++) {
    block x = block_new(bytes), y = block_new(bytes), z = block_new(bytes), out = block_new(bytes);
    REF(inputs)(f, x.p, y.p, z.p, n);
    probe(f, x.p, y.p, z.p, out.p, n);
    for (int64_t i = 0; i < n && f != PROBE_log1p && f != PROBE_load_or; i++) {
      T a = ((T *)x.p)[i], b = ((T *)y.p)[i], c = ((T *)z.p)[i], got = ((T *)out.p)[i];
      T want = REF(expected)(f, a, b, c);
      CHECK_MSG(REF(same)(got, want),
                "%s %s %s(%a, %a, %a) = %a, not %a, element %" PRId64 " of %" PRId64, level,
                TYPE_NAME, names[f], (double)a, (double)b, (double)c, (double)got, (double)want, i,
                n);
    }
    /* Every element is its own x or the given lane, whatever the width. */
    for (int64_t i = 0; i < n && f == PROBE_load_or; i++) {
      T got = ((T *)out.p)[i];
      CHECK(REF(same)(got, ((T *)x.p)[i]) || REF(same)(got, ((T *)y.p)[i]));
    }
    block_free(&x);
    block_free(&y);
    block_free(&z);
    block_free(&out);
  }
}

static void REF(check_lanes)(const char *level, REF(pn_probe_lanes) probe, int64_t n) {
  block x = block_new((size_t)n * sizeof(T));
  T *p = x.p, out[4], most = -(T)INFINITY, least = (T)INFINITY;
  bool nan = false, wild = case_pick(2);
  for (int64_t i = 0; i < n; i++) {
    p[i] = wild ? REF(draw)() : (T)case_real();
    most = REF(ref_max)(most, p[i]);
    least = REF(ref_min)(least, p[i]);
    nan = nan || isnan(p[i]);
  }
  probe(p, out, n);
  T sum = REF(ref_tree)(p, n);
  CHECK_MSG(REF(same)(out[0], sum), "%s %s sum of %" PRId64 " lanes: %a, not %a", level, TYPE_NAME,
            n, (double)out[0], (double)sum);
  CHECK_MSG(REF(same)(out[1], most), "%s %s max of %" PRId64, level, TYPE_NAME, n);
  CHECK_MSG(REF(same)(out[2], least), "%s %s min of %" PRId64, level, TYPE_NAME, n);
  CHECK_MSG((out[3] != 0) == nan, "%s %s any of %" PRId64, level, TYPE_NAME, n);
  block_free(&x);
}

/* The software against the C library, with operands whose product and third
 * number meet: neighbours in exponent, subnormal and overflowing ones. */
static void REF(check_fma)(void) {
  T a = REF(draw)(), b = REF(draw)(), c = REF(draw)();
  if (case_pick(2)) {
    int reach = sizeof(T) == 4 ? 150 : 1075, ea = (int)case_pick(2 * reach) - reach;
    int eb = (int)case_pick(2 * reach) - reach, ec = ea + eb + (int)case_pick(120) - 60;
    U fine = (U)case_random() << 24 ^ (U)case_random();
    a = (T)ldexp((double)(fine & (((U)2 << MANT) - 1)), ea - MANT);
    b = (T)ldexp(case_real(), eb);
    c = (T)ldexp(case_real() + case_real() * 0x1p-22, ec);
  }
  T want = REF(libm_fma)(a, b, c), soft = REF(pn_fma_soft)(a, b, c), used = REF(pn_fma)(a, b, c);
  CHECK_MSG(REF(same)(soft, want), "fma(%a, %a, %a) = %a, not %a", (double)a, (double)b, (double)c,
            (double)soft, (double)want);
  CHECK_MSG(REF(same)(used, want), "fma(%a, %a, %a)", (double)a, (double)b, (double)c);
}
#undef TYPE_NAME
