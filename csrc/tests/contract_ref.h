/* The sums of the numerics contract, written from its text and from nothing
 * else: included once per type, with T, and REF(name) for the name's suffix. */

/* One chunk of the rule "last axis reduced". */
static inline T REF(ref_chunk)(const T *x, int64_t n) {
  enum { LANES = PN_VBYTES / sizeof(T) };
  T acc[PN_VACC][LANES];
  bool any[PN_VACC][LANES] = {{false}};
  for (int64_t i = 0; i < n; i++) {
    int64_t a = i / LANES % PN_VACC, l = i % LANES;
    acc[a][l] = any[a][l] ? acc[a][l] + x[i] : x[i];
    any[a][l] = true;
  }
  for (int step = 1; step < PN_VACC; step *= 2)
    for (int a = 0; a < PN_VACC; a += 2 * step)
      for (int l = 0; l < LANES; l++) {
        if (!any[a + step][l]) continue;
        acc[a][l] = any[a][l] ? acc[a][l] + acc[a + step][l] : acc[a + step][l];
        any[a][l] = true;
      }
  for (int half = LANES / 2; half > 0; half /= 2)
    for (int l = 0; l < half; l++) {
      if (!any[0][l + half]) continue;
      acc[0][l] = any[0][l] ? acc[0][l] + acc[0][l + half] : acc[0][l + half];
      any[0][l] = true;
    }
  return acc[0][0];
}

/* The sum of a sequence; rows: the rule "last axis reduced". */
static inline T REF(ref_sum)(const T *x, int64_t n, bool rows) {
  int64_t chunk = rows ? PN_CHUNK : PN_ROWCHUNK;
  T total = 0;
  for (int64_t start = 0; start < n; start += chunk) {
    int64_t m = pn_min64(chunk, n - start);
    T s = x[start];
    if (rows)
      s = REF(ref_chunk)(x + start, m);
    else
      for (int64_t i = 1; i < m; i++) s = s + x[start + i];
    total = start == 0 ? s : total + s;
  }
  return total;
}
