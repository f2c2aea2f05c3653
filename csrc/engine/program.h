/* The insides of a captured program (capture.c records, replay.c runs, fuse.c
 * rewrites). */
#ifndef PN_PROGRAM_H
#define PN_PROGRAM_H

#include "engine/internal.h"

/* One phase of one record, ready to run: what the replay loop reads. */
typedef struct pn_exec {
  pn_kernel_fn fn;
  const pn_args *args;
  int64_t units;
  size_t scratch;
  int64_t *status; /* checked after the record's last phase, or NULL */
  const pn_row *row;
  bool parallel;
} pn_exec;

typedef struct pn_record {
  const pn_row *row;
  pn_args args;
  size_t block_bytes;
  int64_t *status;
} pn_record;

/* Pointer `slot` of record `record` lies `offset` bytes into input `input`. */
typedef struct pn_reloc {
  int record, slot, input;
  int64_t offset;
} pn_reloc;

/* Memory [lo, hi) that a record reads or writes. */
enum {
  PN_SLOT_BLOCK = -1, /* through the record's block */
  PN_SLOT_BIRTH = -2  /* nobody's access: a storage began to live here */
};
typedef struct pn_access {
  int record, slot;
  char *lo, *hi;
  bool written, dense; /* dense: every byte of [lo, hi) */
} pn_access;

typedef struct pn_external {
  pn_storage *storage; /* a reference: pinned */
  bool written;
} pn_external;

typedef struct pn_input {
  pn_storage *proxy; /* borrowed, while recording */
  pn_tensor *bound;  /* between bind and leave */
  char *base;
  bool written;
  uint8_t dtype, ndim;
  int64_t shape[PN_MAX_DIMS], stride[PN_MAX_DIMS];
} pn_input;

/* What the recording found and left in one leaf's .grad. */
typedef struct pn_leaf_grad {
  pn_tensor *leaf, *entry, *final;
  bool guarded, set;
} pn_leaf_grad;

/* A growing array. */
typedef struct pn_list {
  void *items;
  int count, room;
} pn_list;
/* Room for one more item of `size` bytes; NULL on failure. */
void *pn_list_add(pn_list *l, size_t size);

struct pn_program {
  pn_pinned *memory;
  pn_list records, relocs, externals, grads, execs, blocks;
  pn_list accesses; /* while recording and fusing */
  pn_input *inputs;
  pn_tensor **outputs;
  int ninputs, noutputs;
  const pn_level *level;
  size_t scratch;
  double cost; /* nanoseconds of one step, estimated */
  int64_t replays;
  bool busy;
};

/* Storages that die while recording give their block back to the program, so
 * that later records reuse it exactly as eager execution would; nothing is
 * given back to the system before the program and its last tensor are gone. */
struct pn_pinned {
  int64_t refs;
  bool recording;
  size_t bytes;
  pn_list blocks, spare;
};
void *pn_pinned_alloc(pn_pinned *m, size_t bytes);
/* True if [lo, hi) is the program's own memory that no tensor holds any more. */
bool pn_pinned_dead(const pn_pinned *m, const char *lo, const char *hi);
/* Rewrites that change no rounding; before the program is sealed. */
pn_status pn_program_fuse(pn_program *p);

#endif
