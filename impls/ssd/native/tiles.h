// Steps 3 and 4, where the time goes: products with the state, in tiles of R rows by Z vectors whose sums stay in registers. What the
// inner loops load is held there too, or a compiler loads each vector of the state once for every token of the tile.
#pragma once
#include "work.h"

// A chunk of one slice: rows of X, B and C, and where the outputs go. Tokens that are not there are zeros in all three.
typedef struct {
  Rows X, B, C;
  float *Y;
  int64_t yStride, index;
  // Outputs that fill the caches go past them.
  bool streams;
} Chunk;

// One of the lines that the same rows of a later chunk have, another for each two elements of the state: spread over an inner loop,
// they cost nothing there.
INLINE void fetch_ahead(Rows rows, int64_t n) {
  FETCH_FOR_LATER(rows.at + (BLOCK + n / 2 % CHUNK) * rows.stride + n / LINE_FLOATS * LINE_FLOATS);
}

// 3. Outputs of the tokens t0 to t0 + R - 1: what the state gives (step 4 of the listing) and what the chunk's own tokens do. The tile
// that sees all tokens leaves each, times what it counts in the state, for the step after it.
INLINE void outputs(const int R, const int Z, const int t0, const float *S, Chunk chunk, int64_t state, float scale, float inState,
                    Work *w) {
  Vec y[8][4];
  UNROLL for (int t = 0; t < R; t++) UNROLL for (int z = 0; z < Z; z++) y[t][z] = (Vec){0};
  const float *c[8];
  UNROLL for (int t = 0; t < R; t++) c[t] = chunk.C.at + (t0 + t) * chunk.C.stride;
  for (int64_t n = 0; n < state; n++, S += Z * LANES) {
    if (t0 == 0) fetch_ahead(chunk.C, n);
    Vec rows[4];
    UNROLL for (int z = 0; z < Z; z++) {
      rows[z] = load(S + z * LANES);
      HOLD(rows[z]);
    }
    UNROLL for (int t = 0; t < R; t++) {
      Vec factor = splat(c[t][n]);
      HOLD(factor);
      UNROLL for (int z = 0; z < Z; z++) y[t][z] = madd(factor, rows[z], y[t][z]);
    }
  }
  UNROLL for (int t = 0; t < R; t++) {
    const Vec decay = splat(scale * w->decays[t0 + t][chunk.index]);
    UNROLL for (int z = 0; z < Z; z++) y[t][z] *= decay;
  }
  UNROLL for (int s = 0; s < t0 + R; s++) {
    Vec rows[4];
    UNROLL for (int z = 0; z < Z; z++) {
      rows[z] = load(chunk.X.at + s * chunk.X.stride + z * LANES);
      HOLD(rows[z]);
    }
    // pairs above the diagonal are left out, not multiplied by zero: a NaN cannot reach an earlier token
    UNROLL for (int t = 0; t < R; t++) if (s <= t0 + t) {
      Vec weight = splat(w->weights[pair(t0 + t, s)][chunk.index]);
      HOLD(weight);
      UNROLL for (int z = 0; z < Z; z++) y[t][z] = madd(weight, rows[z], y[t][z]);
    }
    if (t0 + R == CHUNK) {
      const Vec weight = splat(inState * w->inState[s][chunk.index]);
      UNROLL for (int z = 0; z < Z; z++) {
        store(&w->scaled[s][z * LANES], weight * rows[z]);
        if (z * LANES % LINE_FLOATS == 0) FETCH_TO_READ(chunk.X.at + (CHUNK + s) * chunk.X.stride + z * LANES);
      }
    }
  }
  UNROLL for (int t = 0; t < R; t++) UNROLL for (int z = 0; z < Z; z++) {
    float *to = chunk.Y + (t0 + t) * chunk.yStride + z * LANES;
    if (chunk.streams) stream(to, y[t][z]);
    else store(to, y[t][z]);
    if (!chunk.streams && z * LANES % LINE_FLOATS == 0) FETCH_TO_WRITE(to + CHUNK * chunk.yStride);
  }
}

