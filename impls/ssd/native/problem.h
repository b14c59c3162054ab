// What the ssd kernels share: their arguments, and walks over rows and states. A kernel defines SLICE_VECTORS, the vectors of a slice.
#pragma once
#include "../../engines/native/exp.h"
#include "../../engines/native/runtime.h"
#include "../../recurrence/native/rows.h"

// An operator that stands in front of these kernels has stated its own, with all of these members.
#ifndef ARGS_STATED
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
#endif

// A slice is as many of a head's channels as a kernel works on at once: so many vectors, of which the last may be a part.
enum { SLICE = SLICE_VECTORS * LANES };

typedef struct {
  int64_t head, group;
  // First channel, and how many there are.
  int64_t channel, channels;
} Slice;

// Slices are counted over all heads of a sequence.
INLINE Slice slice_at(const Args *a, int64_t index) {
  const int64_t slices = ratio_up(a->headDim, SLICE), head = index / slices, channel = index % slices * SLICE;
  return (Slice){head, head / (a->heads / a->groups), channel, least(a->headDim - channel, SLICE)};
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
