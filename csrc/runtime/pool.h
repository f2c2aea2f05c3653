/* The two halves of the thread pool: region.c (one parallel region: tickets,
 * chunks, waiting) and pool.c (threads come and go, settings, fork, tests). */
#ifndef PN_POOL_H
#define PN_POOL_H

#include "runtime/internal.h"

/* One thread's place.  The ticket is fought over, the rest is mostly the
 * owner's: they lie on different cache lines (two, since adjacent lines are
 * fetched in pairs). */
typedef struct pn_slot {
  _Alignas(128) _Atomic uint64_t ticket;
  _Alignas(128) _Atomic uint32_t bell; /* the owner sleeps on it */
  _Atomic int32_t cpu;                 /* where the owner ran last */
  _Atomic int64_t chunks;              /* taken since the last reset */
  atomic_bool helped;                  /* since the bell rang, from another CPU */
  uint64_t first_ticket;               /* when the owner was started */
  uint32_t dice;                       /* chaos mode's random state */
  pn_thread thread;
  /* the ringer's account: worth_a_ring in region.c */
  bool judged;
  int misses;
  double rest_until;
} pn_slot;

extern pn_slot pn_slots[PN_MAX_THREADS]; /* 0 is the caller's */
extern atomic_bool pn_pool_chaos;
extern atomic_bool pn_pool_stopping;

/* The pool belongs to one region (or one shutdown) at a time. */
bool pn_pool_enter(void);
void pn_pool_leave(void);
/* Workers that exist, after trying to have `wanted`.  Inside enter/leave. */
int pn_pool_workers(int wanted);
void pn_pool_count_region(void);
/* May idle threads of a team of n spin?  Not when they outnumber the CPUs. */
bool pn_pool_may_spin(int n);

/* region.c */
void pn_worker_main(void *slot);
void pn_region_stop(int workers); /* tells them to look at pn_pool_stopping */
void pn_region_fork_child(void);

#endif
