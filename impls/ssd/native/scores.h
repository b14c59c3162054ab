// Steps 1 and 2: how much each token of a chunk counts in each output of it, and in the state behind it.
#pragma once
#include "pairs.h"

// Of all chunks of a block, whose rows begin with C and B.
static void block_scores(Rows C, Rows B, int64_t count, int64_t state, Work *w) {
  float *spare = spare_of(w);
  for (int64_t chunk = 0; chunk * CHUNK < count; chunk++) {
    const int64_t first = chunk * CHUNK, tokens = least(count - first, CHUNK);
    const Rows c = eight_rows(C.at + first * C.stride, C.stride, tokens, state, spare);
    const Rows b = eight_rows(B.at + first * B.stride, B.stride, tokens, state, spare + CHUNK * state);
    chunk_scores(c, b, state, w->sums[chunk]);
  }
  for (int k = 0; k < PAIRS; k += LANES)
    for (int c = 0; c < CHUNKS; c += LANES) {
      Vec rows[LANES];
      UNROLL for (int i = 0; i < LANES; i++) rows[i] = load(&w->sums[c + i][k]);
      transpose(rows);
      UNROLL for (int i = 0; i < LANES; i++) store(&w->scores[k + i][c], rows[i]);
    }
}

// One number of each token of a block and head, at [token of its chunk][chunk]; tokens behind the end have `absent`.
static void gather(const float *from, int64_t stride, int64_t count, float absent, float to[CHUNK][CHUNKS]) {
  uint64_t i = 0;
  for (; i < (uint64_t)count; i++) to[i % CHUNK][i / CHUNK] = from[i * stride];
  for (; i < BLOCK; i++) to[i % CHUNK][i / CHUNK] = absent;
}

// 2. Decays of a head in all chunks of a block: products in the order of the recurrence, so that what overflows here overflows there too.
// The decay over the whole chunk, which a state takes thousands of times, is the exponential of a sum: products of weak decays round
// down, all of them (with i and j whole below 4096, (1 - i/2^24) (1 - j/2^24) becomes 1 - (i + j)/2^24).
APART void head_weights(const Args *a, int64_t row, int64_t count, int64_t head, Work *w) {
  float logs[CHUNK][CHUNKS] __attribute__((aligned(64))), steps[CHUNK][CHUNKS] __attribute__((aligned(64)));
  const int64_t at = row * a->heads + head;
  // tokens behind the end neither decay nor add
  gather(a->logA + at, a->heads, count, 0, logs);
  if (a->dt) gather(a->dt + at, a->heads, count, 0, steps);
  for (int c = 0; c < CHUNKS; c += LANES) {
    Vec product[CHUNK], fromStart = splat(1), sum = splat(0);
    UNROLL for (int t = 0; t < CHUNK; t++) {
      const Vec log = load(&logs[t][c]), decay = exp_of(log);
      fromStart *= decay;
      sum += log;
      store(&w->decays[t][c], t == CHUNK - 1 ? exp_of(sum) : fromStart);
      UNROLL for (int s = 0; s < t; s++) product[s] *= decay;
      product[t] = a->dt ? load(&steps[t][c]) : splat(1);
      UNROLL for (int s = 0; s <= t; s++)
        store(&w->weights[pair(t, s)][c], product[s] * load(&w->scores[pair(t, s)][c]));
    }
    UNROLL for (int s = 0; s < CHUNK; s++) store(&w->inState[s][c], product[s]);
  }
}
