// The chunked form in chunks of eight tokens: what they add to the state follows from one triangular system, solved by substitution
// (the WY representation with its UT transform). The state lies as [n][p], lanes are channels; products with it are tiles whose sums stay
// in registers. Products of pairs, and rows where each key channel decays by itself, are made a block of tokens before, once for all
// channels of a head. The state is kept scaled, as ssd keeps its own, so that one decay a token costs no product an element.
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
  const int64_t state = a->state;
  const Rows Q = rows_at(a, a->C, row, slice.group), K = rows_at(a, a->B, row, slice.group);
  for (int64_t index = 0; index * CHUNK < count; index++) {
    const int64_t first = index * CHUNK, tokens = least(count - first, CHUNK);
    Chunk chunk = {.index = index, .row = row + first, .tokens = tokens};
    if (a->channelDecays) {
      chunk.K = (Rows){decayed_keys(a, m) + first * state, state};
      chunk.Q = (Rows){decayed_queries(a, m) + first * state, state};
      chunk.toEnd = (Rows){keys_at_end(a, m) + first * state, state};
      chunk.decays = chunk_decays(a, m) + index * state;
    } else {
      chunk.K = chunk.toEnd = chunk_rows(K, first, tokens, state, spare_rows(m));
      chunk.Q = chunk_rows(Q, first, tokens, state, spare_rows(m) + CHUNK * state);
    }
    scale = step(a, &chunk, slice, S, scale, m);
  }
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
