/* Recording a step.  Eager execution goes on as usual; besides running, every
 * record is appended to the program, and every pointer that leads outside the
 * program's own memory is remembered: inputs to be patched, the rest pinned. */
#include "engine/program.h"

/* A bind waits here until its record is appended (records that fail in between
 * leave theirs behind: args tells them apart). */
typedef struct pending {
  const pn_args *args; /* NULL: pinned through a block, of the next record */
  int slot, input;     /* input -1: not an input */
  int64_t offset;
  char *lo, *hi;
  bool written, dense;
} pending;

struct pn_recording {
  pn_program *program;
  pn_list pending;
  pn_status failed;
};

void *pn_list_add(pn_list *l, size_t size) {
  if (l->count == l->room) {
    int room = l->room ? 2 * l->room : 16;
    void *items = pn_alloc((size_t)room * size);
    if (!items) return NULL;
    if (l->count) memcpy(items, l->items, (size_t)l->count * size);
    pn_free(l->items);
    l->items = items;
    l->room = room;
  }
  return (char *)l->items + (size_t)l->count++ * size;
}

pn_pinned *pn_recording_memory(void) {
  return pn_tls.recording ? pn_tls.recording->program->memory : NULL;
}

/* ---- whose memory -------------------------------------------------------------------- */
static void fail_recording(pn_recording *r) {
  if (!r->failed) r->failed = pn_last_status();
}

static int input_of(const pn_program *p, const pn_storage *s) {
  for (int i = 0; i < p->ninputs; i++)
    if (p->inputs[i].proxy == s) return i;
  return -1;
}

static void pin(pn_recording *r, pn_storage *s, bool written) {
  pn_program *p = r->program;
  pn_external *e = p->externals.items;
  for (int i = p->externals.count - 1; i >= 0; i--)
    if (e[i].storage == s) {
      e[i].written |= written;
      return;
    }
  e = pn_list_add(&p->externals, sizeof *e);
  if (!e) {
    fail_recording(r);
    return;
  }
  s->refs++;
  *e = (pn_external){s, written};
}

/* A block was handed out: what it held before is gone. */
static void note_birth(void *block) {
  pn_program *p = pn_tls.recording->program;
  pn_access *c = pn_list_add(&p->accesses, sizeof *c);
  if (c)
    *c = (pn_access){
        p->records.count, PN_SLOT_BIRTH, block, (char *)block + pn_alloc_size(block), true, true};
  else
    fail_recording(pn_tls.recording);
}

pn_storage *pn_record_storage(size_t bytes) {
  void *block = pn_pinned_alloc(pn_tls.recording->program->memory, bytes);
  if (block) note_birth(block);
  return block;
}

void pn_record_bind(pn_args *a, int slot, pn_tensor *t, bool written) {
  pn_recording *r = pn_tls.recording;
  pn_program *p = r->program;
  if (!t->storage) return;
  pending *b = pn_list_add(&r->pending, sizeof *b);
  if (!b) {
    fail_recording(r);
    return;
  }
  *b = (pending){.args = a, .slot = slot, .input = -1, .written = written};
  b->dense = t->flags & PN_T_CONTIGUOUS;
  pn_extent(t, &b->lo, &b->hi);
  if (t->storage->pinned == p->memory) return;
  b->input = input_of(p, t->storage);
  if (b->input < 0) {
    pin(r, t->storage, written);
    return;
  }
  p->inputs[b->input].written |= written;
  b->offset = (char *)t->data - p->inputs[b->input].base;
}

void pn_record_pin(pn_tensor *t, bool written) {
  pn_recording *r = pn_tls.recording;
  if (!t->storage) return;
  if (input_of(r->program, t->storage) < 0) {
    pending *b = pn_list_add(&r->pending, sizeof *b);
    if (b) {
      *b = (pending){.slot = PN_SLOT_BLOCK, .input = -1, .written = written};
      pn_extent(t, &b->lo, &b->hi);
    } else {
      fail_recording(r);
    }
    if (t->storage->pinned != r->program->memory) pin(r, t->storage, written);
    return;
  }
  pn_fail(PN_RUNTIME_ERROR,
          "an optimiser's parameters and gradients cannot be inputs of a captured step: close over "
          "them instead of passing them");
  fail_recording(r);
}

