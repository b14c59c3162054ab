// Step 1 for one chunk: products of eight rows with eight rows before them.
#pragma once
#include "work.h"

// Sums of one pass over the rows: as many as stay in registers.
enum { TOGETHER = REGISTERS == 32 ? 16 : 8 };

// One vector of each of the products [from, from + TOGETHER), lanes of the state in the lanes.
INLINE void add_products(const int from, Vec sums[TOGETHER], Rows C, Rows B, int64_t n, int64_t left) {
  Vec b[CHUNK];
  UNROLL for (int s = 0; s < CHUNK; s++) b[s] = load_some(B.at + s * B.stride + n, left);
  UNROLL for (int t = 0; t < CHUNK; t++) {
    const Vec c = load_some(C.at + t * C.stride + n, left);
    UNROLL for (int s = 0; s <= t; s++) {
      const int k = pair(t, s) - from;
      if (k >= 0 && k < TOGETHER) sums[k] = madd(c, b[s], sums[k]);
    }
  }
}

INLINE void some_products(const int from, Rows C, Rows B, int64_t state, float *out) {
  Vec sums[TOGETHER];
  UNROLL for (int k = 0; k < TOGETHER; k++) sums[k] = (Vec){0};
  int64_t n = 0;
  for (; n + LANES <= state; n += LANES) add_products(from, sums, C, B, n, LANES);
  if (n < state) add_products(from, sums, C, B, n, state - n);
  UNROLL for (int k = 0; k < TOGETHER; k += LANES) store(out + from + k, sums_of(sums + k));
}

// 1. Products of C with B inside the chunk; those above the diagonal are never made.
APART void chunk_scores(Rows C, Rows B, int64_t state, float *out) {
  UNROLL for (int from = 0; from < PAIRS; from += TOGETHER) some_products(from, C, B, state, out);
}
