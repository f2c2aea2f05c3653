/* What the files of the runtime know of each other. */
#ifndef PN_RUNTIME_INTERNAL_H
#define PN_RUNTIME_INTERNAL_H

#include "runtime/platform.h"
#include "runtime/runtime.h"

/* init.c: pn_init without its report */
void pn_start(void);
bool pn_started(void); /* it has returned once */

/* dispatch.c */
void pn_dispatch_init(void);                    /* once, from pn_start */
pn_status pn_dispatch_select(const char *name); /* after pn_dispatch_init */

/* memory.c: the shared lists are held across a fork */
void pn_memory_start(void);
void pn_memory_fork_prepare(void);
void pn_memory_fork_done(void);

/* pool.c */
void pn_pool_fork_child(void);
pn_status pn_pool_check_environment(void); /* PYNN_NUM_THREADS */

/* philox.c */
void pn_generator_start(void);

/* platform_posix.c: waiters of threads that a child does not have */
void pn_wait_fork_child(void);

#endif
