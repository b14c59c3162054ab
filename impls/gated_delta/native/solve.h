// One chunk of one slice: products with the state, the triangular system, outputs, and the state behind the chunk.
#pragma once
#include "made.h"

// Keys and queries as they meet the state, keys as they enter it, and where a row of the state has a decay of its own.
typedef struct {
  Rows K, Q, toEnd;
  const float *decays;
  int64_t index, row, tokens;
} Chunk;

// R rows times the state, by Z vectors of channels.
INLINE void products(const int R, const int Z, Rows rows, int64_t first, const float *S, int64_t state, float to[CHUNK][SLICE]) {
  Vec sums[8][4];
  const float *row[8];
  UNROLL for (int i = 0; i < R; i++) {
    row[i] = rows.at + (first + i) * rows.stride;
    UNROLL for (int z = 0; z < Z; z++) sums[i][z] = (Vec){0};
  }
  for (int64_t n = 0; n < state; n++, S += Z * LANES) {
    Vec s[4];
    UNROLL for (int z = 0; z < Z; z++) {
      s[z] = load(S + z * LANES);
      HOLD(s[z]);
    }
    UNROLL for (int i = 0; i < R; i++) {
      Vec factor = splat(row[i][n]);
      HOLD(factor);
      UNROLL for (int z = 0; z < Z; z++) sums[i][z] = madd(factor, s[z], sums[i][z]);
    }
  }
  UNROLL for (int i = 0; i < R; i++) UNROLL for (int z = 0; z < Z; z++) store(&to[first + i][z * LANES], sums[i][z]);
}

// u_t = beta_t (v_t - predicted_t - sum over s < t of keys[t][s] u_s), and y_t = given_t + sum over s <= t of queries[t][s] u_s, from a
// state that stands for `scale` times itself, to one where an addition weighs `inState`.
INLINE void solve(const int Z, const Args *a, const Chunk *chunk, Slice slice, float scale, float inState, Made *m) {
  const int64_t stride = a->heads * a->headDim, at = chunk->row * stride + slice.head * a->headDim + slice.channel;
  const float *keys = m->keys[chunk->index], *queries = m->queries[chunk->index];
  UNROLL for (int t = 0; t < CHUNK; t++) {
    if (t == chunk->tokens) break;
    const int64_t token = chunk->index * CHUNK + t;
    const Vec beta = splat(m->betas[token]), own = splat(queries[pair(t, t)]), weight = splat(inState * m->end[token]);
    const Vec before = splat(-scale * m->start[token]), read = splat((float)a->factor * scale * m->start[token]);
    Vec u[4], y[4];
    UNROLL for (int z = 0; z < Z; z++) {
      u[z] = madd(before, load(&m->predicted[t][z * LANES]), load_some(a->X + at + t * stride + z * LANES, slice.channels - z * LANES));
      y[z] = read * load(&m->given[t][z * LANES]);
    }
    UNROLL for (int s = 0; s < t; s++) {
      const Vec key = splat(-keys[pair(t, s)]), query = splat(queries[pair(t, s)]);
      UNROLL for (int z = 0; z < Z; z++) {
        const Vec earlier = load(&m->added[s][z * LANES]);
        u[z] = madd(key, earlier, u[z]);
        y[z] = madd(query, earlier, y[z]);
      }
    }
    UNROLL for (int z = 0; z < Z; z++) {
      u[z] *= beta;
      store(&m->added[t][z * LANES], u[z]);
      store(&m->weighted[t][z * LANES], weight * u[z]);
      store_some(a->Y + at + t * stride + z * LANES, madd(own, u[z], y[z]), slice.channels - z * LANES);
    }
  }
}

// R rows of the state from the n-th on: decayed where it is told, each by its own or all alike (`next` is 0), and what tokens add.
INLINE void update(const int R, const int Z, float *S, int64_t n, const float *decays, int64_t next, const Chunk *chunk, const Made *m) {
  Vec sums[8][4];
  S += n * Z * LANES;
  UNROLL for (int i = 0; i < R; i++) UNROLL for (int z = 0; z < Z; z++) {
    sums[i][z] = load(S + (i * Z + z) * LANES);
    if (decays) sums[i][z] *= splat(decays[(n + i) * next]);
  }
  const float *keys = chunk->toEnd.at + n;
  for (int64_t s = 0; s < chunk->tokens; s++, keys += chunk->toEnd.stride) {
    Vec u[4];
    UNROLL for (int z = 0; z < Z; z++) {
      u[z] = load(&m->weighted[s][z * LANES]);
      HOLD(u[z]);
    }
    UNROLL for (int i = 0; i < R; i++) {
      Vec factor = splat(keys[i]);
      HOLD(factor);
      UNROLL for (int z = 0; z < Z; z++) sums[i][z] = madd(factor, u[z], sums[i][z]);
    }
  }
  UNROLL for (int i = 0; i < R; i++) UNROLL for (int z = 0; z < Z; z++) store(S + (i * Z + z) * LANES, sums[i][z]);
}

// A chunk whose state stands for `scale` times itself. @return what it stands for behind it
typedef float Step(const Args *a, const Chunk *chunk, Slice slice, float *S, float scale, Made *m);

#define STEP(Z, R)                                                                                                               \
  APART void products##Z(Rows rows, const float *S, int64_t state, float to[CHUNK][SLICE]) {                                     \
    UNROLL for (int t = 0; t < CHUNK; t += R) products(R, Z, rows, t, S, state, to);                                             \
  }                                                                                                                              \
  APART void solve##Z(const Args *a, const Chunk *chunk, Slice slice, float scale, float inState, Made *m) {                     \
    solve(Z, a, chunk, slice, scale, inState, m);                                                                                \
  }                                                                                                                              \
  APART void keep##Z(float *S, int64_t state, const Chunk *chunk, const Made *m) {                                               \
    int64_t n = 0;                                                                                                               \
    for (; n + R <= state; n += R) update(R, Z, S, n, 0, 0, chunk, m);                                                           \
    for (; n < state; n++) update(1, Z, S, n, 0, 0, chunk, m);                                                                   \
  }                                                                                                                              \
  APART void decay##Z(float *S, int64_t state, const float *decays, int64_t next, const Chunk *chunk, const Made *m) {           \
    int64_t n = 0;                                                                                                               \
    for (; n + R <= state; n += R) update(R, Z, S, n, decays, next, chunk, m);                                                   \
    for (; n < state; n++) update(1, Z, S, n, decays, next, chunk, m);                                                           \
  }                                                                                                                              \
  static float step##Z(const Args *a, const Chunk *chunk, Slice slice, float *S, float scale, Made *m) {                         \
    const float after = scale * m->start[chunk->index * CHUNK + CHUNK - 1];                                                      \
    const bool keeps = !chunk->decays && within_scale(after);                                                                    \
    products##Z(chunk->K, S, a->state, m->predicted);                                                                            \
    products##Z(chunk->Q, S, a->state, m->given);                                                                                \
    solve##Z(a, chunk, slice, scale, keeps ? 1 / after : 1, m);                                                                  \
    if (keeps) keep##Z(S, a->state, chunk, m);                                                                                   \
    else decay##Z(S, a->state, chunk->decays ? chunk->decays : &after, chunk->decays ? 1 : 0, chunk, m);                         \
    return keeps ? after : 1;                                                                                                    \
  }

STEP(1, 8)
#if !defined(__AVX2__) || defined(__AVX512F__)
STEP(2, 8)
STEP(3, 4)
STEP(4, 4)
static Step *const steps[] = {step1, step2, step3, step4};
#else
STEP(2, 4)
static Step *const steps[] = {step1, step2};
#endif
