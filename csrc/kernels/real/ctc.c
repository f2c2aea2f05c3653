/* CTC in log space (ctc.h): time is sequential, states go side by side. */
#include "kernels/ctc.h"

#include <string.h>

#include "kernels/index_status.h"
#include "kernels/kernel.h"
#include "simd/simd.h"
#include "simd/vmath.h"

/* One sample and its scratch; rows of states begin PN_CTC_PAD behind their memory. */
typedef struct ctc {
  const real *x;            /* its first frame */
  int64_t step, class_step; /* strides of x */
  int64_t frames, states;
  int64_t *label;
  real *row[2], *skip, *emit; /* row: this frame's states and the last one's */
  real *class_sum;
} ctc;

static void fill(real *p, int64_t n, real value) {
  for (int64_t i = 0; i < n; i++) p[i] = value;
}

/* reversed: labels and frames run backwards. */
static void ctc_start(ctc *c, const pn_args *a, int64_t b, bool reversed, void *scratch) {
  const int64_t *n = a->n, width = pn_ctc_row(n[PN_CTC_STATES]);
  const pn_ctc_sample *sample = (const pn_ctc_sample *)a->block + b;
  const int64_t *target = (const int64_t *)a->p[PN_CTC_TARGET] + sample->start;
  real *free = (real *)((int64_t *)scratch + width);
  c->label = scratch;
  fill(free, 4 * width, -REAL_INF);
  for (int k = 0; k < 2; k++) c->row[k] = free + k * width + PN_CTC_PAD;
  c->skip = free + 2 * width + PN_CTC_PAD;
  c->emit = free + 3 * width + PN_CTC_PAD;
  c->class_sum = free + 4 * width;
  c->frames = sample->frames;
  c->states = 2 * sample->length + 1;
  c->step = n[PN_CTC_STRIDE_X];
  c->class_step = n[PN_CTC_STRIDE_X + 2];
  c->x = (const real *)a->p[PN_CTC_X] + b * n[PN_CTC_STRIDE_X + 1];
  if (reversed) {
    c->x += (c->frames - 1) * c->step;
    c->step = -c->step;
  }
  for (int64_t s = 0; s < c->states; s++) {
    int64_t label = n[PN_CTC_BLANK];
    if (s % 2) {
      label = target[reversed ? sample->length - 1 - s / 2 : s / 2];
      label = pn_max64(0, pn_index_check(label, n[PN_CTC_C], false, a->p[PN_CTC_STATUS]));
    }
    c->label[s] = label;
    if (s % 2 && s > 2 && label != c->label[s - 2]) c->skip[s] = 0;
  }
}

static void ctc_emissions(ctc *c, int64_t t) {
  const real *x = c->x + t * c->step;
  for (int64_t s = 0; s < c->states; s++) c->emit[s] = x[c->label[s] * c->class_step];
}

/* row[0] = the states of frame t, whose predecessors are in row[0]. */
static void ctc_frame(ctc *c, int64_t t) {
  real *to = c->row[1], *from = c->row[0];
  ctc_emissions(c, t);
  c->row[0] = to;
  c->row[1] = from;
  if (t == 0) {
    fill(to, c->states, -REAL_INF);
    for (int64_t s = 0; s < pn_min64(2, c->states); s++) to[s] = c->emit[s];
    return;
  }
  const vreal none = v_set1(-REAL_INF), zero = v_set1(0);
  for (int64_t s = 0; s < c->states; s += PN_VN) {
    vreal stay = v_load(from + s), next = v_load(from + s - 1);
    vreal over = v_add(v_load(from + s - 2), v_load(c->skip + s));
    vreal m = v_max(v_max(stay, next), over);
    m = v_select(v_eq(m, none), zero, m); /* no way to here: log(0) */
    vreal sum = v_add(v_add(v_exp(v_sub(stay, m)), v_exp(v_sub(next, m))), v_exp(v_sub(over, m)));
    v_store(to + s, v_add(v_add(v_log(sum), m), v_load(c->emit + s)));
  }
  fill(to + c->states, PN_CTC_PAD, -REAL_INF);
}

