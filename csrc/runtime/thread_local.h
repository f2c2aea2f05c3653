/* A word per thread, read in one load.
 *
 * In a shared library the default is a call of __tls_get_addr for every access
 * (2 ns; a dozen of them were a fifth of a small operator).  The initial-exec
 * model is one load, and wants the library's whole thread-local segment in the
 * static block, of which a library that is loaded late gets some hundred bytes:
 * nothing larger than a few words may be thread-local.  Only glibc has that
 * room for late libraries (musl refuses to load them); other systems keep their
 * own model. */
#ifndef PN_THREAD_LOCAL_H
#define PN_THREAD_LOCAL_H

#include <stdint.h> /* on glibc this defines __GLIBC__ */

#if defined(__linux__) && defined(__GLIBC__)
#define PN_THREAD_LOCAL _Thread_local __attribute__((tls_model("initial-exec")))
#else
#define PN_THREAD_LOCAL _Thread_local
#endif

#endif
