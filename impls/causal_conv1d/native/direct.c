// The short causal convolution: a token after another, vectors of channels; a tap is a row of inputs times a row of weights.
#include "../../engines/native/exp.h"
#include "../../engines/native/runtime.h"

// Tensors in C order, 0 for an absent input; README.md of the operator has the axes.
typedef struct {
  const float *X, *weight, *bias, *initialState, *documents;
  float *Y, *finalState;
  int64_t batch, length, width, past;
  // Of many channels beside each other: how many are meant, floats from a token of X to the next, and channels of a sequence's states.
  int64_t channels, rowX, stateChannels;
  int64_t silu;
  // Tokens that a task takes.
  int64_t span;
  int64_t threads;
  // Memory of the threads, so many floats each.
  float *scratch;
  int64_t scratchFloats;
} Args;

// (channel, j) to rows of channels.
static void rows_of(const float *from, int64_t channels, int64_t count, float *to) {
  for (int64_t c = 0; c < channels; c++)
    for (int64_t j = 0; j < count; j++) to[j * channels + c] = *from++;
}

// How many tokens before t belong to its document, at most `past`; those before the first one belong to document 0.
static int64_t reach(const float *ids, int64_t t, int64_t past) {
  int64_t back = 0;
  if (!ids) return past;
  while (back < past && (t - back - 1 < 0 ? 0 : ids[t - back - 1]) == ids[t]) back++;
  return back;
}

// bias + sum over taps of their weights times rows of inputs, then SiLU.
INLINE void token(const Args *a, const float *const *rows, const float *weights, int64_t taps, float *to) {
  const int64_t channels = a->channels;
  for (int64_t c = 0; c < channels; c += LANES) {
    const int64_t count = channels - c;
    Vec y = a->bias ? load_some(a->bias + c, count) : splat(0);
    for (int64_t j = 0; j < taps; j++)
      y = madd(load_some(weights + j * channels + c, count), load_some(rows[j] + c, count), y);
    store_some(to + c, a->silu ? silu(y) : y, count);
  }
}

// The last inputs of a sequence, oldest first; zeros where they belong to another document than the last token.
static void finish(const Args *a, int64_t b, const float *before, int64_t kept) {
  const int64_t channels = a->channels;
  float *to = a->finalState + b * a->stateChannels * a->past;
  for (int64_t c = 0; c < channels; c++)
    for (int64_t back = a->past - 1; back >= 0; back--) {
      const int64_t t = a->length - 1 - back;
      const float *from = t < 0 ? before + (a->past + t) * channels : a->X + (b * a->length + t) * a->rowX;
      *to++ = back <= kept ? from[c] : 0;
    }
}

// Tasks: (sequence, run of tokens).
static void run_of_tokens(const void *args, int64_t task, int64_t thread) {
  const Args *a = args;
  const int64_t channels = a->channels, runs = (a->length + a->span - 1) / a->span;
  const int64_t b = task / runs, first = task % runs * a->span;
  const int64_t last = first + a->span < a->length ? first + a->span : a->length;
  float *weights = a->scratch + thread * a->scratchFloats, *before = weights + a->width * channels;
  rows_of(a->weight, channels, a->width, weights);
  if (a->initialState) rows_of(a->initialState + b * a->stateChannels * a->past, channels, a->past, before);
  else memset(before, 0, 4 * a->past * channels);
  const float *X = a->X + b * a->length * a->rowX, *ids = a->documents ? a->documents + b * a->length : 0;
  for (int64_t t = first; t < last; t++) {
    const int64_t back = reach(ids, t, a->past);
    const float *rows[4];
    for (int64_t j = 0; j <= back; j++) {
      const int64_t from = t - back + j;
      rows[j] = from < 0 ? before + (a->past + from) * channels : X + from * a->rowX;
    }
    token(a, rows, weights + (a->past - back) * channels, back + 1, a->Y + (b * a->length + t) * channels);
  }
  if (last == a->length) finish(a, b, before, reach(ids, last - 1, a->past));
}

void kernel(const void *args) {
  const Args *a = args;
  share(run_of_tokens, a, a->batch * ((a->length + a->span - 1) / a->span), a->threads);
}