/* -log of the sum of the last two states. */
static real ctc_nll(const ctc *c) {
  if (c->frames == 0) return c->states == 1 ? 0 : REAL_INF;
  const real *last = c->row[0] + c->states - 1;
  real a = last[0], b = c->states > 1 ? last[-1] : -REAL_INF,
       m = v_first(v_max(v_set1(a), v_set1(b)));
  if (m == -REAL_INF) return REAL_INF;
  vreal sum = v_add(v_exp(v_set1(a - m)), v_exp(v_set1(b - m)));
  return -(v_first(v_log(sum)) + m);
}

PN_KERNEL(ctc) {
  const int64_t *n = a->n;
  ctc c;
  for (int64_t b = begin; b < end; b++) {
    ctc_start(&c, a, b, false, scratch);
    real *alpha = (real *)a->p[PN_CTC_ALPHA] + b * n[PN_CTC_T] * n[PN_CTC_STATES];
    for (int64_t t = 0; t < c.frames; t++, alpha += n[PN_CTC_STATES]) {
      ctc_frame(&c, t);
      memcpy(alpha, c.row[0], (size_t)c.states * sizeof(real));
    }
    real nll = ctc_nll(&c);
    ((real *)a->p[PN_CTC_NLL])[b] = nll;
    bool zero = (a->flags & PN_CTC_ZERO_INFINITY) && nll == REAL_INF;
    ((real *)a->p[PN_CTC_OUT])[b] = zero ? 0 : nll;
  }
}

/* class_sum[c] = the sum of gamma over the states of c; row[0] is the reversed
 * beta, alpha the states of the same frame. */
static void ctc_posterior(ctc *c, const real *alpha, real nll, int64_t classes) {
  real *gamma = c->row[1];
  fill(c->class_sum, classes, 0);
  for (int64_t s = 0; s < c->states; s++) gamma[s] = alpha[c->states - 1 - s];
  for (int64_t s = 0; s < c->states; s += PN_VN) {
    vreal both = v_add(v_load(gamma + s), v_load(c->row[0] + s));
    vreal log = v_add(v_sub(both, v_load(c->emit + s)), v_set1(nll));
    v_store(gamma + s, v_exp(log));
  }
  for (int64_t s = 0; s < c->states; s++) c->class_sum[c->label[s]] += gamma[s];
  fill(gamma, c->states + PN_CTC_PAD, -REAL_INF);
}

/* dx of one frame. */
static void ctc_gradient(const ctc *c, int64_t t, real *dx, int64_t classes, real g) {
  const real *x = c->x + t * c->step;
  const vreal factor = v_set1(g);
  real lanes[PN_VN];
  for (int64_t i = 0; i < classes; i += PN_VN) {
    int64_t k = pn_min64(classes - i, PN_VN);
    for (int64_t j = 0; j < PN_VN; j++) lanes[j] = j < k ? x[(i + j) * c->class_step] : 0;
    vreal d = v_sub(v_exp(v_load(lanes)), v_load_n(c->class_sum + i, k));
    v_store_n(dx + i, v_mul(d, factor), k);
  }
}

PN_KERNEL(ctc_backward) {
  const int64_t *n = a->n, classes = n[PN_CTC_C], frame = n[PN_CTC_N] * classes;
  ctc c;
  for (int64_t b = begin; b < end; b++) {
    ctc_start(&c, a, b, true, scratch);
    real nll = ((const real *)a->p[PN_CTC_NLL])[b], *dx = (real *)a->p[PN_CTC_OUT] + b * classes;
    real g = ((const real *)a->p[PN_CTC_G])[b * n[PN_CTC_STRIDE_G]];
    const real *alpha = (const real *)a->p[PN_CTC_ALPHA] + b * n[PN_CTC_T] * n[PN_CTC_STATES];
    bool lost = nll == REAL_INF;
    for (int64_t t = c.frames; t < n[PN_CTC_T]; t++) fill(dx + t * frame, classes, 0);
    for (int64_t r = 0; r < c.frames; r++) {
      int64_t t = c.frames - 1 - r;
      if (lost) {
        fill(dx + t * frame, classes, a->flags & PN_CTC_ZERO_INFINITY ? 0 : REAL_NAN);
        continue;
      }
      ctc_frame(&c, r);
      ctc_posterior(&c, alpha + t * n[PN_CTC_STATES], nll, classes);
      ctc_gradient(&c, r, dx + t * frame, classes, g);
    }
  }
}