pn_status pn_record_append(const pn_row *row, const pn_args *a, size_t block_bytes,
                           int64_t *status) {
  pn_recording *rec = pn_tls.recording;
  pn_program *p = rec->program;
  if (rec->failed) return pn_last_status();
  pn_record *r = pn_list_add(&p->records, sizeof *r);
  if (!r) return pn_last_status();
  *r = (pn_record){row, *a, block_bytes, status};
  if (a->block) {
    void *copy = pn_alloc(block_bytes);
    void **entry = copy ? pn_list_add(&p->blocks, sizeof *entry) : NULL;
    if (!entry) {
      pn_free(copy);
      return pn_last_status();
    }
    memcpy(copy, a->block, block_bytes);
    *entry = copy;
    r->args.block = copy;
  }
  pending *b = rec->pending.items;
  int kept = 0; /* of records that are bound but run after this one */
  for (int i = 0; i < rec->pending.count; i++) {
    if (b[i].args && b[i].args != a) {
      b[kept++] = b[i];
      continue;
    }
    pn_access *c = pn_list_add(&p->accesses, sizeof *c);
    if (!c) return pn_last_status();
    *c = (pn_access){p->records.count - 1, b[i].slot, b[i].lo, b[i].hi, b[i].written, b[i].dense};
    if (b[i].input < 0) continue;
    pn_reloc *q = pn_list_add(&p->relocs, sizeof *q);
    if (!q) return pn_last_status();
    *q = (pn_reloc){p->records.count - 1, b[i].slot, b[i].input, b[i].offset};
  }
  rec->pending.count = kept;
  return PN_OK;
}

/* A record that did not run: another may be filled at the same address. */
void pn_record_drop(const pn_args *a) {
  pn_list *l = &pn_tls.recording->pending;
  pending *b = l->items;
  int kept = 0;
  for (int i = 0; i < l->count; i++)
    if (b[i].args && b[i].args != a) b[kept++] = b[i];
  l->count = kept;
}

/* ---- gradients of leaves ------------------------------------------------------------------ */
static pn_leaf_grad *grad_entry(pn_tensor *leaf, bool *found) {
  pn_program *p = pn_tls.recording->program;
  pn_leaf_grad *g = p->grads.items;
  for (int i = 0; i < p->grads.count; i++)
    if (g[i].leaf == leaf) {
      *found = true;
      return &g[i];
    }
  *found = false;
  g = pn_list_add(&p->grads, sizeof *g);
  if (!g) return NULL;
  *g = (pn_leaf_grad){.leaf = leaf};
  pn_retain(leaf);
  return g;
}

pn_status pn_record_grad_read(pn_tensor *leaf) {
  bool found;
  if (!pn_tls.recording) return PN_OK;
  pn_leaf_grad *g = grad_entry(leaf, &found);
  if (!g) return pn_last_status();
  if (!found) {
    g->guarded = true;
    g->entry = pn_ref(leaf->grad);
  }
  return PN_OK;
}

pn_status pn_record_grad_write(pn_tensor *leaf) {
  bool found;
  if (!pn_tls.recording) return PN_OK;
  pn_leaf_grad *g = grad_entry(leaf, &found);
  if (!g) return pn_last_status();
  pn_release(g->final);
  g->final = pn_ref(leaf->grad);
  g->set = true;
  return PN_OK;
}

pn_tensor *pn_get_grad(pn_tensor *t) {
  if (pn_tls.recording && pn_record_grad_read(t)) fail_recording(pn_tls.recording);
  return t->grad;
}

/* ---- begin, end ---------------------------------------------------------------------------- */
static void release_storage(void *s) { pn_storage_release(s); }

pn_tensor *pn_capture_input(pn_tensor *t) {
  if (pn_is_wrapped(t)) {
    pn_fail(PN_TYPE_ERROR, "a number is not an input slot");
    return NULL;
  }
  t->storage->refs++;
  return pn_from_memory(t->data, t->dtype, t->ndim, t->shape, t->stride,
                        t->storage->flags & PN_STORAGE_READONLY, release_storage, t->storage);
}

size_t pn_program_bytes(const pn_program *p) { return p->memory->bytes; }

bool pn_capturing(void) { return pn_tls.recording != NULL; }

static void recording_free(void) {
  pn_recording *r = pn_tls.recording;
  pn_tls.recording = NULL;
  pn_free(r->pending.items);
  pn_free(r);
}

