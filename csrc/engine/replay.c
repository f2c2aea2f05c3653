/* Running a captured program: a loop over planned phases, with no allocation,
 * no host language, and no lock. */
#include "engine/program.h"

/* ---- binding inputs ----------------------------------------------------------- */
pn_status pn_program_bind(pn_program *p, int slot, pn_tensor *t) {
  pn_input *in = &p->inputs[slot];
  bool fits = t->dtype == in->dtype && t->ndim == in->ndim &&
              !memcmp(t->shape, in->shape, (size_t)in->ndim * sizeof *in->shape);
  for (int d = 0; fits && d < in->ndim; d++)
    fits = in->shape[d] <= 1 || t->stride[d] == in->stride[d];
  if (!fits)
    return pn_fail(PN_RUNTIME_ERROR,
                   "input %d was captured as %s %s with stride %s, got %s %s with stride %s", slot,
                   pn_dtype_name(in->dtype), pn_shape_str(in->ndim, in->shape),
                   pn_shape_str(in->ndim, in->stride), pn_dtype_name(t->dtype), pn_shape_text(t),
                   pn_shape_str(t->ndim, t->stride));
  if (in->written && (t->storage->flags & PN_STORAGE_READONLY))
    return pn_fail(PN_VALUE_ERROR,
                   "input %d is written in place by the step, but the tensor given "
                   "shares read-only memory",
                   slot);
  pn_retain(t);
  pn_release(in->bound);
  in->bound = t;
  in->base = t->data;
  return PN_OK;
}

static void patch(pn_program *p) {
  pn_record *r = p->records.items;
  pn_reloc *q = p->relocs.items;
  for (int i = 0; i < p->relocs.count; i++)
    r[q[i].record].args.p[q[i].slot] = p->inputs[q[i].input].base + q[i].offset;
}

bool pn_program_ready(const pn_program *p) {
  const pn_leaf_grad *g = p->grads.items;
  if (p->level != pn_active) return false;
  for (int i = 0; i < p->grads.count; i++)
    if (g[i].guarded && g[i].leaf->grad != g[i].entry) return false;
  return true;
}

pn_status pn_program_enter(pn_program *p) {
  if (p->busy)
    return pn_fail(PN_RUNTIME_ERROR, "this captured step is already running on another thread");
  p->busy = true;
  patch(p);
  return PN_OK;
}

void pn_program_leave(pn_program *p) {
  pn_leaf_grad *g = p->grads.items;
  pn_external *e = p->externals.items;
  for (int i = 0; i < p->externals.count; i++)
    if (e[i].written) e[i].storage->version++;
  for (int i = 0; i < p->ninputs; i++) {
    pn_tensor *t = p->inputs[i].bound;
    if (t && p->inputs[i].written) t->storage->version++;
    p->inputs[i].bound = NULL;
    pn_release(t);
  }
  for (int i = 0; i < p->grads.count; i++) {
    if (!g[i].set || g[i].leaf->grad == g[i].final) continue;
    pn_tensor *old = g[i].leaf->grad;
    g[i].leaf->grad = pn_ref(g[i].final);
    pn_release(old);
  }
  p->busy = false;
}

/* ---- the loop ------------------------------------------------------------------- */
static pn_status run_step(const pn_program *p, void *scratch) {
  const pn_exec *e = p->execs.items, *end = e + p->execs.count;
  for (; e < end; e++) {
    if (e->parallel)
      pn_parallel(e->fn, e->args, e->units, e->scratch, scratch);
    else
      e->fn(e->args, 0, e->units, scratch);
    if (e->status && e->status[0]) return pn_check_status(e->row->name, e->status);
  }
  return PN_OK;
}

static void trace_step(const pn_program *p, void **trace, int64_t step) {
  for (int i = 0; i < p->noutputs; i++) {
    const pn_tensor *t = p->outputs[i];
    size_t bytes = (size_t)t->numel * pn_itemsize(t->dtype);
    if (trace[i] && bytes) memcpy((char *)trace[i] + (size_t)step * bytes, t->data, bytes);
  }
}

static void advance(pn_program *p, const int64_t *scan) {
  for (int i = 0; i < p->ninputs; i++) p->inputs[i].base += scan[i];
  patch(p);
}

/* The clock is read every `stride` steps, about once a millisecond: reading it
 * every step would cost 7 % of a step of the XOR net. */
typedef struct clock_check {
  double deadline, last;
  int64_t stride, left;
} clock_check;

static bool expired(clock_check *c) {
  if (--c->left > 0) return false;
  double now = pn_now(), gap = now - c->last;
  if (gap < 5e-4 && c->stride < (1 << 20)) c->stride *= 2;
  if (gap > 2e-3 && c->stride > 1) c->stride /= 2;
  c->last = now;
  c->left = c->stride;
  return now >= c->deadline;
}

pn_status pn_program_run(pn_program *p, int64_t steps, double deadline, int64_t *done, void **trace,
                         const int64_t *scan) {
  clock_check clock = {deadline, deadline > 0 ? pn_now() : 0, 1, 1};
  void *scratch = p->scratch ? pn_scratch(p->scratch) : NULL;
  *done = 0;
  if (p->scratch && !scratch) return pn_last_status();
  bool release = pn_host_lock.release && p->cost * (double)steps > pn_release_threshold;
  void *lock = release ? pn_host_lock.release() : NULL;
  pn_status s = PN_OK;
  for (int64_t i = 0; i < steps && !s; i++) {
    s = run_step(p, scratch);
    if (s) break;
    if (trace) trace_step(p, trace, i);
    ++*done;
    if (scan) advance(p, scan);
    if (deadline > 0 && expired(&clock)) break;
  }
  if (release) pn_host_lock.acquire(lock);
  p->replays += *done;
  return s;
}

/* ---- looking at it ------------------------------------------------------------------ */
int pn_program_records(const pn_program *p) { return p->records.count; }
const char *pn_program_record_name(const pn_program *p, int i) {
  return ((const pn_record *)p->records.items)[i].row->name;
}
int64_t pn_program_replays(const pn_program *p) { return p->replays; }
