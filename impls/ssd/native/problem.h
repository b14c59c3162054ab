// What the ssd kernels share: their arguments, and walks over rows and states.
#pragma once
#include "../../engines/native/exp.h"
#include "../../engines/native/runtime.h"

// Tensors in C order, 0 for an absent input; README.md of the operator has the axes.
typedef struct {
  const float *X, *logA, *B, *C, *dt, *D, *z, *initialState;
  float *Y, *finalState;
  int64_t batch, length, heads, groups, headDim, state;
  // Slices of a head's channels that a task takes, and tasks a sequence.
  int64_t span, runs;
  int64_t threads;
  // Memory of the threads, so many floats each.
  float *scratch;
  int64_t scratchFloats;
} Args;

// A slice is as many of a head's channels as fill the registers of a tile: so many vectors, of which the last may be a part.
enum { WIDEST = REGISTERS == 32 ? 4 : 2, SLICE = WIDEST * LANES };

typedef struct {
  int64_t head, group;
  // First channel, and how many there are.
  int64_t channel, channels;
} Slice;

INLINE int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
INLINE int64_t ratio_up(int64_t a, int64_t b) { return (a + b - 1) / b; }
INLINE int64_t vectors_of(int64_t channels) { return ratio_up(channels, LANES); }

// Slices are counted over all heads of a sequence.
INLINE Slice slice_at(const Args *a, int64_t index) {
  const int64_t slices = ratio_up(a->headDim, SLICE), head = index / slices, channel = index % slices * SLICE;
  return (Slice){head, head / (a->heads / a->groups), channel, least(a->headDim - channel, SLICE)};
}

// Between (h p n) in memory and the [n][channels, padded to vectors] that kernels work on; the padding is zero.
static void load_state(const Args *a, int64_t b, Slice s, float *S) {
  const int64_t width = vectors_of(s.channels) * LANES;
  memset(S, 0, 4 * a->state * width);
  if (!a->initialState) return;
  const float *from = a->initialState + ((b * a->heads + s.head) * a->headDim + s.channel) * a->state;
  for (int64_t p = 0; p < s.channels; p++)
    for (int64_t n = 0; n < a->state; n++) S[n * width + p] = *from++;
}

static void store_state(const Args *a, int64_t b, Slice s, const float *S, float factor) {
  const int64_t width = vectors_of(s.channels) * LANES;
  float *to = a->finalState + ((b * a->heads + s.head) * a->headDim + s.channel) * a->state;
  for (int64_t p = 0; p < s.channels; p++)
    for (int64_t n = 0; n < a->state; n++) *to++ = factor * S[n * width + p];
}

// y + D x, with the raw x, then times silu(z), for one vector of an output's row.
INLINE Vec skip_and_gate(const Args *a, Vec y, Vec x, int64_t skip, int64_t at, int64_t count) {
  if (a->D) y = madd(load_some(a->D + skip, count), x, y);
  if (a->z) y *= silu(load_some(a->z + at, count));
  return y;
}