pn_program *pn_capture_begin(int ninputs, pn_tensor **inputs) {
  if (pn_tls.recording) {
    pn_fail(PN_RUNTIME_ERROR, "a capture is already recording on this thread");
    return NULL;
  }
  pn_program *p = pn_alloc(sizeof *p);
  pn_recording *r = pn_alloc(sizeof *r);
  pn_pinned *m = pn_alloc(sizeof *m);
  pn_input *in = pn_alloc((size_t)ninputs * sizeof *in);
  if (!p || !r || !m || !in) {
    pn_free(p);
    pn_free(r);
    pn_free(m);
    pn_free(in);
    return NULL;
  }
  memset(p, 0, sizeof *p);
  memset(r, 0, sizeof *r);
  memset(m, 0, sizeof *m);
  memset(in, 0, (size_t)ninputs * sizeof *in);
  m->refs = 1;
  m->recording = true;
  p->memory = m;
  p->inputs = in;
  p->ninputs = ninputs;
  p->level = pn_active;
  for (int i = 0; i < ninputs; i++) {
    in[i].proxy = inputs[i]->storage;
    in[i].base = inputs[i]->data;
    in[i].dtype = inputs[i]->dtype;
    in[i].ndim = inputs[i]->ndim;
    memcpy(in[i].shape, inputs[i]->shape, sizeof in[i].shape);
    memcpy(in[i].stride, inputs[i]->stride, sizeof in[i].stride);
  }
  r->program = p;
  pn_tls.recording = r;
  return p;
}

void pn_program_free(pn_program *p) {
  if (!p) return;
  for (int i = 0; i < p->noutputs; i++) pn_release(p->outputs[i]);
  for (int i = 0; i < p->ninputs; i++) pn_release(p->inputs[i].bound);
  pn_leaf_grad *g = p->grads.items;
  for (int i = 0; i < p->grads.count; i++) {
    pn_release(g[i].leaf);
    pn_release(g[i].entry);
    pn_release(g[i].final);
  }
  pn_external *e = p->externals.items;
  for (int i = 0; i < p->externals.count; i++) pn_storage_release(e[i].storage);
  for (int i = 0; i < p->blocks.count; i++) pn_free(((void **)p->blocks.items)[i]);
  pn_list *lists[] = {&p->records, &p->relocs, &p->externals, &p->grads,
                      &p->execs,   &p->blocks, &p->accesses};
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) pn_free(lists[i]->items);
  pn_free(p->inputs);
  pn_free(p->outputs);
  pn_pinned_release(p->memory);
  pn_free(p);
}

void pn_capture_abort(pn_program *p) {
  p->memory->recording = false;
  recording_free();
  pn_program_free(p);
}

/* Plans every record: what a replay runs is fixed here. */
static pn_status seal(pn_program *p) {
  pn_record *r = p->records.items;
  for (int i = 0; i < p->records.count; i++) {
    int last = -1;
    for (int phase = 0; phase < r[i].row->phases; phase++) {
      pn_work w = {0, 0, 0};
      r[i].row->plan(r[i].row, &r[i].args, phase, &w);
      if (!w.units) continue;
      pn_exec *e = pn_list_add(&p->execs, sizeof *e);
      if (!e) return pn_last_status();
      double cost = w.cost * (double)w.units;
      *e = (pn_exec){p->level->fn[r[i].row->kernel[phase]][r[i].args.dtype],
                     &r[i].args,
                     w.units,
                     w.scratch,
                     NULL,
                     r[i].row,
                     w.units > 1 && cost >= pn_parallel_threshold};
      if (w.scratch > p->scratch) p->scratch = w.scratch;
      p->cost += cost;
      last = p->execs.count - 1;
    }
    if (last >= 0) ((pn_exec *)p->execs.items)[last].status = r[i].status;
  }
  return PN_OK;
}

pn_status pn_capture_end(pn_program *p, int noutputs, pn_tensor **outputs) {
  pn_status s = pn_tls.recording->failed;
  bool was = pn_set_grad_enabled(false);
  p->outputs = s ? NULL : pn_alloc((size_t)noutputs * sizeof *p->outputs);
  if (!s && !p->outputs) s = pn_last_status();
  for (int i = 0; i < noutputs && !s; i++) {
    pn_tensor *c = pn_contiguous(outputs[i]), *a = c ? pn_alias(c) : NULL;
    pn_release(c);
    if (a)
      p->outputs[p->noutputs++] = a;
    else
      s = pn_last_status();
  }
  pn_set_grad_enabled(was);
  if (!s) s = pn_tls.recording->failed;
  p->memory->recording = false;
  recording_free();
  if (!s) s = pn_program_fuse(p);
  if (!s) s = seal(p);
  return s;
}
