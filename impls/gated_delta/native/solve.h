// One chunk of one slice: products with the state, the triangular system, outputs, and the state behind the chunk.
#pragma once
#include "made.h"

// R rows times the state, by Z vectors of channels.
INLINE void products(const int R, const int Z, const float *rows, const float *S, int64_t state, float to[][SLICE]) {
  Vec sums[8][4];
  const float *row[8];
  UNROLL for (int i = 0; i < R; i++) {
    row[i] = rows + i * state;
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
  UNROLL for (int i = 0; i < R; i++) UNROLL for (int z = 0; z < Z; z++) store(&to[i][z * LANES], sums[i][z]);
}

// u_t = beta_t (v_t - predicted_t - sum over s < t of keys[t][s] u_s), and y_t = given_t + sum over s <= t of queries[t][s] u_s.
INLINE void solve(const int Z, const Args *a, int64_t token, int64_t tokens, Slice slice, int64_t index, Made *m) {
  const int64_t stride = a->heads * a->headDim, at = token * stride + slice.head * a->headDim + slice.channel;
  for (int t = 0; t < tokens; t++) {
    const Vec beta = splat(m->betas[index * CHUNK + t]);
    Vec u[4], y[4];
    UNROLL for (int z = 0; z < Z; z++) {
      const int64_t left = slice.channels - z * LANES;
      u[z] = load_some(a->X + at + t * stride + z * LANES, left) - load(&m->predicted[t][z * LANES]);
      y[z] = load(&m->given[t][z * LANES]);
    }
    for (int s = 0; s < t; s++) {
      const Vec key = splat(-m->keys[index][pair(t, s)]), query = splat(m->queries[index][pair(t, s)]);
      UNROLL for (int z = 0; z < Z; z++) {
        const Vec earlier = load(&m->added[s][z * LANES]);
        u[z] = madd(key, earlier, u[z]);
        y[z] = madd(query, earlier, y[z]);
      }
    }
    const Vec own = splat(m->queries[index][pair(t, t)]);
    UNROLL for (int z = 0; z < Z; z++) {
      u[z] *= beta;
      store(&m->added[t][z * LANES], u[z]);
      store_some(a->Y + at + t * stride + z * LANES, madd(own, u[z], y[z]), slice.channels - z * LANES);
    }
  }
}

// R rows of the state: decayed over the chunk, and what its tokens add.
INLINE void update(const int R, const int Z, float *S, const float *decays, const float *keys, int64_t state, int64_t tokens, const Made *m) {
  Vec sums[8][4];
  UNROLL for (int i = 0; i < R; i++) UNROLL for (int z = 0; z < Z; z++)
    sums[i][z] = splat(decays[i]) * load(S + (i * Z + z) * LANES);
  for (int s = 0; s < tokens; s++, keys += state) {
    Vec u[4];
    UNROLL for (int z = 0; z < Z; z++) {
      u[z] = load(&m->added[s][z * LANES]);
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

typedef void Step(const Args *a, int64_t row, int64_t tokens, Slice slice, float *S, int64_t index, Made *m);

#define STEP(Z, R)                                                                                                               \
  APART void products##Z(const float *rows, const float *S, int64_t state, float to[CHUNK][SLICE]) {                             \
    UNROLL for (int t = 0; t < CHUNK; t += R) products(R, Z, rows + t * state, S, state, to + t);                                \
  }                                                                                                                              \
  APART void solve##Z(const Args *a, int64_t token, int64_t tokens, Slice slice, int64_t index, Made *m) {                       \
    solve(Z, a, token, tokens, slice, index, m);                                                                                 \
  }                                                                                                                              \
  APART void update##Z(const Args *a, float *S, int64_t tokens, int64_t index, Made *m) {                                        \
    const float *decays = chunk_decays(a, m) + index * a->state, *keys = to_end(a, m) + index * CHUNK * a->state;                \
    int64_t n = 0;                                                                                                               \
    for (; n + R <= a->state; n += R) update(R, Z, S + n * Z * LANES, decays + n, keys + n, a->state, tokens, m);                \
    for (; n < a->state; n++) update(1, Z, S + n * Z * LANES, decays + n, keys + n, a->state, tokens, m);                        \
  }                                                                                                                              \
  static void step##Z(const Args *a, int64_t row, int64_t tokens, Slice slice, float *S, int64_t index, Made *m) {               \
    products##Z(from_start(m) + index * CHUNK * a->state, S, a->state, m->predicted);                                         \
    products##Z(queries_of(a, m) + index * CHUNK * a->state, S, a->state, m->given);                                             \
    solve##Z(a, row + index * CHUNK, tokens, slice, index, m);                                                                   \
    update##Z(a, S, tokens, index, m);                                                                                           \
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
