/* normal, by Box and Muller (1958): a block of Philox words gives pairs (r cos t,
 * r sin t) with r = sqrt(-2 log u).  u has 31 (float32) or 63 (float64) bits of
 * (0, 1], so the tails reach 6.6 and 9.3; the angle's quadrant is two bits of
 * its word, exactly, and the rest of it lies within an eighth of a turn. */
#include "kernels/real/random.h"
#include "simd/vmath.h"

enum { PAIRS = BATCH / 2 };

/* sin and cos of f quarter turns, |f| <= 1/2: Taylor's series, whose first
 * omitted term is below half an ulp of the result's largest value. */
PN_INLINE void quarter(vreal f, vreal *sine, vreal *cosine) {
  vreal z = v_mul(f, f), s, c;
#if PN_TYPE_IS_F32
  s = v_set1((real)1.60441184787359821873e-4);
  c = v_set1((real)-2.52020423730606054811e-5);
  c = v_fma(c, z, v_set1((real)9.19260274839426580242e-4));
#else
  s = v_set1(6.06693573110619566710e-12);
  s = v_fma(s, z, v_set1(-6.68803510981146723248e-10));
  s = v_fma(s, z, v_set1(5.69217292196792681178e-8));
  s = v_fma(s, z, v_set1(-3.59884323521208534046e-6));
  s = v_fma(s, z, v_set1(1.60441184787359821873e-4));
  c = v_set1(6.56596311497947236221e-11);
  c = v_fma(c, z, v_set1(-6.38660308379185224109e-9));
  c = v_fma(c, z, v_set1(4.71087477881817150367e-7));
  c = v_fma(c, z, v_set1(-2.52020423730606054811e-5));
  c = v_fma(c, z, v_set1(9.19260274839426580242e-4));
#endif
  s = v_fma(s, z, v_set1((real)-4.68175413531868810069e-3));
  s = v_fma(s, z, v_set1((real)7.96926262461670451205e-2));
  s = v_fma(s, z, v_set1((real)-6.45964097506246253656e-1));
  s = v_fma(s, z, v_set1((real)1.57079632679489661923));
  c = v_fma(c, z, v_set1((real)-2.08634807633529608731e-2));
  c = v_fma(c, z, v_set1((real)2.53669507901048013637e-1));
  c = v_fma(c, z, v_set1((real)-1.23370055013616982735));
  *sine = v_mul(s, f);
  *cosine = v_fma(c, z, v_set1(1));
}

/* Pair i of words: u in (0, 1], the quadrant 0..3, quarter turns in [-1/2, 1/2]. */
PN_INLINE void split(const uint32_t *w, int i, real *u, real *quadrant, real *turn) {
#if PN_TYPE_IS_F32
  uint32_t a = w[2 * i], b = w[2 * i + 1];
  *u = (real)(int32_t)(a >> 1) * 0x1p-31f + 0x1p-32f;
  *quadrant = (real)(int32_t)(b >> 30);
  *turn = (real)(int32_t)(b << 2) * 0x1p-32f;
#else
  uint64_t a = w[4 * i] | (uint64_t)w[4 * i + 1] << 32;
  uint64_t b = w[4 * i + 2] | (uint64_t)w[4 * i + 3] << 32;
  *u = (real)(int64_t)(a >> 1) * 0x1p-63 + 0x1p-64;
  *quadrant = (real)(int64_t)(b >> 62);
  *turn = (real)(int64_t)(b << 2) * 0x1p-64;
#endif
}

/* (cos, sin) of quadrant + turn: (c, s), (-s, c), (-c, -s), (s, -c). */
PN_INLINE void rotate(vreal quadrant, vreal s, vreal c, vreal *x, vreal *y) {
  vmask first = v_eq(quadrant, v_set1(1)), third = v_eq(quadrant, v_set1(3));
  vmask odd = m_or(first, third), below = v_le(v_set1(2), quadrant);
  *x = v_select(odd, s, c);
  *y = v_select(odd, c, s);
  *x = v_select(m_or(first, v_eq(quadrant, v_set1(2))), v_neg(*x), *x);
  *y = v_select(below, v_neg(*y), *y);
}

static void draw_normal(const pn_args *a, const uint32_t *w, real *out) {
  real u[PAIRS], quadrant[PAIRS], turn[PAIRS];
  vreal mean = v_set1((real)a->f[0]), std = v_set1((real)a->f[1]);
  for (int i = 0; i < PAIRS; i++) split(w, i, u + i, quadrant + i, turn + i);
  for (int i = 0; i < PAIRS; i += PN_VN) {
    vreal r = v_sqrt(v_mul(v_set1(-2), v_log(v_load(u + i)))), s, c, x, y;
    quarter(v_load(turn + i), &s, &c);
    rotate(v_load(quadrant + i), s, c, &x, &y);
    v_store(u + i, v_add(mean, v_mul(std, v_mul(r, x))));
    v_store(turn + i, v_add(mean, v_mul(std, v_mul(r, y))));
  }
  for (int i = 0; i < PAIRS; i++) {
    out[2 * i] = u[i];
    out[2 * i + 1] = turn[i];
  }
}

PN_KERNEL(normal) { random_fill(draw_normal, a, begin, end); }
