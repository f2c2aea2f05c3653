/* Rewrites of a recorded program.  None may change a rounding:
 *
 *   product -> add of a row vector      the product's bias
 *   product -> relu, sigmoid, tanh      the product's activation
 *   product -> times a constant         the product's alpha
 *   product -> added in place           accumulated
 *   a value that nobody reads           removed
 *
 * A value is what one record wrote to one place.  It is dead when no later
 * record reads it before it is overwritten, and no tensor that outlived the
 * recording holds it.  Measured on the XOR net (replay, float64, avx512):
 * see benches/. */
#include "engine/program.h"
#include "kernels/gemm.h"

static pn_record *record_at(pn_program *p, int i) { return (pn_record *)p->records.items + i; }

static bool overlap(const pn_access *a, const char *lo, const char *hi) {
  return a->lo < hi && lo < a->hi;
}

/* Blocks may read what they write; accumulating products do. */
static bool reads(const pn_program *p, const pn_access *a) {
  if (!a->written || a->slot == PN_SLOT_BLOCK) return true;
  if (a->slot != PN_GEMM_C || a->record >= p->records.count) return false;
  const pn_record *r = (const pn_record *)p->records.items + a->record;
  return r->row == &pn_row_gemm_pack && (r->args.flags & PN_GEMM_ACCUMULATE);
}

/* Is the value that record i wrote to [lo, hi) read by nobody but record
 * `except` (-1: nobody at all)?  Accesses are in order of records; within one
 * record reads count before writes.  A write ends the value only when it covers
 * all of it; so does the birth of another storage in its place. */
static bool dead_value(const pn_program *p, int i, const char *lo, const char *hi, int except) {
  const pn_access *a = p->accesses.items;
  int n = p->accesses.count, k = 0;
  while (k < n && a[k].record <= i) k++;
  while (k < n) {
    int record = a[k].record, first = k;
    bool rewritten = false;
    for (; k < n && a[k].record == record; k++)
      if (reads(p, &a[k]) && overlap(&a[k], lo, hi) && record != except) return false;
    for (int q = first; q < k; q++)
      rewritten |= a[q].written && a[q].dense && a[q].lo <= lo && a[q].hi >= hi;
    if (rewritten) return true;
  }
  return pn_pinned_dead(p->memory, lo, hi);
}

static const pn_access *access_of(const pn_program *p, int record, int slot) {
  const pn_access *a = p->accesses.items;
  for (int k = 0; k < p->accesses.count; k++)
    if (a[k].record == record && a[k].slot == slot) return &a[k];
  return NULL;
}

/* ---- bookkeeping ---------------------------------------------------------------- */
/* Pointer (from, slot) becomes pointer (to, new_slot), its relocation with it;
 * what was at (to, new_slot) goes. */
static void move_pointer(pn_program *p, int from, int slot, int to, int new_slot) {
  pn_reloc *q = p->relocs.items;
  pn_access *a = p->accesses.items;
  for (int k = 0; k < p->relocs.count; k++)
    if (q[k].record == to && q[k].slot == new_slot) q[k--] = q[--p->relocs.count];
  for (int k = 0; k < p->relocs.count; k++)
    if (q[k].record == from && q[k].slot == slot) {
      q[k].record = to;
      q[k].slot = new_slot;
    }
  int moved = -1, old = -1;
  for (int k = 0; k < p->accesses.count; k++) {
    if (a[k].record == to && a[k].slot == new_slot) old = k;
    if (a[k].record == from && a[k].slot == slot) moved = k;
  }
  if (moved >= 0 && old >= 0) {
    a[old].lo = a[moved].lo;
    a[old].hi = a[moved].hi;
  } else if (moved >= 0) { /* a slot that was empty: keep the order of records */
    pn_access m = a[moved];
    m.record = to;
    m.slot = new_slot;
    while (moved > 0 && a[moved - 1].record > to) {
      a[moved] = a[moved - 1];
      moved--;
    }
    a[moved] = m;
  }
  record_at(p, to)->args.p[new_slot] = record_at(p, from)->args.p[slot];
}

