// FlashAttention-2's backward (algorithm 2). A segment of keys meets a segment of queries, block by block, in five products: scores, dP,
// and the sums of dQ, dV and dK. In a round no two tasks have a query or a key in common, so that all sums are made in one order, in place.
#include "forward.h"

// A segment of keys on its way, and the block of queries that it meets; rows are whole vectors.
typedef struct {
  float *Q, *dY, *dQ, *P, *dS, *dK, *dV;
  // Of the queries: as in Args.
  const float *references, *factors, *products;
} Meeting;

INLINE Meeting meeting_in(const Args *a, int64_t thread) {
  const int64_t ofKeys = padded(a->headDim), ofValues = padded(a->headDimV);
  float *m = a->scratch + thread * a->scratchFloats;
  Meeting w = {.Q = m, .dY = m + BLOCK * ofKeys};
  w.dQ = w.dY + BLOCK * ofValues;
  w.P = w.dQ + BLOCK * ofKeys;
  w.dS = w.P + BLOCK * BLOCK;
  w.dK = w.dS + BLOCK * BLOCK;
  w.dV = w.dK + SEGMENT * ofKeys;
  return w;
}

// 2. P = 2^(octaves S - reference) / sum and dS = P o (dP - D) of a row, in place.
INLINE void weigh_again(const Meeting *w, int64_t i, Vec octaves) {
  float *P = w->P + i * BLOCK, *dS = w->dS + i * BLOCK;
  const Vec reference = splat(w->references[i]), factor = splat(w->factors[i]), product = splat(w->products[i]);
  UNROLL for (int z = 0; z < VECTORS; z++) {
    const Vec power = exp2_within(larger(splat(-127), madd(octaves, load(P + z * LANES), -reference))), p = factor * power;
    store(P + z * LANES, p);
    store(dS + z * LANES, p * (load(dS + z * LANES) - product));
  }
}

// A block of queries meets block `block` of the segment's keys.
static void meet_again(const Args *a, const Meeting *w, const Pack *keys, int64_t block, const View *view, Vec octaves) {
  const int64_t ofKeys = padded(a->headDim), ofValues = padded(a->headDimV);
  for (int64_t i = 0; i < BLOCK; i += SIX) {
    if (!six_see(view, i)) continue;
    // 1. S = Q K^T, dP = dY V^T
    const Factors scores = {w->Q + i * ofKeys, ofKeys, 1, keys->columnsK, w->P + i * BLOCK, BLOCK, BLOCK};
    const Factors products = {w->dY + i * ofValues, ofValues, 1, keys->columnsV, w->dS + i * BLOCK, BLOCK, BLOCK};
    sum_rows(sum_six_rows, &scores, 0, a->headDim, true);
    sum_rows(sum_six_rows, &products, 0, a->headDimV, true);
    for (int64_t r = i; r < i + SIX; r++)
      if (view->from[r] < view->to[r]) weigh_again(w, r, octaves);
    // 3. dQ += dS K
    const Factors ofQueries = {w->dS + i * BLOCK, BLOCK, 1, keys->K, w->dQ + i * ofKeys, ofKeys, ofKeys};
    sum_own_rows(&ofQueries, view->from + i, view->to + i);
  }
  const View seen = seen_by(view);
  for (int64_t s = 0; s < BLOCK; s += SIX) {
    // 4. dV += P^T dY, dK += dS^T Q
    const int64_t row = block * BLOCK + s;
    const Factors values = {w->P + s, 1, BLOCK, w->dY, w->dV + row * ofValues, ofValues, ofValues};
    const Factors ofKey = {w->dS + s, 1, BLOCK, w->Q, w->dK + row * ofKeys, ofKeys, ofKeys};
    sum_own_rows(&values, seen.from + s, seen.to + s);
    sum_own_rows(&ofKey, seen.from + s, seen.to + s);
  }
}

// Rows of whole vectors, times a factor, onto rows of a tensor.
static void add_rows(const float *from, int64_t rows, int64_t channels, float factor, float *to, int64_t stride) {
  for (int64_t i = 0; i < rows; i++, from += padded(channels), to += stride)
    for (int64_t n = 0; n < channels; n += LANES)
      store_some(to + n, madd(splat(factor), load(from + n), load_some(to + n, channels - n)), channels - n);
}

typedef struct {
  const Args *problem;
  int64_t index;
} Round;

// A segment of keys of one group and the segment of queries that is its own in this round, for each head of the group.
static void go_back(const void *args, int64_t index, int64_t thread) {
  const Round *round = args;
  const Args *a = round->problem;
  const int64_t ofKeys = ratio_up(a->context, SEGMENT), ofQueries = ratio_up(a->length, SEGMENT), rounds = most(ofKeys, ofQueries);
  const int64_t i = index % ofKeys, j = (i + round->index) % rounds, bg = index / ofKeys, g = bg % a->groups, b = bg / a->groups;
  if (j >= ofQueries) return;
  const int64_t s0 = i * SEGMENT, s1 = least(s0 + SEGMENT, a->context), t0 = j * SEGMENT, t1 = least(t0 + SEGMENT, a->length);
  if (whole_at(a->ends, b * a->length + t1 - 1) <= s0 || whole_at(a->firsts, b * a->length + t0) >= s1) return;
  const int64_t d = a->headDim, e = a->headDimV, perGroup = a->heads / a->groups;
  const Vec octaves = splat((float)(a->scale * 1.4426950408889634));
  Meeting w = meeting_in(a, thread);
  memset(w.dK, 0, 4 * SEGMENT * (padded(d) + padded(e)));
  for (int64_t h = g * perGroup; h < (g + 1) * perGroup; h++)
    for (int64_t t = t0; t < t1; t += BLOCK) {
      const int64_t row = (b * a->length + t) * a->heads + h, count = least(BLOCK, a->length - t), at = (b * a->heads + h) * a->length + t;
      w.references = a->references + at, w.factors = a->factors + at, w.products = a->products + at;
      copy_rows(a->Q + row * d, a->heads * d, count, d, w.Q);
      copy_rows(a->dY + row * e, a->heads * e, count, e, w.dY);
      memset(w.dQ, 0, 4 * BLOCK * padded(d));
      for (int64_t s = s0; s < s1; s += BLOCK) {
        const View view = view_of(a, b, t, s);
        const Pack keys = pack_of(a, b, g, s / BLOCK);
        if (view.any) meet_again(a, &w, &keys, (s - s0) / BLOCK, &view, octaves);
      }
      add_rows(w.dQ, count, d, (float)a->scale, a->dQ + row * d, a->heads * d);
    }
  const int64_t row = (b * a->context + s0) * a->groups + g;
  add_rows(w.dK, s1 - s0, d, (float)a->scale, a->dK + row * d, a->groups * d);
  add_rows(w.dV, s1 - s0, e, 1, a->dV + row * e, a->groups * e);
}

void kernel(const void *args) {
  const Args *a = args;
  share(pack, a, a->batch * a->groups * ratio_up(a->context, BLOCK), a->threads);
  share(attend, a, a->batch * a->heads * ratio_up(a->length, BLOCK), a->threads);
  const int64_t ofKeys = ratio_up(a->context, SEGMENT), rounds = most(ofKeys, ratio_up(a->length, SEGMENT));
  for (int64_t i = 0; i < rounds; i++) {
    const Round round = {a, i};
    share(go_back, &round, a->batch * a->groups * ofKeys, a->threads);
  }
}
