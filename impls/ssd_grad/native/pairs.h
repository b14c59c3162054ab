// Pairs of tokens inside a chunk: what token s counts in the output of token t >= s, and what flows back on that way.
#pragma once
#include "decays.h"

// [t][s] each; with L[t][s] the decay from s to t. Nothing above the diagonal means anything.
typedef struct {
  // C_t . B_s, and dY_t . X_s
  float products[CHUNK][CHUNK];
  // L (C_t . B_s), the same times the step of s, and L (dY_t . X_s) times the step of s
  float weights[CHUNK][CHUNK], stepped[CHUNK][CHUNK], returns[CHUNK][CHUNK];
  // L (C_t . B_s) (dY_t . X_s) times the step of s: what the pair gives to the gradient of every log decay on its way
  float flows[CHUNK][CHUNK];
} __attribute__((aligned(64))) Pairs;

INLINE Bits lanes_from(int first) {
  Bits lanes;
  UNROLL for (int i = 0; i < LANES; i++) lanes[i] = first + i;
  return lanes;
}
INLINE Vec chosen(Bits mask, Vec a, Vec b) { return (Vec)((mask & (Bits)a) | (~mask & (Bits)b)); }

// @param scores C_t . B_s; `products` are there
static void pair_weights(const Decays *d, const float scores[CHUNK][CHUNK], Pairs *p) {
  for (int s = 0; s < CHUNK; s += LANES) {
    const Bits lanes = lanes_from(s);
    const Vec steps = load(d->steps + s);
    Vec L = {0};
    for (int t = 0; t < CHUNK; t++) {
      const Bits own = lanes == (Bits){0} + t;
      L = chosen(own, splat(1), L * splat(d->decay[t]));
      const Vec weight = L * load(&scores[t][s]), stepped = steps * weight, product = load(&p->products[t][s]);
      store(&p->weights[t][s], weight);
      store(&p->stepped[t][s], stepped);
      store(&p->returns[t][s], L * steps * product);
      store(&p->flows[t][s], stepped * product);
    }
  }
}

// Of each token: what flows from tokens before it to itself and those behind it. A sum over a rectangle, in two rounds of sums: over
// the rows from below, then over the columns before the token.
static void pair_flows(const Pairs *p, float across[CHUNK]) {
  Vec sums[CHUNK];
  for (int t = 0; t < CHUNK; t++) sums[t] = (Vec){0};
  for (int s = 0; s < CHUNK; s += LANES) {
    const Bits lanes = lanes_from(s);
    Vec below = {0};
    for (int t = CHUNK - 1; t > 0; t--) {
      below += load(&p->flows[t][s]);
      sums[t] += chosen(lanes < (Bits){0} + t, below, (Vec){0});
    }
  }
  for (int t = 0; t < CHUNK; t += LANES) store(across + t, sums_of(sums + t));
}
