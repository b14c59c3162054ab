// The chunked form (section 6, listing 1) in chunks of eight tokens: y = g (C S) + (L o C B') X, then S <- D S + B' (w X). A chunk is so
// short because a processor without matrix units gains nothing by a longer one: what a token costs is the two products with the state.
//
// The state lies as [n][p], lanes are channels, and all products are tiles of 4 or 8 rows by up to 4 vectors whose sums stay in registers.
// Sixteen chunks are one block: their decays are worked out together, lanes being chunks, and the products of C with B are made once for
// all heads of a group.
#include "scores.h"
#include "tiles.h"

// Of the states that are kept scaled (below), how far: then no weight overflows that would not have overflowed anyway.
#define SCALE_LIMIT 256.0f

// X of a chunk and X times its weights; tokens behind the end are zeros.
INLINE void load_chunk(const float *X, int64_t stride, int64_t count, int64_t channels, float scale, int64_t chunk, Work *w) {
  const bool whole = count >= CHUNK && channels % LANES == 0;
  UNROLL for (int s = 0; s < CHUNK; s++) {
    const Vec weight = splat(scale * w->inState[s][chunk]);
    for (int64_t p = 0; p < channels; p += LANES) {
      const Vec x = whole ? load(X + s * stride + p) : s < count ? load_some(X + s * stride + p, channels - p) : (Vec){0};
      store(&w->X[s][p], x);
      store(&w->scaled[s][p], weight * x);
    }
  }
}

// Outputs that are not whole rows yet, or not all there is to an output: through D and z into Y.
APART void finish(const Args *a, const Work *w, Slice slice, int64_t at, int64_t count) {
  const int64_t stride = a->heads * a->headDim, skip = slice.head * a->headDim + slice.channel;
  for (int64_t t = 0; t < count; t++)
    for (int64_t p = 0; p < slice.channels; p += LANES) {
      const int64_t to = at + t * stride + p, left = slice.channels - p;
      store_some(a->Y + to, skip_and_gate(a, load(&w->Y[t][p]), load(&w->X[t][p]), skip + p, to, left), left);
    }
}

// All chunks of a block for one slice. The state is kept as S / scale, so that a chunk's decay costs one product and not one for each of
// its elements: the decay goes into `scale`, and only where that has become small (or large, or no number) into the state.
// @return the new scale
static float walk_block(const Args *a, int64_t row, int64_t count, Slice slice, float *S, float scale, Work *w, float *spare) {
  const int64_t stride = a->heads * a->headDim, wide = a->groups * a->state;
  const Tiles step = tiles[vectors_of(slice.channels) - 1];
  const bool plain = !a->D && !a->z && slice.channels % LANES == 0;
  for (int64_t chunk = 0; chunk * CHUNK < count; chunk++) {
    const int64_t t = row + chunk * CHUNK, tokens = least(count - chunk * CHUNK, CHUNK);
    const int64_t at = t * stride + slice.head * a->headDim + slice.channel, from = (t * a->groups + slice.group) * a->state;
    const Rows C = eight_rows(a->C + from, wide, tokens, a->state, spare);
    const Rows B = eight_rows(a->B + from, wide, tokens, a->state, spare + CHUNK * a->state);
    const float after = scale * w->decays[CHUNK - 1][chunk];
    const bool keeps = after >= 1 / SCALE_LIMIT && after <= SCALE_LIMIT, straight = plain && tokens == CHUNK;
#ifdef PFX
    UNROLL for (int s = 0; s < CHUNK; s++) for (int p = 0; p < slice.channels; p += 16) { __builtin_prefetch(a->X + at + (PFX * CHUNK + s) * stride + p);
#ifdef PFY
      __builtin_prefetch(a->Y + at + (PFX * CHUNK + s) * stride + p, 1);
#endif
    }
#endif
    load_chunk(a->X + at, stride, tokens, slice.channels, keeps ? 1 / after : 1, chunk, w);
    step.outputs(S, C, a->state, scale, chunk, w, straight ? a->Y + at : w->Y[0], straight ? stride : SLICE);
    if (!straight) finish(a, w, slice, at, tokens);
    if (keeps) step.add(S, B, a->state, w, 1);
    else step.decayAndAdd(S, B, a->state, w, after);
    scale = keeps ? after : 1;
  }
  return scale;
}

// A run of slices of one sequence, block after block: rows of B and C, and products of them, serve all its heads.
static void task(const void *args, int64_t index, int64_t thread) {
  const Args *a = args;
  const int64_t b = index / a->runs, slices = a->heads * ratio_up(a->headDim, SLICE);
  const int64_t first = index % a->runs * a->span, last = least(first + a->span, slices), states = a->state * SLICE;
  Work *w = (Work *)(a->scratch + thread * a->scratchFloats);
  float *spare = (float *)(w + 1), *S = spare + ratio_up(2 * CHUNK * a->state, LANES) * LANES, *scales = S + a->span * states;
  for (int64_t i = first; i < last; i++) {
    load_state(a, b, slice_at(a, i), S + (i - first) * states);
    scales[i - first] = 1;
  }
  for (int64_t t = 0; t < a->length; t += BLOCK) {
    const int64_t row = b * a->length + t, count = least(a->length - t, BLOCK);
    Slice before = {-1, -1, 0, 0};
    for (int64_t i = first; i < last; i++) {
      const Slice slice = slice_at(a, i);
      if (slice.group != before.group) group_scores(a, row, count, slice.group, w, spare);
      if (slice.head != before.head) head_weights(a, row, count, slice.head, w);
      before = slice;
      scales[i - first] = walk_block(a, row, count, slice, S + (i - first) * states, scales[i - first], w, spare);
    }
  }
  for (int64_t i = first; i < last; i++) store_state(a, b, slice_at(a, i), S + (i - first) * states, scales[i - first]);
}

void kernel(const void *args) {
  const Args *a = args;
  share(task, args, a->batch * a->runs, a->threads);
}
