/* What the compilers spell differently. */
#ifndef PN_COMPILER_H
#define PN_COMPILER_H

#if defined(__GNUC__)
#define PN_INLINE static inline __attribute__((always_inline))
#define PN_NOINLINE static __attribute__((noinline, unused)) /* one copy in a file */
#else
#define PN_INLINE static inline
#define PN_NOINLINE static
#endif

/* Before a loop: its stores do not feed its later loads.  Elementwise loops may
 * write over an input, but only element on element; without this the compiler
 * tests for overlap and takes the scalar loop in place. */
#if defined(__clang__)
#define PN_IVDEP _Pragma("clang loop vectorize(assume_safety)")
#elif defined(__GNUC__)
#define PN_IVDEP _Pragma("GCC ivdep")
#else
#define PN_IVDEP
#endif

#endif
