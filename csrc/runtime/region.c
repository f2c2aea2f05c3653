/* One parallel region: a caller that can finish alone, and workers that help.
 *
 * Each thread of a region owns a contiguous range of units, cut into at most
 * CHUNKS chunks.  A range has a ticket, one 64-bit word:
 *
 *     epoch (31) | asleep (1) | count (16) | index (16)
 *
 * Adding 1 to it by compare-and-swap claims chunk `index`, and at the same time
 * proves that region `epoch` is not over: a region ends when every chunk is
 * done, and this one was not.  So a late worker cannot touch a finished region,
 * and the fields of `job` are read only after a claim.  (The same epoch comes
 * back after 2^31 regions: three hours of 5 us each, between two instructions of
 * one thread.)
 *
 * A thread takes the chunks of its own range, then those of its neighbours.
 * Contiguous ranges, then stealing, against one counter for all: 16.3 against
 * 23.6 us on a kernel over 512 KB and two threads of a Sapphire Rapids (cache
 * locality).
 *
 * A worker is invited by a new epoch in its own ticket; it spins on that word
 * for a while, then marks it `asleep` and waits on its bell.
 *
 * Memory orders.
 *  - ticket: published with release (acq_rel) after the job's fields were
 *    written; a worker acquires its own ticket before it claims anything of that
 *    epoch, so it sees them.
 *  - pending: each thread subtracts the chunks it has done, with release; the
 *    caller's acquire load of 0 sees all their writes, and it orders their reads
 *    of `job` before the next region's writes.
 *  - scratch, slots, cpu of `job` are read before the claim, so they are atomic
 *    (relaxed).  If the claim then succeeds, the region was live all the while
 *    between the invitation and the claim, and they are its own.
 *  - busy (pool.c): acquire to enter, release to leave.
 */
#include "runtime/pool.h"

enum { CHUNKS = 8, MOST_CHUNKS = 0xffff, EPOCH_SHIFT = 33 };
#define ASLEEP ((uint64_t)1 << 32)
#define EPOCH_MASK 0x7fffffffu
#define WAITING 0x80000000u /* in `pending`: the caller sleeps on it */

/* How long to spin before sleeping; see pool.c for the measurements. */
#define WORKER_SPIN 30e-6
#define CALLER_SPIN 20e-6
/* A worker that was woken in vain is left asleep; see worth_a_ring. */
#define FIRST_REST 25e-6
enum { MOST_MISSES = 6 };

pn_slot pn_slots[PN_MAX_THREADS];

static struct {
  pn_kernel_fn fn;
  const pn_args *args;
  int64_t units;
  int team; /* threads that own a range */
  uint32_t epoch;
  _Atomic size_t scratch;
  _Atomic int slots; /* the same as team, for those who have no claim yet */
  _Atomic int cpu;   /* the caller's */
  _Atomic bool may_spin;
  _Alignas(128) _Atomic uint32_t pending; /* chunks that are not done */
} job;

static uint64_t make_ticket(uint32_t epoch, int64_t count) {
  return (uint64_t)epoch << EPOCH_SHIFT | (uint64_t)count << 16;
}
static uint32_t epoch_of(uint64_t t) { return (uint32_t)(t >> EPOCH_SHIFT); }
static uint32_t count_of(uint64_t t) { return (uint32_t)(t >> 16) & 0xffff; }
static uint32_t index_of(uint64_t t) { return (uint32_t)t & 0xffff; }

/* Part i of n units in `parts` nearly equal parts. */
static void part(int64_t n, int64_t parts, int64_t i, int64_t *begin, int64_t *end) {
  int64_t size = n / parts, longer = n % parts;
  *begin = i * size + pn_min64(i, longer);
  *end = *begin + size + (i < longer);
}

/* ---- chunks -------------------------------------------------------------- */
/* Claims a chunk of the slot's range and runs it; false: none is left there. */
static bool run_one(int slot, uint32_t epoch, void *scratch) {
  _Atomic uint64_t *ticket = &pn_slots[slot].ticket;
  uint64_t t = atomic_load_explicit(ticket, memory_order_relaxed);
  do {
    if (epoch_of(t) != epoch || index_of(t) >= count_of(t)) return false;
  } while (!atomic_compare_exchange_weak_explicit(ticket, &t, t + 1, memory_order_relaxed,
                                                  memory_order_relaxed));
  int64_t first, last, begin, end;
  part(job.units, job.team, slot, &first, &last);
  part(last - first, count_of(t), index_of(t), &begin, &end);
  job.fn(job.args, first + begin, first + end, scratch);
  return true;
}

