/* The record of the optimisers: one call over a list of segments, one segment
 * per parameter.  The formulas are PyTorch's and stand in kernels/real/optim_*.c;
 * every operation is rounded by itself (no FMA: the bits of the separate
 * operators), scalars are worked out in double and rounded to the type once.
 *
 * Options and progress stand behind pointers: the caller writes options between
 * steps, the kernels' last phase advances the progress, in replays too. */
#ifndef PN_OPTIM_H
#define PN_OPTIM_H

#include "pn_types.h"

typedef enum pn_algorithm {
  PN_SGD,
  PN_ADAM, /* and AdamW */
  PN_NADAM,
  PN_RADAM,
  PN_RMSPROP,
  PN_ADAGRAD,
  PN_ADADELTA,
  PN_ADAMAX,
  PN_ALGORITHM_COUNT
} pn_algorithm;

/* Options of a parameter group, in double; flags are 0 or 1. */
enum {
  PN_OPT_LR,
  PN_OPT_DECAY,    /* weight decay */
  PN_OPT_MAXIMIZE, /* flag: the gradient is negated */
  PN_OPT_FIRST,    /* the algorithm's own from here on */

  PN_SGD_MOMENTUM = PN_OPT_FIRST,
  PN_SGD_DAMPENING,
  PN_SGD_NESTEROV,

  PN_ADAM_BETA1 = PN_OPT_FIRST, /* of all of Adam's family */
  PN_ADAM_BETA2,
  PN_ADAM_EPS,
  PN_ADAM_DECOUPLED, /* flag: the decay scales the parameter */
  PN_ADAM_AMSGRAD,
  PN_NADAM_MOMENTUM_DECAY = PN_ADAM_AMSGRAD,

  PN_RMSPROP_ALPHA = PN_OPT_FIRST,
  PN_RMSPROP_EPS,
  PN_RMSPROP_MOMENTUM,
  PN_RMSPROP_CENTERED,

  PN_ADAGRAD_LR_DECAY = PN_OPT_FIRST,
  PN_ADAGRAD_EPS,
  PN_ADAGRAD_INITIAL, /* what the sum starts from */

  PN_ADADELTA_RHO = PN_OPT_FIRST,
  PN_ADADELTA_EPS,

  PN_OPT_OPTIONS = 8
};

/* Buffers of a parameter, of its shape; which ones a step uses depends on the
 * options (pn_optim_buffers). */
enum {
  PN_OPT_BUFFERS = 3,

  PN_SGD_BUFFER = 0,
  PN_ADAM_MEAN = 0, /* exp_avg, of all of Adam's family */
  PN_ADAM_SQUARE,   /* exp_avg_sq; Adamax: exp_inf */
  PN_ADAM_LARGEST,  /* max_exp_avg_sq */
  PN_RMSPROP_SQUARE = 0,
  PN_RMSPROP_BUFFER,
  PN_RMSPROP_MEAN,
  PN_ADAGRAD_SUM = 0,
  PN_ADADELTA_SQUARE = 0,
  PN_ADADELTA_DELTA
};

/* Progress of a parameter, in double. */
enum {
  PN_OPT_STEP,    /* steps done, starts at 0; SGD: updates of the momentum buffer */
  PN_OPT_PRODUCT, /* NAdam: mu_product, starts at 1 */
  PN_OPT_PROGRESS
};

/* All of one parameter; contiguous. */
typedef struct pn_optim_segment {
  void *param;
  const void *grad;
  void *buffer[PN_OPT_BUFFERS]; /* NULL where the options need none */
  const double *options;        /* of its parameter group */
  double *progress;             /* NULL: not counted (SGD without momentum) */
  int64_t n;                    /* elements */
  int64_t unit;                 /* first unit of this segment (pn_optim_record) */
} pn_optim_segment;

/* n[] */
enum {
  PN_OPT_SEGMENTS = 0,
  PN_OPT_UNITS,
  PN_OPT_ITEMS,  /* elements of all segments */
  PN_OPT_COUNTED /* segments with progress */
};

/* Elements of one unit. */
enum { PN_OPT_CHUNK = 4096 };

/* The buffers that these options need, as a bit mask. */
uint32_t pn_optim_buffers(pn_algorithm algorithm, const double *options);

/* Numbers the units of the segments, fills n[], sets a->block = segments
 * (which must live as long as a). */
void pn_optim_record(pn_args *a, pn_optim_segment *segments, int64_t count);

#endif
