// The short causal convolution backward, from a start of zeros: each token's cotangent goes to the inputs that its taps have met.
#include "../../../engines/native/runtime.h"
#include "../../../engines/native/vector.h"

// (batch, length, channels) each; weight and dweight (channels, width), the last tap meets the current token. dbias 0 where there is none.
typedef struct {
  const float *X, *weight, *dY;
  float *dX, *dweight, *dbias;
  int64_t batch, length, channels, width;
  // Tokens of a sequence that a task takes, and their sums: (tasks, width + 1, channels), the last row that of the bias.
  int64_t span;
  float *parts;
  int64_t threads;
  // Memory of the threads, so many floats each.
  float *scratch;
  int64_t scratchFloats;
} Args;

INLINE int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
INLINE int64_t runs_of(const Args *a) { return (a->length + a->span - 1) / a->span; }

// Some channels of a run of tokens of one sequence. Taps count from the current token back.
INLINE void channels(const Args *a, const float *weights, int64_t row, int64_t first, int64_t last, int64_t c, float *sums) {
  const int64_t count = a->channels - c, stride = a->channels, width = a->width;
  Vec w[4], total[4], bias = splat(0);
  for (int64_t back = 0; back < width; back++) {
    w[back] = load_some(weights + back * stride + c, count);
    total[back] = splat(0);
  }
  for (int64_t t = first; t < last; t++) {
    const int64_t at = (row + t) * stride + c;
    const Vec g = load_some(a->dY + at, count);
    Vec x = splat(0);
    for (int64_t back = 0; back < width; back++) {
      if (t + back < a->length) x = madd(w[back], load_some(a->dY + at + back * stride, count), x);
      if (back <= t) total[back] = madd(g, load_some(a->X + at - back * stride, count), total[back]);
    }
    bias += g;
    store_some(a->dX + at, x, count);
  }
  for (int64_t back = 0; back < width; back++) store_some(sums + (width - 1 - back) * stride + c, total[back], count);
  store_some(sums + width * stride + c, bias, count);
}

// Tasks: (sequence, run of tokens).
static void run_of_tokens(const void *args, int64_t task, int64_t thread) {
  const Args *a = args;
  const int64_t runs = runs_of(a), first = task % runs * a->span, last = least(first + a->span, a->length);
  float *weights = a->scratch + thread * a->scratchFloats, *sums = a->parts + task * (a->width + 1) * a->channels;
  for (int64_t c = 0; c < a->channels; c++)
    for (int64_t back = 0; back < a->width; back++)
      weights[back * a->channels + c] = a->weight[c * a->width + a->width - 1 - back];
  for (int64_t c = 0; c < a->channels; c += LANES) channels(a, weights, task / runs * a->length, first, last, c, sums);
}

// Tasks: taps, and the bias behind them; sums are added up in the order of tokens.
static void taps(const void *args, int64_t tap, int64_t thread) {
  const Args *a = args;
  const int64_t parts = a->batch * runs_of(a), width = a->width, stride = (width + 1) * a->channels;
  (void)thread;
  for (int64_t c = 0; c < a->channels; c += LANES) {
    const int64_t count = least(LANES, a->channels - c);
    Vec total = splat(0);
    for (int64_t i = 0; i < parts; i++) total += load_some(a->parts + i * stride + tap * a->channels + c, count);
    if (tap == width) store_some(a->dbias + c, total, count);
    else
      for (int64_t i = 0; i < count; i++) a->dweight[(c + i) * width + tap] = total[i];
  }
}

void kernel(const void *args) {
  const Args *a = args;
  share(run_of_tokens, a, a->batch * runs_of(a), a->threads);
  share(taps, a, a->dbias ? a->width + 1 : a->width, a->threads);
}
