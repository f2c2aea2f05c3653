/* The constants of the numerics contract (docs/numerics.md).  Changing one
 * changes bits: raise PN_NUMERICS_VERSION (once it is 1) and say so in the
 * changelog.  They are the same for every ISA level and thread count. */
#ifndef PN_CONTRACT_H
#define PN_CONTRACT_H

#define PN_NUMERICS_VERSION 0

/* Products: k runs in blocks of PN_KBLOCK; one accumulator per output inside a
 * block (starts at +0, sequential FMA), finished blocks are added in order.
 * Measured at 256, 384 and 512 (docs/numerics.md): n = 512 to 1024 within noise
 * on avx2 and avx512; n = 1536: 71.0 ms at 512, 74.7 at 384, 76.7 at 256 on
 * avx512, 80.2, 82.2, 91.3 on avx2. */
#define PN_KBLOCK 512

/* Reductions along the last axis: PN_VACC accumulators of one virtual vector
 * (PN_VBYTES bytes: 16 float32, 8 float64) over chunks of PN_CHUNK elements;
 * accumulators, then lanes, by a fixed tree; chunk results in index order.
 * 4,000 float32 in L1, picoseconds an element, AVX2 / AVX-512: 1 accumulator
 * 46 / 43, 2: 25 / 23, 4: 19 / 20, 8: 21 / 22 (short rows of 100: 104 / 69,
 * 117 / 93, 127 / 117, 154 / 147).  Chunks of 1,024: 23 / 25; 2,048 to 16,384
 * are equal within 5 %, and longer ones divide less well and round worse. */
#define PN_VBYTES 64
#define PN_VACC 4
#define PN_CHUNK 4096

/* Reductions that keep the last axis: one accumulator per output, chunks of
 * PN_ROWCHUNK reduced rows, chunk results in index order.  64 to 1,024 rows are
 * within 10 % of each other (1000 x 1000: 48 to 55 ps an element); more rows
 * would round worse, fewer make more partial results to combine. */
#define PN_ROWCHUNK 256

#endif
