// A few tokens, as a model has them that writes: the state is read and written where it lies, lanes are its columns. Included by
// recurrent.c, whose arguments it takes.
#pragma once

// Up to so many tokens a state is used too rarely to be turned into the layout of longer walks.
enum { DECODE_LENGTH = 3 };

// What the channels of a vector share at one token: rows of B and C, and how far apart those of two channels are (0: one for all).
typedef struct {
  const float *A, *B, *C;
  int64_t strideB, strideC;
} Columns;

// Rows of a state, as many as lanes or fewer: decayed, one token added. @return their products with C, row by row in the lanes
INLINE Vec decode_rows(const float *from, float *to, int64_t rows, int64_t state, const float *steps, const float *inputs,
                       const Columns *k) {
  Vec sums[LANES];
  UNROLL for (int i = 0; i < LANES; i++) sums[i] = (Vec){0};
  for (int64_t i = 0; i < rows; i++)
    for (int64_t n = 0; n < state; n += LANES) {
      const int64_t left = state - n;
      const Vec before = from ? load_some(from + i * state + n, left) : (Vec){0};
      const Vec decay = exp2_of(splat(steps[i]) * in_octaves(load_some(k->A + i * state + n, left)));
      const Vec s = madd(decay, before, splat(inputs[i]) * load_some(k->B + i * k->strideB + n, left));
      store_some(to + i * state + n, s, left);
      sums[i] = madd(load_some(k->C + i * k->strideC + n, left), s, sums[i]);
    }
  return sums_of(sums);
}

// As many channels of one group as lanes, or fewer, over all tokens of a sequence.
static void decode_channels(const Args *a, int64_t b, int64_t group, int64_t channel, int64_t count) {
  const int64_t width = a->heads * a->headDim, at = (b * width + channel) * a->state;
  const float *before = a->initialState ? a->initialState + at : 0;
  const Vec bias = a->deltaBias ? load_some(a->deltaBias + channel, count) : splat(0);
  for (int64_t t = 0; t < a->length; t++, before = a->finalState + at) {
    const int64_t row = b * a->length + t, to = row * width + channel, of = (row * a->groups + group) * a->state;
    const Vec u = load_some(a->u + to, count);
    Vec step = load_some(a->delta + to, count) + bias;
    if (a->softplus) step = softplus(step);
    float steps[LANES], inputs[LANES];
    store(steps, step);
    store(inputs, step * u);
    const Columns k = {a->A + channel * a->state, a->constantB ? a->B + channel * a->state : a->B + of,
                       a->constantC ? a->C + channel * a->state : a->C + of, a->constantB ? a->state : 0, a->constantC ? a->state : 0};
    if (a->documents && anew(a, b, t)) before = 0;
    Vec y = decode_rows(before, a->finalState + at, count, a->state, steps, inputs, &k);
    if (a->D) y = madd(load_some(a->D + channel, count), u, y);
    if (a->z) y *= silu(load_some(a->z + to, count));
    store_some(a->Y + to, y, count);
  }
}

static void decode_slices(const Args *a, int64_t index) {
  const int64_t perGroup = a->heads / a->groups * a->headDim, b = index / a->runs, first = index % a->runs * a->span;
  for (int64_t i = first; i < least(first + a->span, a->groups * a->slices); i++) {
    const int64_t group = i / a->slices, place = i % a->slices * LANES;
    decode_channels(a, b, group, group * perGroup + place, least(perGroup - place, LANES));
  }
}