// R rows of the state: times `decay` where it is told, and the chunk's tokens added.
INLINE void state_rows(const int R, const int Z, float *S, const float *const b[CHUNK], int64_t n, const Work *w, const bool decays,
                       Vec decay) {
  Vec sums[8][4];
  UNROLL for (int i = 0; i < R; i++) UNROLL for (int z = 0; z < Z; z++) {
    sums[i][z] = load(S + (i * Z + z) * LANES);
    if (decays) sums[i][z] *= decay;
  }
  UNROLL for (int s = 0; s < CHUNK; s++) {
    Vec rows[4];
    UNROLL for (int z = 0; z < Z; z++) {
      rows[z] = load(&w->scaled[s][z * LANES]);
      HOLD(rows[z]);
    }
    UNROLL for (int i = 0; i < R; i++) {
      Vec factor = splat(b[s][n + i]);
      HOLD(factor);
      UNROLL for (int z = 0; z < Z; z++) sums[i][z] = madd(factor, rows[z], sums[i][z]);
    }
  }
  UNROLL for (int i = 0; i < R; i++) UNROLL for (int z = 0; z < Z; z++) store(S + (i * Z + z) * LANES, sums[i][z]);
}

// 4. The chunk's tokens into the state.
INLINE void add_chunk(const int R, const int Z, float *S, Rows B, int64_t state, const Work *w, const bool decays, float by) {
  const Vec decay = splat(by);
  const float *b[CHUNK];
  UNROLL for (int s = 0; s < CHUNK; s++) b[s] = B.at + s * B.stride;
  int64_t n = 0;
  for (; n + R <= state; n += R, S += R * Z * LANES) {
    fetch_ahead(B, n);
    state_rows(R, Z, S, b, n, w, decays, decay);
  }
  for (; n < state; n++, S += Z * LANES) state_rows(1, Z, S, b, n, w, decays, decay);
}

// The steps for slices of Z vectors, over a state that stands for `scale` times itself. With `keeps` it goes on as it is, to stand for
// `after` times itself; else it is multiplied by that.
typedef void Step(const Chunk *chunk, float *S, int64_t state, float scale, float after, Work *w);

#define TILES(Z, R, rows)                                                                                                        \
  APART void outputs##Z(const float *S, const Chunk *chunk, int64_t state, float scale, float inState, Work *w) {               \
    UNROLL for (int t0 = 0; t0 < CHUNK; t0 += R) outputs(R, Z, t0, S, *chunk, state, scale, inState, w);                         \
  }                                                                                                                              \
  APART void add##Z(float *S, Rows B, int64_t state, const Work *w) { add_chunk(rows, Z, S, B, state, w, false, 1); }            \
  APART void decayAndAdd##Z(float *S, Rows B, int64_t state, const Work *w, float by) { add_chunk(rows, Z, S, B, state, w, true, by); } \
  static void keep##Z(const Chunk *chunk, float *S, int64_t state, float scale, float after, Work *w) {                          \
    outputs##Z(S, chunk, state, scale, 1 / after, w);                                                                            \
    add##Z(S, chunk->B, state, w);                                                                                               \
  }                                                                                                                              \
  static void decay##Z(const Chunk *chunk, float *S, int64_t state, float scale, float after, Work *w) {                         \
    outputs##Z(S, chunk, state, scale, 1, w);                                                                                    \
    decayAndAdd##Z(S, chunk->B, state, w, after);                                                                                \
  }

// By the vectors of a tile, its tokens, and its rows of the state: enough sums to keep the multiply-adds busy, few enough to stay in
// registers. No tile stores more than 12 vectors of a state at once: 16 cost a Zen 5 an eighth of its multiply-adds.
TILES(1, 8, 8)
#if !defined(__AVX2__) || defined(__AVX512F__)
TILES(2, 8, 4)
TILES(3, 4, 4)
TILES(4, 4, 2)
static Step *const keeping[] = {keep1, keep2, keep3, keep4}, *const decaying[] = {decay1, decay2, decay3, decay4};
#else
TILES(2, 4, 4)
static Step *const keeping[] = {keep1, keep2}, *const decaying[] = {decay1, decay2};
#endif
