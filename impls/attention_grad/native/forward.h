// FlashAttention-2's forward (algorithm 1) for what the backward needs of it: each query's reference, its sum, and D = rowsum(dY o Y).
#pragma once
#include "problem.h"

// A row's weights are taken on a reference that a score may pass by so many octaves before what was summed is scaled down.
#define SLACK 8.0f
// The reference of a row that has seen no key.
#define NO_REFERENCE -0x1p126f
enum { VECTORS = BLOCK / LANES };

// Whether passes b in any lane; NaN passes nothing.
INLINE bool passes(Vec a, Vec b) {
#if defined(__AVX512F__)
  return _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ);
#elif defined(__AVX2__)
  return _mm256_movemask_ps(_mm256_cmp_ps(a, b, _CMP_GT_OQ));
#else
  return vmaxvq_u32(vcgtq_f32((float32x4_t)a, (float32x4_t)b));
#endif
}

// The lanes of a vector that lie in [from, to).
INLINE Bits lanes_within(int64_t from, int64_t to) {
  Bits place;
  UNROLL for (int i = 0; i < LANES; i++) place[i] = i;
  return (place >= (int32_t)from) & (place < (int32_t)to);
}
INLINE Vec kept(Bits lanes, Vec x, Vec other) { return (Vec)((lanes & (Bits)x) | (~lanes & (Bits)other)); }

// Queries on their way: rows of Q, sums of p v in rows of whole vectors, references, lanes of the sums of weights.
typedef struct {
  const float *Q;
  float *P, *O, *sums, *reference;
} Queries;

// What was summed under a smaller reference shrinks to the new one.
static void raise(const Queries *q, int64_t i, int64_t width, float reference) {
  const Vec factor = exp2_of(splat(q->reference[i] - reference));
  float *O = q->O + i * width;
  for (int64_t e = 0; e < width; e += LANES) store(O + e, factor * load(O + e));
  store(q->sums + i * LANES, factor * load(q->sums + i * LANES));
  q->reference[i] = reference;
}

// 2. Scores of a row to powers of two, in place, and their sum.
static void weigh(const Args *a, const Queries *q, int64_t i, int64_t from, int64_t to, Vec octaves) {
  float *row = q->P + i * BLOCK;
  const bool whole = from == 0 && to == BLOCK;
  Vec highest = splat(-__builtin_inff()), sum = splat(0);
  for (int z = 0; z < VECTORS; z++) {
    const Vec score = octaves * load(row + z * LANES);
    highest = larger(highest, whole ? score : kept(lanes_within(from - z * LANES, to - z * LANES), score, highest));
  }
  if (SELDOM(passes(highest, splat(q->reference[i] + SLACK)))) raise(q, i, padded(a->headDimV), largest_of(highest));
  const Vec reference = splat(q->reference[i]);
  for (int z = 0; z < VECTORS; z++) {
    // the second where it is NaN
    Vec weight = exp2_within(larger(splat(-127), madd(octaves, load(row + z * LANES), -reference)));
    if (!whole) weight = kept(lanes_within(from - z * LANES, to - z * LANES), weight, splat(0));
    store(row + z * LANES, weight);
    sum += weight;
  }
  store(q->sums + i * LANES, sum + load(q->sums + i * LANES));
}

// 1. to 3. A block of queries meets a block of keys.
static void meet(const Args *a, const Queries *q, const Pack *keys, const View *view, Vec octaves) {
  const int64_t width = padded(a->headDimV);
  for (int64_t i = 0; i < BLOCK; i += SIX) {
    if (!six_see(view, i)) continue;
    const Factors scores = {q->Q + i * padded(a->headDim), padded(a->headDim), 1, keys->columnsK, q->P + i * BLOCK, BLOCK, BLOCK};
    sum_rows(sum_six_rows, &scores, 0, a->headDim, true);
    for (int64_t r = i; r < i + SIX; r++)
      if (view->from[r] < view->to[r]) weigh(a, q, r, view->from[r], view->to[r], octaves);
    const Factors values = {q->P + i * BLOCK, BLOCK, 1, keys->V, q->O + i * width, width, width};
    sum_own_rows(&values, view->from + i, view->to + i);
  }
}

// 4. A query's Y, what its weights are to be multiplied by, and D.
static void close_query(const Args *a, const Queries *q, int64_t i, int64_t row, int64_t at) {
  const float sum = sum_of(load(q->sums + i * LANES));
  // a query that sees no key is 0
  const float factor = sum == 0 ? 0 : 1 / sum, *O = q->O + i * padded(a->headDimV);
  const int64_t e = a->headDimV;
  Vec product = splat(0);
  for (int64_t n = 0; n < e; n += LANES) {
    const Vec y = splat(factor) * load(O + n);
    product = madd(y, load_some(a->dY + row * e + n, e - n), product);
    if (a->Y) store_some(a->Y + row * e + n, y, e - n);
  }
  a->references[at] = q->reference[i];
  a->factors[at] = factor;
  a->products[at] = sum_of(product);
  memset(a->dQ + row * a->headDim, 0, 4 * a->headDim);
}

// A block of queries of one head, the last of a sequence first: where the mask is causal they see most keys.
static void attend(const void *args, int64_t index, int64_t thread) {
  const Args *a = args;
  const int64_t blocks = ratio_up(a->length, BLOCK), t0 = (blocks - 1 - index % blocks) * BLOCK, count = least(BLOCK, a->length - t0);
  const int64_t h = index / blocks % a->heads, b = index / blocks / a->heads, g = h / (a->heads / a->groups);
  const int64_t row = (b * a->length + t0) * a->heads + h, ofKeys = padded(a->headDim), ofValues = padded(a->headDimV);
  float *Q = a->scratch + thread * a->scratchFloats, *P = Q + BLOCK * ofKeys, *O = P + BLOCK * BLOCK, *sums = O + BLOCK * ofValues;
  const Queries q = {Q, P, O, sums, sums + BLOCK * LANES};
  copy_rows(a->Q + row * a->headDim, a->heads * a->headDim, count, a->headDim, Q);
  memset(O, 0, 4 * BLOCK * ofValues);
  memset(sums, 0, 4 * BLOCK * LANES);
  for (int64_t i = 0; i < BLOCK; i++) q.reference[i] = NO_REFERENCE;
  const Vec octaves = splat((float)(a->scale * 1.4426950408889634));
  const int64_t last = b * a->length + t0 + count - 1;
  for (int64_t s0 = whole_at(a->firsts, b * a->length + t0) / BLOCK * BLOCK; s0 < whole_at(a->ends, last); s0 += BLOCK) {
    const View view = view_of(a, b, t0, s0);
    const Pack keys = pack_of(a, b, g, s0 / BLOCK);
    if (view.any) meet(a, &q, &keys, &view, octaves);
  }
  for (int64_t i = 0; i < count; i++) close_query(a, &q, i, row + i * a->heads, (b * a->heads + h) * a->length + t0 + i);
}