/* All that is left, own range first.  Chunks never come back, so one round over
 * the ranges is enough. */
static uint32_t run_all(int me, uint32_t epoch, void *scratch) {
  int slots = atomic_load_explicit(&job.slots, memory_order_relaxed);
  uint32_t done = 0;
  for (int i = 0; i < slots; i++) {
    int slot = me + i < slots ? me + i : me + i - slots;
    while (run_one(slot, epoch, scratch)) done++;
  }
  return done;
}

static uint32_t roll(int me) {
  uint32_t x = pn_slots[me].dice * 1664525u + 1013904223u + (uint32_t)me;
  pn_slots[me].dice = x;
  return x >> 16;
}

/* Chaos mode: a random range each time, and a scheduler that loves to preempt. */
static uint32_t run_chaos(int me, uint32_t epoch, void *scratch) {
  int slots = atomic_load_explicit(&job.slots, memory_order_relaxed);
  uint32_t done = 0;
  for (int missed = 0; missed < slots;) {
    uint32_t dice = roll(me);
    if (dice % 8 == 0) pn_thread_yield();
    if (dice % 128 == 0) pn_thread_sleep(20e-6);
    int start = (int)(dice / 8 % (uint32_t)slots);
    for (missed = 0; missed < slots; missed++) {
      int slot = start + missed < slots ? start + missed : start + missed - slots;
      if (!run_one(slot, epoch, scratch)) continue;
      done++;
      break;
    }
  }
  return done;
}

static uint32_t run_some(int me, uint32_t epoch, void *scratch) {
  bool chaos = atomic_load_explicit(&pn_pool_chaos, memory_order_relaxed);
  uint32_t done = chaos ? run_chaos(me, epoch, scratch) : run_all(me, epoch, scratch);
  if (done) atomic_fetch_add_explicit(&pn_slots[me].chunks, done, memory_order_relaxed);
  return done;
}

/* ---- the worker's side --------------------------------------------------- */
static int note_cpu(int me) {
  int here = pn_current_cpu();
  atomic_store_explicit(&pn_slots[me].cpu, here, memory_order_relaxed);
  return here;
}

/* A thread that spins on the CPU of the one it waits for keeps it from working
 * (a woken worker often lands there): it sleeps at once.  With one busy
 * neighbour that took the 99th percentile of small regions from 37-48 to 8-25
 * us. */
static bool worker_may_spin(int me) {
  int here = note_cpu(me);
  if (!atomic_load_explicit(&job.may_spin, memory_order_relaxed)) return false;
  return here < 0 || here != atomic_load_explicit(&job.cpu, memory_order_relaxed);
}

static bool spin_for_invitation(int me, uint32_t seen) {
  double deadline = pn_now() + WORKER_SPIN;
  do {
    if (!worker_may_spin(me)) return false;
    for (int i = 0; i < 16; i++) {
      uint64_t t = atomic_load_explicit(&pn_slots[me].ticket, memory_order_relaxed);
      if (epoch_of(t) != seen) return true;
      pn_cpu_relax();
    }
  } while (pn_now() < deadline);
  return false;
}

/* Waits until the own ticket has another epoch than `seen`; returns it.
 * The bell is read before the ticket is marked (acq_rel), and rung after the
 * mark was seen: a ring in between makes pn_wait return at once. */
static uint32_t await_invitation(int me, uint32_t seen) {
  pn_slot *s = &pn_slots[me];
  bool awake = spin_for_invitation(me, seen);
  for (;;) {
    uint32_t bell = atomic_load_explicit(&s->bell, memory_order_acquire);
    uint64_t t = atomic_load_explicit(&s->ticket, memory_order_acquire);
    if (epoch_of(t) != seen) return epoch_of(t);
    if (awake) continue;
    if (!(t & ASLEEP) &&
        !atomic_compare_exchange_strong_explicit(&s->ticket, &t, t | ASLEEP, memory_order_acq_rel,
                                                 memory_order_relaxed))
      continue;
    pn_wait(&s->bell, bell);
  }
}