/* Births stay where they are: the place in the order, not the record, matters. */
static void remove_record(pn_program *p, int i) {
  pn_record *r = p->records.items;
  pn_reloc *q = p->relocs.items;
  pn_access *a = p->accesses.items;
  int n = 0;
  for (int k = 0; k < p->relocs.count; k++)
    if (q[k].record != i) {
      q[n] = q[k];
      q[n++].record -= q[k].record > i;
    }
  p->relocs.count = n;
  n = 0;
  for (int k = 0; k < p->accesses.count; k++)
    if (a[k].record != i || a[k].slot == PN_SLOT_BIRTH) {
      a[n] = a[k];
      a[n++].record -= a[k].record > i;
    }
  p->accesses.count = n;
  memmove(r + i, r + i + 1, (size_t)(p->records.count - i - 1) * sizeof *r);
  p->records.count--;
}

/* ---- into a product ----------------------------------------------------------------- */
/* Record i is a product whose whole result record i + 1 takes in operand `slot`
 * and turns into something of the same layout, in memory that the product does
 * not read. */
static bool feeds(pn_program *p, int i, int *slot) {
  pn_record *g = record_at(p, i), *r = record_at(p, i + 1);
  if (g->row != &pn_row_gemm_pack || g->args.n[PN_GEMM_BATCH] != 1 || r->args.block ||
      g->args.flags & (PN_GEMM_ACCUMULATE | PN_ACT_MASK) || g->args.dtype != r->args.dtype)
    return false;
  const pn_access *c = access_of(p, i, PN_GEMM_C), *out = access_of(p, i + 1, 0);
  const pn_access *all = p->accesses.items;
  if (!c || !out) return false;
  for (int k = 0; k < p->accesses.count; k++)
    if (all[k].record == i && all[k].slot != PN_GEMM_C && all[k].slot != PN_SLOT_BIRTH &&
        overlap(&all[k], out->lo, out->hi))
      return false;
  int64_t m = g->args.n[PN_GEMM_M], n = g->args.n[PN_GEMM_N];
  int64_t rows = r->args.n[PN_EW_ROWS], cols = r->args.n[PN_EW_COLS];
  bool flat = rows == 1 && cols == m * n, grid = rows == m && cols == n;
  for (*slot = 1; *slot <= 2; ++*slot) {
    const pn_access *x = access_of(p, i + 1, *slot);
    const int64_t *so = &r->args.n[PN_EW_STRIDE], *sx = so + 2 * *slot;
    bool dense = (flat && so[1] == 1 && sx[1] == 1) ||
                 (grid && so[0] == n && so[1] == 1 && sx[0] == n && sx[1] == 1);
    if (x && x->lo == c->lo && x->hi == c->hi && r->args.p[*slot] == g->args.p[PN_GEMM_C] &&
        dense && c->hi - c->lo == out->hi - out->lo)
      return true;
  }
  return false;
}

static bool value_dead_but_for_next(pn_program *p, int i) {
  const pn_access *c = access_of(p, i, PN_GEMM_C), *out = access_of(p, i + 1, 0);
  bool in_place = out->lo == c->lo; /* then the value is gone anyway */
  return in_place || dead_value(p, i, c->lo, c->hi, i + 1);
}

static bool fuse_bias(pn_program *p, int i, int slot) {
  pn_record *g = record_at(p, i), *r = record_at(p, i + 1);
  int other = 3 - slot;
  const int64_t *sb = &r->args.n[PN_EW_STRIDE + 2 * other];
  int64_t n = g->args.n[PN_GEMM_N], rows = r->args.n[PN_EW_ROWS];
  bool row_vector = rows > 1 ? sb[0] == 0 && sb[1] == 1 && r->args.n[PN_EW_COLS] == n
                    : n == 1 ? sb[1] == 0
                             : g->args.n[PN_GEMM_M] == 1 && sb[1] == 1;
  if (r->row != &pn_row_add || !row_vector || !r->args.p[other] || g->args.p[PN_GEMM_BIAS] ||
      !value_dead_but_for_next(p, i))
    return false;
  g->args.n[PN_GEMM_BIAS_STRIDE] = 1;
  move_pointer(p, i + 1, other, i, PN_GEMM_BIAS);
  move_pointer(p, i + 1, 0, i, PN_GEMM_C);
  return true;
}

