/* The platform layer for Windows 8 and later (clang-cl or gcc). */
#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#if !defined(_WIN32_WINNT) || _WIN32_WINNT < 0x0602
#undef _WIN32_WINNT
#define _WIN32_WINNT 0x0602 /* WaitOnAddress */
#endif
#define _CRT_RAND_S

#include "runtime/platform.h"

#include <malloc.h>
#include <process.h>
#include <stdlib.h>
#include <windows.h>

#include "runtime/internal.h"

#if defined(_MSC_VER)
#pragma comment(lib, "synchronization.lib")
#endif

/* ---- mutex and waiting --------------------------------------------------- */
_Static_assert(sizeof(pn_mutex) == sizeof(SRWLOCK), "a pn_mutex is an SRWLOCK");

void pn_mutex_lock(pn_mutex *m) { AcquireSRWLockExclusive((SRWLOCK *)&m->lock); }
bool pn_mutex_trylock(pn_mutex *m) { return TryAcquireSRWLockExclusive((SRWLOCK *)&m->lock) != 0; }
void pn_mutex_unlock(pn_mutex *m) { ReleaseSRWLockExclusive((SRWLOCK *)&m->lock); }

void pn_wait(_Atomic uint32_t *word, uint32_t expected) {
  WaitOnAddress((volatile VOID *)word, &expected, sizeof expected, INFINITE);
}
void pn_wake_one(_Atomic uint32_t *word) { WakeByAddressSingle((PVOID)word); }
void pn_wake_all(_Atomic uint32_t *word) { WakeByAddressAll((PVOID)word); }
void pn_wait_fork_child(void) {}

/* ---- threads ------------------------------------------------------------- */
typedef struct thread_start {
  void (*fn)(void *);
  void *arg;
} thread_start;

/* See platform_posix.c. */
static void default_floating_point(void) {
#if defined(__x86_64__)
  unsigned mxcsr = 0x1f80;
  __asm__ __volatile__("ldmxcsr %0" : : "m"(mxcsr));
#elif defined(__aarch64__)
  uint64_t fpcr = 0;
  __asm__ __volatile__("msr fpcr, %0" : : "r"(fpcr));
#endif
}

static unsigned __stdcall thread_main(void *p) {
  thread_start start = *(thread_start *)p;
  free(p);
  default_floating_point();
  start.fn(start.arg);
  return 0;
}

bool pn_thread_start(pn_thread *t, void (*fn)(void *), void *arg) {
  thread_start *start = malloc(sizeof *start);
  if (!start) return false;
  *start = (thread_start){fn, arg};
  uintptr_t handle =
      _beginthreadex(NULL, 2u << 20, thread_main, start, STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
  if (!handle) {
    free(start);
    return false;
  }
  t->handle = handle;
  return true;
}

void pn_thread_join(pn_thread t) {
  WaitForSingleObject((HANDLE)t.handle, INFINITE);
  CloseHandle((HANDLE)t.handle);
}

void pn_thread_yield(void) { SwitchToThread(); }

void pn_thread_sleep(double seconds) {
  HANDLE timer = CreateWaitableTimerW(NULL, TRUE, NULL);
  LARGE_INTEGER due;
  due.QuadPart = -(LONGLONG)(seconds * 1e7); /* relative, in 100 ns */
  if (timer && SetWaitableTimer(timer, &due, 0, NULL, NULL, FALSE)) {
    WaitForSingleObject(timer, INFINITE);
  } else {
    Sleep((DWORD)(seconds * 1e3) + 1);
  }
  if (timer) CloseHandle(timer);
}

static void (*exit_function)(void *);
static void WINAPI run_exit_function(void *value) {
  if (value) exit_function(value);
}

static DWORD exit_key = FLS_OUT_OF_INDEXES;

void pn_thread_exit_function(void (*fn)(void *)) {
  exit_function = fn;
  exit_key = FlsAlloc(run_exit_function);
}

bool pn_thread_at_exit(void *value) {
  return exit_key != FLS_OUT_OF_INDEXES && FlsSetValue(exit_key, value);
}

int pn_current_cpu(void) {
  PROCESSOR_NUMBER n;
  GetCurrentProcessorNumberEx(&n);
  return n.Group * 64 + n.Number;
}

void pn_at_fork(void (*prepare)(void), void (*parent)(void), void (*child)(void)) {
  (void)prepare;
  (void)parent;
  (void)child;
}

/* ---- memory -------------------------------------------------------------- */
void *pn_heap_alloc(size_t bytes) { return _aligned_malloc(bytes, 64); }
void pn_heap_free(void *p) { _aligned_free(p); }

/* Large pages need a privilege that ordinary users lack; 64 KB granules do. */
void *pn_pages_map(size_t bytes) {
  return VirtualAlloc(NULL, bytes, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
}

void pn_pages_unmap(void *p, size_t bytes) {
  (void)bytes;
  VirtualFree(p, 0, MEM_RELEASE);
}

int64_t pn_physical_memory(void) {
  MEMORYSTATUSEX status = {.dwLength = sizeof status};
  return GlobalMemoryStatusEx(&status) ? (int64_t)status.ullTotalPhys : 0;
}

/* ---- the machine --------------------------------------------------------- */
double pn_now(void) {
  LARGE_INTEGER ticks, per_second;
  QueryPerformanceFrequency(&per_second);
  QueryPerformanceCounter(&ticks);
  int64_t whole = ticks.QuadPart / per_second.QuadPart;
  int64_t rest = ticks.QuadPart % per_second.QuadPart;
  return (double)whole + (double)rest / (double)per_second.QuadPart;
}

/* The affinity mask speaks of one processor group; a process in several has no
 * narrower mask. */
int pn_usable_cpus(void) {
  DWORD_PTR process, system;
  USHORT groups = 0;
  if (!GetProcessGroupAffinity(GetCurrentProcess(), &groups, &(USHORT){0}) && groups > 1)
    return (int)GetActiveProcessorCount(ALL_PROCESSOR_GROUPS);
  if (!GetProcessAffinityMask(GetCurrentProcess(), &process, &system) || !process)
    return (int)GetActiveProcessorCount(ALL_PROCESSOR_GROUPS);
  int n = __builtin_popcountll((unsigned long long)process);
  return n > 0 ? n : 1;
}

bool pn_os_enables_avx512(uint64_t xcr0) {
  return (xcr0 & 0xe6u) == 0xe6u; /* SSE, AVX, opmask, upper ZMM, ZMM16-31 */
}

uint64_t pn_entropy(void) {
  unsigned low = 0, high = 0;
  if (rand_s(&low) || rand_s(&high)) {
    LARGE_INTEGER ticks;
    QueryPerformanceCounter(&ticks);
    return (uint64_t)ticks.QuadPart * 1000000007u ^ GetCurrentProcessId();
  }
  return (uint64_t)high << 32 | low;
}

#else
typedef int pn_platform_windows_is_empty; /* a translation unit may not be empty */
#endif
