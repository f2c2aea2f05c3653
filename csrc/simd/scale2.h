/* v_scale2 for levels without the instruction: two exact powers of two.  Only
 * the second product can leave the normal range, so there is one rounding. */

/* 2^n for integral n in [1 - REAL_BIAS, REAL_BIAS]: added to 1.5 * 2^REAL_MANT,
 * n + REAL_BIAS stands in the lowest bits. */
PN_INLINE vreal v_pow2(vreal n) {
  const real magic = (real)1.5 / REAL_EPSILON + REAL_BIAS;
  return v_from_bits(i_shl(v_bits(v_add(n, v_set1(magic))), REAL_MANT));
}

PN_INLINE vreal v_scale2(vreal a, vreal n) {
  vreal half = v_round(v_mul(n, v_set1((real)0.5)));
  return v_mul(v_mul(a, v_pow2(half)), v_pow2(v_sub(n, half)));
}
