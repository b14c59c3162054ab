// What a block of tokens of one head gives all of its channels: decayed keys and queries, and products of pairs. Decays are multiplied
// token after token, so that no factor is larger than 1 and none is divided by.
#pragma once
#include "../../engines/native/exp.h"
#include "../../ssd/native/pairs.h"

typedef struct {
  // Products of queries, and of keys, with earlier keys of their chunk, at [chunk][pair(t, s)]: as they are, of a group; and decayed.
  float rawQueries[CHUNKS][PADDED], rawKeys[CHUNKS][PADDED];
  float queries[CHUNKS][PADDED], keys[CHUNKS][PADDED];
  float betas[BLOCK], decays[BLOCK];
  // Decays from a chunk's start to each token and from each token to its end; 1 where rows have them already.
  float start[BLOCK], end[BLOCK];
  // Of a chunk and slice: what the state gives each key and query, what is added to it, and that times its weight in the state behind.
  float predicted[CHUNK][SLICE], given[CHUNK][SLICE], added[CHUNK][SLICE], weighted[CHUNK][SLICE];
  // Rows of `state` follow: those of a chunk whose last tokens are not there; then, with a decay a key channel, of a block: keys and
  // queries decayed from their chunk's start, keys decayed to its end, decays of chunks.
} __attribute__((aligned(64))) Made;

INLINE float *spare_rows(Made *m) { return (float *)(m + 1); }
INLINE float *decayed_keys(const Args *a, Made *m) { return spare_rows(m) + 2 * CHUNK * a->state; }
INLINE float *decayed_queries(const Args *a, Made *m) { return decayed_keys(a, m) + BLOCK * a->state; }
INLINE float *keys_at_end(const Args *a, Made *m) { return decayed_keys(a, m) + 2 * BLOCK * a->state; }
INLINE float *chunk_decays(const Args *a, Made *m) { return decayed_keys(a, m) + 3 * BLOCK * a->state; }
INLINE int64_t made_floats(const Args *a) {
  return sizeof(Made) / 4 + (2 * CHUNK + (a->channelDecays ? 3 * BLOCK + CHUNKS : 0)) * a->state;
}

// Rows of Q or K of a block, for the heads of a group.
INLINE Rows rows_at(const Args *a, const float *from, int64_t row, int64_t group) {
  return (Rows){from + (row * a->groups + group) * a->state, a->groups * a->state};
}

// Those of one of its chunks.
INLINE Rows chunk_rows(Rows rows, int64_t first, int64_t tokens, int64_t state, float *spare) {
  return eight_rows(rows.at + first * rows.stride, rows.stride, tokens, state, spare);
}

static void block_betas(const Args *a, int64_t row, int64_t count, int64_t head, Made *m) {
  for (int64_t t = 0; t < count; t++) m->betas[t] = a->beta[(row + t) * a->heads + head];
}

// One decay a token.
APART void head_decays(const Args *a, int64_t row, int64_t count, Slice slice, bool newGroup, Made *m) {
  const Rows Q = rows_at(a, a->C, row, slice.group), K = rows_at(a, a->B, row, slice.group);
  block_betas(a, row, count, slice.head, m);
  for (int64_t t = 0; t < BLOCK; t++) m->decays[t] = t < count ? a->logA[(row + t) * a->heads + slice.head] : 0;
  for (int64_t t = 0; t < BLOCK; t += LANES) store(m->decays + t, exp_of(load(m->decays + t)));
  for (int64_t c = 0; c * CHUNK < count; c++) {
    const int64_t first = c * CHUNK, tokens = least(count - first, CHUNK);
    if (newGroup) {
      const Rows q = chunk_rows(Q, first, tokens, a->state, spare_rows(m));
      const Rows k = chunk_rows(K, first, tokens, a->state, spare_rows(m) + CHUNK * a->state);
      chunk_scores(q, k, a->state, m->rawQueries[c]);
      chunk_scores(k, k, a->state, m->rawKeys[c]);
    }
    float product[CHUNK], decay = 1;
    UNROLL for (int t = 0; t < CHUNK; t++) {
      const float by = m->decays[first + t];
      m->start[first + t] = decay *= by;
      UNROLL for (int s = 0; s < t; s++) product[s] *= by;
      product[t] = 1;
      UNROLL for (int s = 0; s <= t; s++) {
        const int k = pair(t, s);
        m->queries[c][k] = (float)a->factor * product[s] * m->rawQueries[c][k];
        m->keys[c][k] = product[s] * m->rawKeys[c][k];
      }
    }
    memcpy(m->end + first, product, sizeof product);
  }
}

// One decay a key channel: keys decay token after token, and meet each token's key and query as they are then.
APART void channel_decays(const Args *a, int64_t row, int64_t count, Slice slice, Made *m) {
  const Rows Q = rows_at(a, a->C, row, slice.group), K = rows_at(a, a->B, row, slice.group);
  const int64_t state = a->state;
  const Vec factor = splat(a->factor);
  block_betas(a, row, count, slice.head, m);
  for (int64_t t = 0; t < BLOCK; t++) m->start[t] = m->end[t] = 1;
  for (int64_t c = 0; c * CHUNK < count; c++) {
    const int64_t first = c * CHUNK, tokens = least(count - first, CHUNK);
    float *so = chunk_decays(a, m) + c * state, *keys = keys_at_end(a, m) + first * state;
    for (int64_t n = 0; n < state; n++) so[n] = 1;
    for (int t = 0; t < tokens; t++) {
      const float *logs = a->logA + ((row + first + t) * a->heads + slice.head) * state;
      const float *k = K.at + (first + t) * K.stride, *q = Q.at + (first + t) * Q.stride;
      Vec byKey[CHUNK], byQuery[CHUNK];
      for (int s = 0; s <= t; s++) byKey[s] = byQuery[s] = (Vec){0};
      for (int64_t n = 0; n < state; n += LANES) {
        const int64_t left = state - n, at = (first + t) * state + n;
        const Vec decay = exp_of(load_some(logs + n, left)), key = load_some(k + n, left), query = factor * load_some(q + n, left);
        const Vec all = decay * load_some(so + n, left);
        store_some(so + n, all, left);
        store_some(decayed_keys(a, m) + at, all * key, left);
        store_some(decayed_queries(a, m) + at, all * load_some(q + n, left), left);
        for (int s = 0; s <= t; s++) {
          const Vec then = s == t ? key : decay * load_some(keys + s * state + n, left);
          store_some(keys + s * state + n, then, left);
          byKey[s] = madd(key, then, byKey[s]);
          byQuery[s] = madd(query, then, byQuery[s]);
        }
      }
      for (int s = 0; s <= t; s++) m->keys[c][pair(t, s)] = sum_of(byKey[s]), m->queries[c][pair(t, s)] = sum_of(byQuery[s]);
    }
  }
}
