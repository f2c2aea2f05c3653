/* The kernels of sort.h for one item type; the including file defines
 *   item, ukey       the type, and an unsigned integer of its size
 *   key_of(item)     ascending keys: equal for equal values, NaN the greatest
 *   PN_SORT_WIDE     1 for items of 8 bytes */
#include "kernels/kernel.h"
#include "kernels/sort.h"

/* Keys with their index, ordered by both: no two are equal, so every method
 * gives the same, stable order. */
#if PN_SORT_WIDE
typedef struct pair {
  uint64_t key, at;
} pair;
static inline pair pair_of(ukey key, int64_t at) { return (pair){key, (uint64_t)at}; }
static inline bool before(pair a, pair b) { return a.key != b.key ? a.key < b.key : a.at < b.at; }
static inline uint64_t pair_key(pair a) { return a.key; }
static inline int64_t pair_at(pair a) { return (int64_t)a.at; }
#else
typedef uint64_t pair;
static inline pair pair_of(ukey key, int64_t at) { return (uint64_t)key << 32 | (uint64_t)at; }
static inline bool before(pair a, pair b) { return a < b; }
static inline uint64_t pair_key(pair a) { return a >> 32; }
static inline int64_t pair_at(pair a) { return (int64_t)(a & 0xffffffff); }
#endif

/* Insertion below 24, merging of such runs below 512, radix beyond: float32,
 * nanoseconds an element. */
enum { RUN = 24, RADIX_FROM = 512, KEY_BYTES = sizeof(ukey) };

static void insertion(pair *x, int64_t n) {
  for (int64_t i = 1; i < n; i++) {
    pair p = x[i];
    int64_t j = i;
    for (; j > 0 && before(p, x[j - 1]); j--) x[j] = x[j - 1];
    x[j] = p;
  }
}

static void merge(pair *out, const pair *a, int64_t na, const pair *b, int64_t nb) {
  int64_t i = 0, j = 0, k = 0;
  while (i < na && j < nb) {
    bool second = before(b[j], a[i]);
    out[k++] = second ? b[j] : a[i];
    j += second;
    i += !second;
  }
  while (i < na) out[k++] = a[i++];
  while (j < nb) out[k++] = b[j++];
}

static pair *merge_sort(pair *x, pair *spare, int64_t n) {
  for (int64_t i = 0; i < n; i += RUN) insertion(x + i, pn_min64(RUN, n - i));
  for (int64_t width = RUN; width < n; width *= 2) {
    for (int64_t i = 0; i < n; i += 2 * width) {
      int64_t na = pn_min64(width, n - i), nb = pn_min64(width, n - i - na);
      merge(spare + i, x + i, na, x + i + na, nb);
    }
    pair *t = x;
    x = spare;
    spare = t;
  }
  return x;
}

/* Byte by byte from the lowest; bytes that are equal everywhere are skipped. */
static pair *radix_sort(pair *x, pair *spare, int64_t n) {
  int64_t count[KEY_BYTES][256] = {{0}};
  for (int64_t i = 0; i < n; i++) {
    uint64_t key = pair_key(x[i]);
    for (int b = 0; b < KEY_BYTES; b++) count[b][key >> (8 * b) & 255]++;
  }
  for (int b = 0; b < KEY_BYTES; b++) {
    int64_t *c = count[b], sum = 0;
    if (c[pair_key(x[0]) >> (8 * b) & 255] == n) continue;
    for (int v = 0; v < 256; v++) {
      int64_t here = c[v];
      c[v] = sum;
      sum += here;
    }
    for (int64_t i = 0; i < n; i++) spare[c[pair_key(x[i]) >> (8 * b) & 255]++] = x[i];
    pair *t = x;
    x = spare;
    spare = t;
  }
  return x;
}

/* Where the sorted pairs are: x or spare. */
static pair *sort_pairs(pair *x, pair *spare, int64_t n) {
  if (n > RADIX_FROM) return radix_sort(x, spare, n); /* pairs are in order of index */
  return merge_sort(x, spare, n);
}

static inline pair element(const item *x, int64_t i, bool descending) {
  ukey key = key_of(x[i]);
  return pair_of(descending ? (ukey)~key : key, i);
}

