/* The constants of the numerics contract (docs/numerics.md).  Changing one
 * changes bits: raise PN_NUMERICS_VERSION (once it is 1) and say so in the
 * changelog.  They are the same for every ISA level and thread count. */
#ifndef PN_CONTRACT_H
#define PN_CONTRACT_H

#define PN_NUMERICS_VERSION 0

/* Products: k runs in blocks of PN_KBLOCK; one accumulator per output inside a
 * block (starts at +0, sequential FMA), finished blocks are added in order. */
#define PN_KBLOCK 384

/* Reductions along the last axis: PN_VACC accumulators of one virtual vector
 * (PN_VBYTES bytes: 16 float32, 8 float64) over chunks of PN_CHUNK elements;
 * accumulators, then lanes, by a fixed tree; chunk results in index order. */
#define PN_VBYTES 64
#define PN_VACC 4
#define PN_CHUNK 4096

/* Reductions that keep the last axis: one accumulator per output, chunks of
 * PN_ROWCHUNK reduced rows, chunk results in index order. */
#define PN_ROWCHUNK 256

#endif
