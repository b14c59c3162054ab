// The chunked form in chunks of eight tokens: what they add to the state follows from one triangular system, solved by substitution
// (the WY representation with its UT transform). The state lies as [n][p], lanes are channels; products with it are tiles whose sums stay in
// registers. Decayed rows and products of pairs are made a block of tokens before, once for all channels of a head.
#include "../../engines/native/vector.h"

// Tensors in C order, 0 for an absent input. The first lines are what ssd's kernels know: X is V, B is K, C is Q.
typedef struct {
  const float *X, *logA, *B, *C, *dt, *D, *z, *initialState;
  float *Y, *finalState;
  int64_t batch, length, heads, groups, headDim, state;
  int64_t span, runs;
  int64_t threads;
  float *scratch;
  int64_t scratchFloats;
  const float *beta;
  // Whether each key channel has a decay of its own.
  int64_t channelDecays;
  // Of queries.
  double factor;
} Args;
#define ARGS_STATED
#include "made.h"
#include "solve.h"

static void prepare(const Args *a, int64_t row, int64_t count, Slice slice, Slice before, void *work) {
  if (slice.head == before.head) return;
  Made *m = work;
  if (a->channelDecays) channel_decays(a, row, count, slice, m);
  else head_decays(a, row, count, slice, slice.group != before.group, m);
}

static float walk_block(const Args *a, int64_t row, int64_t count, Slice slice, float *S, float scale, void *work) {
  Made *m = work;
  Step *const step = steps[vectors_of(slice.channels) - 1];
  for (int64_t index = 0; index * CHUNK < count; index++) step(a, row, least(count - index * CHUNK, CHUNK), slice, S, index, m);
  return scale;
}

static void task(const void *args, int64_t index, int64_t thread) {
  const Args *a = args;
  walk_slices(a, index, thread, made_floats(a), prepare, walk_block);
}

void kernel(const void *args) {
  const Args *a = args;
  share(task, a, a->batch * a->runs, a->threads);
}
