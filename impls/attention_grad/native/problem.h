// What a run is told, and how keys and values lie while it works.
#pragma once
#include "../../engines/native/exp.h"
#include "../../engines/native/products.h"
#include "../../engines/native/runtime.h"
#include "../../engines/native/transpose.h"

// Tensors in C order, 0 for an absent one; README.md of the operator has the axes.
typedef struct {
  const float *Q, *K, *V, *dY;
  float *dQ, *dK, *dV, *Y;
  int64_t batch, length, context, heads, groups, headDim, headDimV;
  double scale;
  // The first key that each query sees and the end of its keys, (batch length): 32-bit whole numbers.
  const float *firsts, *ends;
  // [batch][group][block of KEYS keys] packs.
  float *packs;
  // Of each query of each head, (batch heads length): the reference of its weights in octaves, what makes weights of their powers, D.
  float *references, *factors, *products;
  int64_t threads;
  // Memory of the threads, so many floats each.
  float *scratch;
  int64_t scratchFloats;
} Args;

// Queries and keys of a block, and of a segment.
enum { BLOCK = 48, BLOCKS = 8, SEGMENT = BLOCK * BLOCKS };

INLINE int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
INLINE int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }
INLINE int64_t ratio_up(int64_t a, int64_t b) { return (a + b - 1) / b; }
INLINE int64_t padded(int64_t channels) { return ratio_up(channels, LANES) * LANES; }
INLINE int64_t whole_at(const float *table, int64_t index) {
  int32_t value;
  memcpy(&value, table + index, 4);
  return value;
}

// A block of keys and their values, in columns [channel][BLOCK] and in rows of whole vectors. What is not there is zero.
typedef struct {
  float *columnsK, *columnsV, *K, *V;
} Pack;

INLINE int64_t pack_floats(const Args *a) {
  return BLOCK * (a->headDim + a->headDimV + padded(a->headDim) + padded(a->headDimV));
}

INLINE Pack pack_of(const Args *a, int64_t b, int64_t g, int64_t block) {
  float *m = a->packs + ((b * a->groups + g) * ratio_up(a->context, BLOCK) + block) * pack_floats(a);
  Pack p = {m, m + BLOCK * a->headDim, 0, 0};
  p.K = p.columnsV + BLOCK * a->headDimV;
  p.V = p.K + BLOCK * padded(a->headDim);
  return p;
}

// Rows of `channels` floats, `stride` apart, to rows of whole vectors; of BLOCK rows those that are not there are zeros.
static void copy_rows(const float *from, int64_t stride, int64_t rows, int64_t channels, float *to) {
  const int64_t width = padded(channels);
  for (int64_t i = 0; i < rows; i++, from += stride, to += width) {
    memcpy(to, from, 4 * channels);
    memset(to + channels, 0, 4 * (width - channels));
  }
  memset(to, 0, 4 * (BLOCK - rows) * width);
}

// What the queries of a block see of a block of keys: of each its keys [from, to), both counted from the block's first key. Neither falls
// from one query to the next, but that those without keys have 0 and 0. The same seen from the keys: of each its queries.
typedef struct {
  int32_t from[BLOCK], to[BLOCK];
  // Whether all see all, and whether any sees any.
  bool whole, any;
} View;

static View view_of(const Args *a, int64_t b, int64_t t0, int64_t s0) {
  View v = {.any = false};
  const int64_t row = b * a->length + t0, count = least(BLOCK, a->length - t0);
  v.whole = count == BLOCK && whole_at(a->firsts, row + BLOCK - 1) <= s0 && whole_at(a->ends, row) >= s0 + BLOCK;
  for (int64_t i = 0; i < BLOCK; i++) {
    int64_t from = 0, to = v.whole ? BLOCK : 0;
    if (!v.whole && i < count) {
      from = most(whole_at(a->firsts, row + i) - s0, 0);
      to = least(whole_at(a->ends, row + i) - s0, BLOCK);
      if (from >= to) from = to = 0;
    }
    v.from[i] = (int32_t)from;
    v.to[i] = (int32_t)to;
    v.any |= from < to;
  }
  return v;
}

static View seen_by(const View *queries) {
  if (queries->whole) return *queries;
  View v = {.any = queries->any};
  for (int32_t s = 0; s < BLOCK; s++) v.from[s] = v.to[s] = 0;
  int32_t reached = 0, left = BLOCK;
  for (int32_t i = 0; i < BLOCK; i++)
    for (reached = queries->from[i] > reached ? queries->from[i] : reached; reached < queries->to[i]; reached++) v.from[reached] = i;
  for (int32_t i = BLOCK - 1; i >= 0; i--) {
    if (queries->from[i] == queries->to[i]) continue;
    for (int32_t s = queries->from[i]; s < left && s < queries->to[i]; s++) v.to[s] = i + 1;
    left = queries->from[i] < left ? queries->from[i] : left;
  }
  return v;
}

INLINE bool six_see(const View *v, int64_t i) {
  int32_t any = 0;
  for (int64_t r = i; r < i + SIX; r++) any |= v->to[r];
  return any != 0;
}

// 0. A block of keys.
static void pack(const void *args, int64_t index, int64_t thread) {
  const Args *a = args;
  (void)thread;
  const int64_t blocks = ratio_up(a->context, BLOCK), block = index % blocks, bg = index / blocks, g = bg % a->groups, b = bg / a->groups;
  const int64_t s0 = block * BLOCK, count = least(BLOCK, a->context - s0), row = (b * a->context + s0) * a->groups + g;
  const int64_t d = a->headDim, e = a->headDimV;
  const Pack p = pack_of(a, b, g, block);
  if (count < BLOCK) memset(p.columnsK, 0, 4 * BLOCK * (d + e));
  transpose_rows(a->K + row * d, a->groups * d, count, d, p.columnsK, BLOCK);
  transpose_rows(a->V + row * e, a->groups * e, count, e, p.columnsV, BLOCK);
  copy_rows(a->K + row * d, a->groups * d, count, d, p.K);
  copy_rows(a->V + row * e, a->groups * e, count, e, p.V);
  for (int64_t s = 0; s < count; s++) {
    memset(a->dK + (row + s * a->groups) * d, 0, 4 * d);
    memset(a->dV + (row + s * a->groups) * e, 0, 4 * e);
  }
}