static void help(int me, uint32_t epoch) {
  int here = note_cpu(me);
  size_t bytes = atomic_load_explicit(&job.scratch, memory_order_relaxed);
  void *scratch = bytes ? pn_scratch(bytes) : NULL;
  if (bytes && !scratch) return; /* the others do it */
  uint32_t done = run_some(me, epoch, scratch);
  if (!done) return;
  /* On the caller's CPU it only took the caller's turn. */
  if (here < 0 || here != atomic_load_explicit(&job.cpu, memory_order_relaxed))
    atomic_store_explicit(&pn_slots[me].helped, true, memory_order_relaxed);
  uint32_t before = atomic_fetch_sub_explicit(&job.pending, done, memory_order_acq_rel);
  if (before - done == WAITING) pn_wake_one(&job.pending);
}

void pn_worker_main(void *slot) {
  int me = (int)((pn_slot *)slot - pn_slots);
  uint32_t seen = epoch_of(pn_slots[me].first_ticket);
  for (;;) {
    seen = await_invitation(me, seen);
    if (atomic_load_explicit(&pn_pool_stopping, memory_order_relaxed)) return;
    help(me, seen);
  }
}

/* ---- the caller's side --------------------------------------------------- */
/* To wake a worker costs the caller about 4 us, the more so when the worker
 * finds no CPU but the caller's and pushes it aside.  One that did not help
 * since its last ring is left asleep for a while, twice as long each time up to
 * 1.6 ms.  With every CPU busy, against waking it always: a region of 4 us every
 * 14 us takes 3.4 instead of 8.2 us (alone 4.0), one of 12 us every 22 us 11.5
 * instead of 16.2 (alone 11.9), medians. */
static bool worth_a_ring(pn_slot *s) {
  if (atomic_load_explicit(&pn_pool_chaos, memory_order_relaxed)) return true;
  double now = pn_now();
  if (!s->judged) {
    s->judged = true;
    bool helped = atomic_load_explicit(&s->helped, memory_order_relaxed);
    s->misses = helped ? 0 : s->misses < MOST_MISSES ? s->misses + 1 : MOST_MISSES;
    s->rest_until = helped ? 0 : now + FIRST_REST * (double)(1 << s->misses);
  }
  return now >= s->rest_until;
}

static void ring(pn_slot *s) {
  s->judged = false;
  atomic_store_explicit(&s->helped, false, memory_order_relaxed);
  atomic_fetch_add_explicit(&s->bell, 1, memory_order_release);
  pn_wake_one(&s->bell);
}

/* Publishes a ticket, and wakes its owner if it sleeps.  One that is left
 * asleep keeps its mark; should it wake by itself, it finds the ticket. */
static void invite(int slot, uint64_t ticket, bool always) {
  pn_slot *s = &pn_slots[slot];
  uint64_t before = atomic_load_explicit(&s->ticket, memory_order_relaxed), mark;
  bool wake = false, asked = false;
  do {
    if (before & ASLEEP && !asked) wake = always || worth_a_ring(s), asked = true;
    mark = wake ? 0 : before & ASLEEP;
  } while (!atomic_compare_exchange_weak_explicit(&s->ticket, &before, ticket | mark,
                                                  memory_order_acq_rel, memory_order_relaxed));
  if (wake) ring(s);
}

static uint32_t next_epoch(void) { return job.epoch = (job.epoch + 1) & EPOCH_MASK; }

/* Fills the job and publishes its tickets, the caller's own first: a worker
 * that is through with its range shall find it. */
static uint32_t publish(pn_kernel_fn fn, const pn_args *a, int64_t units, size_t scratch,
                        int team) {
  bool chaos = atomic_load_explicit(&pn_pool_chaos, memory_order_relaxed);
  int64_t most = chaos ? MOST_CHUNKS : CHUNKS;
  int64_t size = units / team, longer = units % team;
  int64_t total = longer * pn_min64(size + 1, most) + (team - longer) * pn_min64(size, most);
  job.fn = fn;
  job.args = a;
  job.units = units;
  job.team = team;
  atomic_store_explicit(&job.scratch, scratch, memory_order_relaxed);
  atomic_store_explicit(&job.slots, team, memory_order_relaxed);
  atomic_store_explicit(&job.cpu, pn_current_cpu(), memory_order_relaxed);
  atomic_store_explicit(&job.may_spin, pn_pool_may_spin(team), memory_order_relaxed);
  atomic_store_explicit(&job.pending, (uint32_t)total, memory_order_relaxed);
  uint32_t epoch = next_epoch();
  for (int i = 0; i < team; i++)
    invite(i, make_ticket(epoch, pn_min64(size + (i < longer), most)), false);
  return epoch;
}

