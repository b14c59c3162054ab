// Decays of a head's tokens inside one chunk: products of decays, never a ratio of running products or a difference of running sums.
#pragma once
#include "problem.h"

typedef struct {
  // Of each token: its time step, its decay, the decay from the chunk's start through it, and from behind it to the chunk's end.
  float steps[CHUNK], decay[CHUNK], fromStart[CHUNK], toEnd[CHUNK];
  // steps times toEnd: what a token counts in the state behind the chunk.
  float inState[CHUNK];
  // Over the chunk: the exponential of a sum, since products of weak decays all round down.
  float whole;
} __attribute__((aligned(64))) Decays;

// Tokens behind the end neither decay nor add.
static void decays_of(const Args *a, Span s, Decays *d) {
  float logs[CHUNK] __attribute__((aligned(64))), sum = 0;
  const int64_t at = number_at(a, s);
  for (int64_t i = 0; i < CHUNK; i++) {
    const bool there = i < s.count;
    logs[i] = there ? a->logA[at + i * a->heads] : 0;
    d->steps[i] = !there ? 0 : a->dt ? a->dt[at + i * a->heads] : 1;
    sum += logs[i];
  }
  for (int i = 0; i < CHUNK; i += LANES) store(d->decay + i, exp_of(load(logs + i)));
  d->whole = exp_of(splat(sum))[0];
  float before = 1, behind = 1;
  for (int i = 0; i < CHUNK; i++) d->fromStart[i] = before *= d->decay[i];
  for (int i = CHUNK - 1; i >= 0; i--) {
    d->toEnd[i] = behind;
    d->inState[i] = d->steps[i] * behind;
    behind *= d->decay[i];
  }
}
