// How a sequence is walked: block after block, so that rows of B and C serve all heads of a group from a cache.
#pragma once
#include "problem.h"

enum { BLOCK = 128 };

// What a block needs before its first slice, or before a slice of another head or group than the one before.
typedef void Prepare(const Args *a, int64_t row, int64_t count, Slice slice, Slice before, void *work);

// One slice through a block, whose state stands for `scale` times itself. @return the new scale
typedef float Walk(const Args *a, int64_t row, int64_t count, Slice slice, float *S, float scale, void *work);

// Task `index`, a run of slices of one sequence, in a thread's memory: its work first, states and their scales behind it.
INLINE void walk_slices(const Args *a, int64_t index, int64_t thread, int64_t workFloats, Prepare *prepare, Walk *walk) {
  const int64_t b = index / a->runs, slices = a->heads * ratio_up(a->headDim, SLICE);
  const int64_t first = index % a->runs * a->span, last = least(first + a->span, slices), states = a->state * SLICE;
  float *work = a->scratch + thread * a->scratchFloats, *S = work + ratio_up(workFloats, LANES) * LANES, *scales = S + a->span * states;
  for (int64_t i = first; i < last; i++) {
    load_state(a, b, slice_at(a, i), S + (i - first) * states);
    scales[i - first] = 1;
  }
  for (int64_t t = 0; t < a->length; t += BLOCK) {
    const int64_t row = b * a->length + t, count = least(a->length - t, BLOCK);
    Slice before = {-1, -1, 0, 0};
    for (int64_t i = first; i < last; i++) {
      const Slice slice = slice_at(a, i);
      prepare(a, row, count, slice, before, work);
      before = slice;
      scales[i - first] = walk(a, row, count, slice, S + (i - first) * states, scales[i - first], work);
    }
  }
  for (int64_t i = first; i < last; i++) store_state(a, b, slice_at(a, i), S + (i - first) * states, scales[i - first]);
  end_stream();
}

// Of scaled states: how far. Then no weight overflows that would not have overflowed anyway.
#define SCALE_LIMIT 256.0f
INLINE bool within_scale(float scale) { return scale >= 1 / SCALE_LIMIT && scale <= SCALE_LIMIT; }

// Outputs of so many bytes are more than the caches keep until somebody reads them: they go past the caches.
enum { STREAMED_BYTES = 4 << 20 };

// Whether outputs of a slice may go past the caches: whole lines, and aligned ones.
INLINE bool streams(const Args *a, Slice slice) {
  const int64_t row = a->heads * a->headDim;
  const uintptr_t first = (uintptr_t)(a->Y + slice.head * a->headDim + slice.channel);
  return 4 * a->batch * a->length * row >= STREAMED_BYTES && slice.channels % LINE_FLOATS == 0 && row % LINE_FLOATS == 0 &&
         first % (4 * LINE_FLOATS) == 0;
}