/* W += product: the finished product is added to what C holds. */
static bool fuse_accumulate(pn_program *p, int i, int slot) {
  pn_record *g = record_at(p, i), *r = record_at(p, i + 1);
  int other = 3 - slot;
  const int64_t *so = &r->args.n[PN_EW_STRIDE], *sw = so + 2 * other;
  bool in_place = r->args.p[other] == r->args.p[0] && so[0] == sw[0] && so[1] == sw[1];
  pn_args added = g->args;
  added.flags |= PN_GEMM_ACCUMULATE;
  if (r->row != &pn_row_add || !in_place || g->args.p[PN_GEMM_BIAS] ||
      pn_gemm_workspace(&added) != pn_gemm_workspace(&g->args) || !value_dead_but_for_next(p, i))
    return false;
  g->args.flags = added.flags;
  move_pointer(p, i + 1, 0, i, PN_GEMM_C);
  return true;
}

static bool fuse_activation(pn_program *p, int i, int slot) {
  pn_record *g = record_at(p, i), *r = record_at(p, i + 1);
  uint32_t act = r->row == &pn_row_sigmoid ? PN_ACT_SIGMOID
                 : r->row == &pn_row_tanh  ? PN_ACT_TANH
                 : r->row == &pn_row_relu  ? PN_ACT_RELU
                                           : PN_ACT_NONE;
  if (act == PN_ACT_NONE || slot != 1 || g->args.p[PN_GEMM_Z]) return false;
  /* a value that is still wanted is stored beside */
  if (!value_dead_but_for_next(p, i)) move_pointer(p, i, PN_GEMM_C, i, PN_GEMM_Z);
  move_pointer(p, i + 1, 0, i, PN_GEMM_C);
  g->args.flags |= act;
  return true;
}

static bool fuse_alpha(pn_program *p, int i, int slot) {
  pn_record *g = record_at(p, i), *r = record_at(p, i + 1);
  int other = 3 - slot;
  if (r->row != &pn_row_mul || r->args.p[other] || g->args.f[PN_GEMM_ALPHA] != 1 ||
      g->args.p[PN_GEMM_BIAS] || !value_dead_but_for_next(p, i))
    return false;
  float f;
  const void *bits = &r->args.n[PN_EW_SCALAR + other];
  memcpy(&f, bits, sizeof f);
  if (g->args.dtype == PN_F64)
    memcpy(&g->args.f[PN_GEMM_ALPHA], bits, sizeof(double));
  else
    g->args.f[PN_GEMM_ALPHA] = f;
  move_pointer(p, i + 1, 0, i, PN_GEMM_C);
  return true;
}

/* ---- values that nobody reads --------------------------------------------------------- */
static bool useless(const pn_program *p, int i) {
  const pn_record *r = (const pn_record *)p->records.items + i;
  const pn_access *a = p->accesses.items;
  bool writes = false;
  if (r->status || r->row == &pn_row_uniform || r->row == &pn_row_normal) return false;
  for (int k = 0; k < p->accesses.count; k++) {
    if (a[k].record != i || !a[k].written) continue;
    if (a[k].slot == PN_SLOT_BIRTH) continue;
    if (a[k].slot < 0 || !dead_value(p, i, a[k].lo, a[k].hi, -1)) return false;
    writes = true;
  }
  return writes;
}

pn_status pn_program_fuse(pn_program *p) {
  for (int i = p->records.count - 1; i >= 0; i--)
    if (useless(p, i)) remove_record(p, i);
  for (int i = 0; i + 1 < p->records.count;) {
    int slot;
    if (feeds(p, i, &slot) && (fuse_alpha(p, i, slot) || fuse_accumulate(p, i, slot) ||
                               fuse_bias(p, i, slot) || fuse_activation(p, i, slot)))
      remove_record(p, i + 1);
    else
      i++;
  }
  pn_free(p->accesses.items);
  p->accesses = (pn_list){0};
  return PN_OK;
}