/* Does a thread that may hold a chunk need this CPU? */
static bool caller_may_spin(void) {
  if (!atomic_load_explicit(&job.may_spin, memory_order_relaxed)) return false;
  int here = pn_current_cpu();
  if (here < 0) return true;
  for (int i = 1; i < job.team; i++)
    if (atomic_load_explicit(&pn_slots[i].cpu, memory_order_relaxed) == here) return false;
  return true;
}

/* Waits for the chunks in flight on other threads, and for nothing else. */
static void wait_for_others(uint32_t done) {
  if (atomic_fetch_sub_explicit(&job.pending, done, memory_order_acq_rel) == done) return;
  double deadline = pn_now() + CALLER_SPIN;
  while (caller_may_spin() && pn_now() < deadline) {
    for (int i = 0; i < 16; i++) {
      if (!atomic_load_explicit(&job.pending, memory_order_acquire)) return;
      pn_cpu_relax();
    }
  }
  uint32_t left = atomic_fetch_or_explicit(&job.pending, WAITING, memory_order_acq_rel) | WAITING;
  while (left != WAITING) {
    pn_wait(&job.pending, left);
    left = atomic_load_explicit(&job.pending, memory_order_acquire);
  }
}

/* Chaos: half of the time the caller lets the workers go first, so that even a
 * region of two units is shared. */
static void give_a_start(uint32_t epoch) {
  if (roll(0) % 2) return;
  double deadline = pn_now() + 100e-6;
  uint64_t own = atomic_load_explicit(&pn_slots[0].ticket, memory_order_relaxed);
  while (pn_now() < deadline && epoch_of(own) == epoch && index_of(own) < count_of(own)) {
    pn_thread_yield();
    own = atomic_load_explicit(&pn_slots[0].ticket, memory_order_relaxed);
  }
}

static void run_region(pn_kernel_fn fn, const pn_args *a, int64_t units, size_t scratch,
                       void *caller_scratch, int64_t team) {
  team = pn_min64(team, units);
  if (team > 1 && pn_pool_enter()) {
    team = 1 + pn_pool_workers((int)team - 1);
    if (team > 1) {
      uint32_t epoch = publish(fn, a, units, scratch, (int)team);
      if (atomic_load_explicit(&pn_pool_chaos, memory_order_relaxed)) give_a_start(epoch);
      wait_for_others(run_some(0, epoch, caller_scratch));
      pn_pool_count_region();
      pn_pool_leave();
      return;
    }
    pn_pool_leave();
  }
  if (units > 0) fn(a, 0, units, caller_scratch);
}

void pn_parallel(pn_kernel_fn fn, const pn_args *a, int64_t units, size_t scratch,
                 void *caller_scratch) {
  run_region(fn, a, units, scratch, caller_scratch, pn_get_num_threads());
}

void pn_parallel_work(pn_kernel_fn fn, const pn_args *a, const pn_work *w, void *caller_scratch) {
  double cost = (double)w->units * w->cost, half = 0.5 * pn_parallel_threshold;
  int64_t team = pn_get_num_threads();
  if (cost < pn_parallel_threshold) {
    team = 1;
  } else if (cost < half * (double)team) {
    team = (int64_t)(cost / half);
  }
  run_region(fn, a, w->units, w->scratch, caller_scratch, team);
}

/* ---- pool.c's side ------------------------------------------------------- */
/* An epoch with no chunks: the workers wake and read pn_pool_stopping, which
 * was written before. */
void pn_region_stop(int workers) {
  uint32_t epoch = next_epoch();
  for (int i = 1; i <= workers; i++) invite(i, make_ticket(epoch, 0), true);
}

void pn_region_fork_child(void) {
  uint64_t idle = make_ticket(next_epoch(), 0);
  for (int i = 0; i < PN_MAX_THREADS; i++) {
    atomic_store_explicit(&pn_slots[i].ticket, idle, memory_order_relaxed);
    atomic_store_explicit(&pn_slots[i].bell, 0, memory_order_relaxed);
  }
  atomic_store_explicit(&job.pending, 0, memory_order_relaxed);
}
