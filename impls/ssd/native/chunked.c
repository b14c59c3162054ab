// The chunked form (section 6, listing 1) in chunks of eight tokens: y = g (C S) + (L o C B') X, then S <- D S + B' (w X). A chunk is so
// short because a processor without matrix units gains nothing by a longer one: what a token costs is the two products with the state.
//
// The state lies as [n][p], lanes are channels, and all products are tiles of 4 or 8 rows by up to 4 vectors whose sums stay in registers.
// Sixteen chunks are one block: their decays are worked out together, lanes being chunks, and the products of C with B are made once for
// all heads of a group.
#include "scores.h"
#include "../../recurrence/native/steps.h"
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

// All chunks of a block for one slice. The state is kept as S / scale, so that a chunk's decay costs one product and not one for each of
// its elements: the decay goes into `scale`, and only where that has become small (or large, or no number) into the state.
static float walk_block(const Args *a, int64_t row, int64_t count, Slice slice, float *S, float scale, void *work) {
  Work *w = work;
  float *spare = spare_of(w);
  const int64_t stride = a->heads * a->headDim, wide = a->groups * a->state;
  Step *const keep = keeping[vectors_of(slice.channels) - 1], *const decay = decaying[vectors_of(slice.channels) - 1];
  const bool wholeRows = slice.channels % LANES == 0, plain = wholeRows && !a->D && !a->z;
  const bool past = streams(a, slice);
  for (int64_t index = 0; index * CHUNK < count; index++) {
    const int64_t t = row + index * CHUNK, tokens = least(count - index * CHUNK, CHUNK);
    const int64_t at = t * stride + slice.head * a->headDim + slice.channel, from = (t * a->groups + slice.group) * a->state;
    const bool straight = plain && tokens == CHUNK;
    const Chunk chunk = {
      .X = wholeRows && tokens == CHUNK ? (Rows){a->X + at, stride} : padded(a->X + at, stride, tokens, slice.channels, w),
      .B = eight_rows(a->B + from, wide, tokens, a->state, spare),
      .C = eight_rows(a->C + from, wide, tokens, a->state, spare + CHUNK * a->state),
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

static void prepare(const Args *a, int64_t row, int64_t count, Slice slice, Slice before, void *work) {
  Work *w = work;
  if (slice.group != before.group) group_scores(a, row, count, slice.group, w);
  if (slice.head != before.head) head_weights(a, row, count, slice.head, w);
}

static void task(const void *args, int64_t index, int64_t thread) {
  const Args *a = args;
  walk_slices(a, index, thread, sizeof(Work) / 4 + 2 * CHUNK * a->state, prepare, walk_block);
}

void kernel(const void *args) {
  const Args made = stepped(args);
  share(task, &made, made.batch * made.runs, made.threads);
}
