// What the ssd kernels share: their arguments, and walks over rows and states. A kernel defines SLICE_VECTORS, the vectors of a slice.
#pragma once
#include "../../engines/native/exp.h"
#include "../../engines/native/runtime.h"
#include "../../engines/native/transpose.h"

#include <stdbool.h>

// Tensors in C order, 0 for an absent input; README.md of the operator has the axes.
typedef struct {
  const float *X, *logA, *B, *C, *dt, *D, *z, *initialState;
  const float *dtBias, *documents;
  float *Y, *finalState;
  // What steps.h makes of dt and logA, 0 where those will do, and how.
  float *dtMade, *logAMade;
  int64_t perHead, softplus;
  double dtMin, dtMax;
  int64_t batch, length, heads, groups, headDim, state;
  // Slices of a head's channels that a task takes, and tasks a sequence.
  int64_t span, runs;
  int64_t threads;
  // Memory of the threads, so many floats each.
  float *scratch;
  int64_t scratchFloats;
} Args;

// A slice is as many of a head's channels as a kernel works on at once: so many vectors, of which the last may be a part.
enum { SLICE = SLICE_VECTORS * LANES };

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

// A matrix times `factor` with rows and columns exchanged, square by square. With `pads` the rows of the result are filled up to whole
// vectors with zeros.
static void turn(const float *from, int64_t rows, int64_t columns, int64_t stride, float *to, int64_t toStride, bool pads, float factor) {
  for (int64_t r = 0; r < rows; r += LANES)
    for (int64_t c = 0; c < columns; c += LANES) {
      Vec square[LANES];
      UNROLL for (int i = 0; i < LANES; i++)
        square[i] = r + i < rows ? splat(factor) * load_some(from + (r + i) * stride + c, columns - c) : (Vec){0};
      transpose(square);
      const int64_t count = least(columns - c, LANES);
      UNROLL for (int i = 0; i < LANES; i++)
        if (i < count) store_some(to + (c + i) * toStride + r, square[i], pads ? LANES : rows - r);
    }
}

INLINE int64_t state_at(const Args *a, int64_t b, Slice s) { return ((b * a->heads + s.head) * a->headDim + s.channel) * a->state; }

// Between (h p n) in memory and the [n][channels, padded to vectors] that kernels work on; the padding is zero.
static void load_state(const Args *a, int64_t b, Slice s, float *S) {
  const int64_t width = vectors_of(s.channels) * LANES;
  if (a->initialState) turn(a->initialState + state_at(a, b, s), s.channels, a->state, a->state, S, width, true, 1);
  else memset(S, 0, 4 * a->state * width);
}

static void store_state(const Args *a, int64_t b, Slice s, const float *S, float factor) {
  turn(S, a->state, s.channels, vectors_of(s.channels) * LANES, a->finalState + state_at(a, b, s), a->state, false, factor);
}

// y + D x, with the raw x, then times silu(z), for one vector of an output's row.
INLINE Vec skip_and_gate(const Args *a, Vec y, Vec x, int64_t skip, int64_t at, int64_t count) {
  if (a->D) y = madd(load_some(a->D + skip, count), x, y);
  if (a->z) y *= silu(load_some(a->z + at, count));
  return y;
}
