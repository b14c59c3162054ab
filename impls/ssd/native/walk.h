// A block's chunks one after another: outputs and state of one slice, whatever made the rows of B and C.
#pragma once
#include "tiles.h"

// Rows of X that are no whole vectors, or not all there, padded with zeros.
APART Rows padded(const float *X, int64_t stride, int64_t count, int64_t channels, Work *w) {
  for (int64_t s = 0; s < CHUNK; s++)
    for (int64_t p = 0; p < channels; p += LANES) store(&w->X[s][p], s < count ? load_some(X + s * stride + p, channels - p) : (Vec){0});
  return (Rows){w->X[0], SLICE};
}

// Outputs that are not whole rows yet, or not all there is to an output: through D and z into Y.
APART void finish(const Args *a, const Chunk *chunk, Slice slice, int64_t at, int64_t count) {
  const int64_t stride = a->heads * a->headDim, skip = slice.head * a->headDim + slice.channel;
  for (int64_t t = 0; t < count; t++)
    for (int64_t p = 0; p < slice.channels; p += LANES) {
      const int64_t to = at + t * stride + p, left = slice.channels - p;
      const Vec y = load(chunk->Y + t * chunk->yStride + p), x = load(chunk->X.at + t * chunk->X.stride + p);
      store_some(a->Y + to, skip_and_gate(a, y, x, skip + p, to, left), left);
    }
}

// All chunks of a block for one slice; its rows begin with C and B. The state is kept as S / scale, so that a chunk's decay costs one
// product and not one for each of its elements: the decay goes into `scale`, and only where that has become small (or large, or no
// number) into the state.
static float walk_rows(const Args *a, int64_t row, int64_t count, Slice slice, Rows C, Rows B, float *S, float scale, Work *w) {
  float *spare = spare_of(w);
  const int64_t stride = a->heads * a->headDim;
  Step *const keep = keeping[vectors_of(slice.channels) - 1], *const decay = decaying[vectors_of(slice.channels) - 1];
  const bool wholeRows = slice.channels % LANES == 0, plain = wholeRows && !a->D && !a->z;
  const bool past = streams(a, slice);
  for (int64_t index = 0; index * CHUNK < count; index++) {
    const int64_t t = row + index * CHUNK, tokens = least(count - index * CHUNK, CHUNK);
    const int64_t at = t * stride + slice.head * a->headDim + slice.channel;
    const bool straight = plain && tokens == CHUNK;
    const Chunk chunk = {
      .X = wholeRows && tokens == CHUNK ? (Rows){a->X + at, stride} : padded(a->X + at, stride, tokens, slice.channels, w),
      .B = eight_rows(B.at + index * CHUNK * B.stride, B.stride, tokens, a->state, spare),
      .C = eight_rows(C.at + index * CHUNK * C.stride, C.stride, tokens, a->state, spare + CHUNK * a->state),
      .Y = straight ? a->Y + at : w->Y[0],
      .yStride = straight ? stride : SLICE,
      .index = index,
      .streams = straight && past,
    };
    const float after = scale * w->decays[CHUNK - 1][index];
    const bool keeps = within_scale(after);
    (keeps ? keep : decay)(&chunk, S, a->state, scale, after, w);
    if (!straight) finish(a, &chunk, slice, at, tokens);
    scale = keeps ? after : 1;
  }
  return scale;
}
