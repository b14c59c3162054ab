// A few tokens, as a model has them that writes: the state is read and written where it lies, lanes are its columns.
#pragma once
#include "sequence.h"

// Up to so many tokens a state is used too rarely to be turned into the layout of longer walks.
enum { DECODE_LENGTH = 3 };

// Rows of a state, as many as lanes or fewer: decayed, one token added. @return their products with C, row by row in the lanes
INLINE Vec decode_rows(const float *from, float *to, int64_t rows, int64_t state, float decay, const float *x, const float *B,
                       const float *C) {
  Vec sums[LANES];
  UNROLL for (int i = 0; i < LANES; i++) sums[i] = (Vec){0};
  for (int64_t i = 0; i < rows; i++)
    for (int64_t n = 0; n < state; n += LANES) {
      const int64_t left = state - n;
      const Vec before = from ? load_some(from + i * state + n, left) : (Vec){0};
      const Vec s = madd(splat(decay), before, splat(x[i]) * load_some(B + n, left));
      store_some(to + i * state + n, s, left);
      sums[i] = madd(load_some(C + n, left), s, sums[i]);
    }
  return sums_of(sums);
}

static void decode_slice(const Args *a, int64_t b, Slice slice) {
  for (int64_t t = 0; t < a->length; t++) {
    const int64_t row = b * a->length + t, token = row * a->heads + slice.head;
    const int64_t of = (row * a->groups + slice.group) * a->state;
    float logs[LANES] = {a->logA[token]}, decays[LANES];
    store(decays, exp_of(load(logs)));
    // a reset drops what is before it, NaN and all
    const float *before = decays[0] == 0 ? 0 : t > 0 ? a->finalState : a->initialState;
    const float step = a->dt ? a->dt[token] : 1;
    for (int64_t p = 0; p < slice.channels; p += LANES) {
      const int64_t left = least(slice.channels - p, LANES), at = state_at(a, b, slice) + p * a->state;
      const int64_t skip = slice.head * a->headDim + slice.channel + p, to = row * a->heads * a->headDim + skip;
      const Vec x = load_some(a->X + to, left);
      float weighted[LANES];
      store(weighted, splat(step) * x);
      const Vec y = decode_rows(before ? before + at : 0, a->finalState + at, left, a->state, decays[0], weighted, a->B + of, a->C + of);
      store_some(a->Y + to, skip_and_gate(a, y, x, skip, to, left), left);
    }
  }
}

static void decode_slices(const Args *a, int64_t index) {
  const int64_t b = index / a->runs, slices = a->heads * ratio_up(a->headDim, SLICE), first = index % a->runs * a->span;
  for (int64_t i = first; i < least(first + a->span, slices); i++) decode_slice(a, b, slice_at(a, i));
}
