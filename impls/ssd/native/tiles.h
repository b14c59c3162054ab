// Steps 3 and 4, where the time goes: products with the state, in tiles of R rows by Z vectors whose sums stay in registers. What the
// inner loops load is held there too, or a compiler loads each vector of the state once for every token of the tile.
#pragma once
#include "work.h"

#include <stdbool.h>

// 3. Outputs of the tokens t0 to t0 + R - 1: what the state gives (step 4 of the listing) and what the chunk's own tokens do.
INLINE void outputs(const int R, const int Z, const int t0, const float *S, Rows C, int64_t state, float scale, int64_t chunk,
                    const Work *w, float *to, int64_t stride) {
  Vec y[8][4];
  UNROLL for (int t = 0; t < R; t++) UNROLL for (int z = 0; z < Z; z++) y[t][z] = (Vec){0};
  const float *c[8];
  UNROLL for (int t = 0; t < R; t++) c[t] = C.at + (t0 + t) * C.stride;
  for (int64_t n = 0; n < state; n++, S += Z * LANES) {
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
    const Vec decay = splat(scale * w->decays[t0 + t][chunk]);
    UNROLL for (int z = 0; z < Z; z++) y[t][z] *= decay;
  }
  UNROLL for (int s = 0; s < t0 + R; s++) {
    Vec rows[4];
    UNROLL for (int z = 0; z < Z; z++) {
      rows[z] = load(&w->X[s][z * LANES]);
      HOLD(rows[z]);
    }
    // pairs above the diagonal are left out, not multiplied by zero: a NaN cannot reach an earlier token
    UNROLL for (int t = 0; t < R; t++) if (s <= t0 + t) {
      Vec weight = splat(w->weights[pair(t0 + t, s)][chunk]);
      HOLD(weight);
      UNROLL for (int z = 0; z < Z; z++) y[t][z] = madd(weight, rows[z], y[t][z]);
    }
  }
  UNROLL for (int t = 0; t < R; t++) UNROLL for (int z = 0; z < Z; z++) store(to + (t0 + t) * stride + z * LANES, y[t][z]);
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
  for (; n + R <= state; n += R, S += R * Z * LANES) state_rows(R, Z, S, b, n, w, decays, decay);
  for (; n < state; n++, S += Z * LANES) state_rows(1, Z, S, b, n, w, decays, decay);
}

typedef void Outputs(const float *S, Rows C, int64_t state, float scale, int64_t chunk, const Work *w, float *to, int64_t stride);
typedef void AddChunk(float *S, Rows B, int64_t state, const Work *w, float by);

// The steps for slices of Z vectors.
typedef struct {
  Outputs *outputs;
  AddChunk *add, *decayAndAdd;
} Tiles;

#define TILES(Z, R, rows)                                                                                                           \
  APART void outputs##Z(const float *S, Rows C, int64_t state, float scale, int64_t chunk, const Work *w, float *to, int64_t stride) { \
    UNROLL for (int t0 = 0; t0 < CHUNK; t0 += R) outputs(R, Z, t0, S, C, state, scale, chunk, w, to, stride);                      \
  }                                                                                                                                 \
  APART void add##Z(float *S, Rows B, int64_t state, const Work *w, float by) { add_chunk(rows, Z, S, B, state, w, false, by); }   \
  APART void decayAndAdd##Z(float *S, Rows B, int64_t state, const Work *w, float by) { add_chunk(rows, Z, S, B, state, w, true, by); }

// By the vectors of a tile, its tokens, and its rows of the state: enough sums to keep the multiply-adds busy, few enough to stay in
// registers. No tile stores more than 12 vectors of a state at once: 16 cost a Zen 5 an eighth of its multiply-adds.
TILES(1, 8, 8)
#if !defined(__AVX2__) || defined(__AVX512F__)
TILES(2, 8, 4)
TILES(3, 4, 4)
TILES(4, 4, 2)
static const Tiles tiles[] = {{outputs1, add1, decayAndAdd1}, {outputs2, add2, decayAndAdd2},
                              {outputs3, add3, decayAndAdd3}, {outputs4, add4, decayAndAdd4}};
#else
TILES(2, 4, 4)
static const Tiles tiles[] = {{outputs1, add1, decayAndAdd1}, {outputs2, add2, decayAndAdd2}};
#endif