static pair *sorted_row(const item *x, int64_t n, bool descending, pair *scratch) {
  for (int64_t i = 0; i < n; i++) scratch[i] = element(x, i, descending);
  return sort_pairs(scratch, scratch + n, n);
}

PN_KERNEL(sort) {
  int64_t n = a->n[PN_SO_LENGTH];
  for (int64_t u = begin; u < end; u++) {
    const pair *p =
        sorted_row((const item *)a->p[1] + u * n, n, a->flags & PN_SORT_DESCENDING, scratch);
    int64_t *out = (int64_t *)a->p[0] + u * n;
    for (int64_t i = 0; i < n; i++) out[i] = pair_at(p[i]);
  }
}

/* heap[0] is the last of the heap in the order. */
static void sift(pair *heap, int64_t k, int64_t i) {
  pair p = heap[i];
  for (;;) {
    int64_t child = 2 * i + 1;
    if (child >= k) break;
    if (child + 1 < k && before(heap[child], heap[child + 1])) child++;
    if (!before(p, heap[child])) break;
    heap[i] = heap[child];
    i = child;
  }
  heap[i] = p;
}

static pair *top_row(const item *x, int64_t n, int64_t k, bool descending, pair *heap) {
  for (int64_t i = 0; i < k; i++) heap[i] = element(x, i, descending);
  for (int64_t i = k / 2 - 1; i >= 0; i--) sift(heap, k, i);
  for (int64_t i = k; i < n; i++) {
    pair p = element(x, i, descending);
    if (!before(p, heap[0])) continue;
    heap[0] = p;
    sift(heap, k, 0);
  }
  return merge_sort(heap, heap + k, k);
}

/* A heap for few, else the whole order. */
PN_KERNEL(topk) {
  int64_t n = a->n[PN_SO_LENGTH], k = a->n[PN_SO_K];
  bool descending = a->flags & PN_SORT_DESCENDING;
  for (int64_t u = begin; u < end; u++) {
    const item *x = (const item *)a->p[1] + u * n;
    const pair *p =
        k < n / 8 ? top_row(x, n, k, descending, scratch) : sorted_row(x, n, descending, scratch);
    int64_t *out = (int64_t *)a->p[0] + u * k;
    for (int64_t i = 0; i < k; i++) out[i] = pair_at(p[i]);
  }
}

PN_KERNEL(mode) {
  int64_t n = a->n[PN_SO_LENGTH];
  for (int64_t u = begin; u < end; u++) {
    const pair *p = sorted_row((const item *)a->p[1] + u * n, n, false, scratch);
    int64_t best = 0, start = 0;
    for (int64_t i = 0; i < n; i++) {
      if (i + 1 < n && pair_key(p[i + 1]) == pair_key(p[i])) continue;
      if (i + 1 - start > best) {
        best = i + 1 - start;
        ((int64_t *)a->p[0])[u] = pair_at(p[i]);
      }
      start = i + 1;
    }
  }
}

/* What compares false with everything, NaN, goes to the end. */
static int64_t place_of(const item *x, int64_t n, item value, bool right) {
  int64_t lo = 0, hi = n;
  while (lo < hi) {
    int64_t mid = lo + (hi - lo) / 2;
    bool found = right ? x[mid] > value : x[mid] >= value;
    if (found)
      hi = mid;
    else
      lo = mid + 1;
  }
  return lo;
}

PN_KERNEL(searchsorted) {
  int64_t n = a->n[PN_SS_LENGTH], count = a->n[PN_SS_COUNT];
  int64_t blocks = pn_ceil_div(count, PN_SS_UNIT);
  for (int64_t u = begin; u < end; u++) {
    int64_t row = u / blocks, first = (u - row * blocks) * PN_SS_UNIT;
    int64_t last = pn_min64(first + PN_SS_UNIT, count);
    const item *x = (const item *)a->p[1] + (a->n[PN_SS_SHARED] ? 0 : row * n);
    for (int64_t i = row * count + first; i < row * count + last; i++)
      ((int64_t *)a->p[0])[i] =
          place_of(x, n, ((const item *)a->p[2])[i], a->flags & PN_SORT_RIGHT);
  }
}
