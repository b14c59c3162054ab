// The recurrent form: lanes are channels, and the time loop is the only sequential part. Every state has a decay of its own, so that the
// work is one exponential and four multiply-adds an element: no form of this map is a matrix product.
#include "../../engines/native/exp.h"
#include "../../engines/native/runtime.h"

#include <stdbool.h>

// GCC puts instructions off to where their operands are ready only if told to: 7% here, where there are registers enough.
#if defined(__AVX512F__) && !defined(__clang__)
#pragma GCC optimize("schedule-insns", "sched-pressure")
#endif

// Tensors in C order, 0 for an absent input; README.md of the operator has the axes.
typedef struct {
  const float *u, *delta, *A, *B, *C, *D, *z, *deltaBias, *initialState, *documents;
  float *Y, *finalState;
  int64_t batch, length, heads, groups, headDim, state;
  int64_t softplus, constantB, constantC;
  // Slices of LANES channels of one group: all of a group, those that a task takes, and tasks a sequence.
  int64_t slices, span, runs;
  int64_t threads;
  // Memory of the threads, so many floats each.
  float *scratch;
  int64_t scratchFloats;
} Args;

// Tokens whose steps are worked out together, and states that stay in registers while they pass.
enum { BLOCK = 64, HELD = REGISTERS == 32 ? 16 : 4 };
// Exponents of two up to this size need no holding at an end.
#define TAME 126.0f

typedef struct {
  int64_t group, channel, channels;
  // A in octaves, the state, constant B and C: [state][LANES] each; channels that are not there are zeros.
  float *A, *S, *B, *C;
  // The largest |A| of each channel.
  Vec most;
} Slice;

// Time steps, their products with u, and outputs of a block.
typedef struct {
  float steps[BLOCK][LANES], inputs[BLOCK][LANES], Y[BLOCK][LANES];
} __attribute__((aligned(64))) Rows;

// A slice at some tokens: its rows, and where u, delta, Y and where B, C have the first of them.
typedef struct {
  const Slice *slice;
  Rows *rows;
  int64_t at, from, count;
} Block;

INLINE int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
INLINE Vec size_of(Vec x) { return larger(x, -x); }
INLINE bool all_below(Vec x, float limit) {
  const Bits below = (Bits)(x <= splat(limit));
  int all = 1;
  for (int i = 0; i < LANES; i++) all &= below[i] != 0;
  return all;
}

static void gather(const float *from, int64_t state, int64_t channels, float *to) {
  memset(to, 0, 4 * state * LANES);
  for (int64_t p = 0; p < channels; p++)
    for (int64_t n = 0; n < state; n++) to[n * LANES + p] = *from++;
}

static Slice open_slice(const Args *a, int64_t b, int64_t index, float *memory) {
  const int64_t perGroup = a->heads / a->groups * a->headDim, table = a->state * LANES;
  const int64_t group = index / a->slices, place = index % a->slices * LANES, channel = group * perGroup + place;
  Slice s = {group, channel, least(perGroup - place, LANES), memory, memory + table, memory + 2 * table, memory + 3 * table, splat(0)};
  gather(a->A + channel * a->state, a->state, s.channels, s.A);
  for (int64_t n = 0; n < a->state; n++) {
    const Vec octaves = in_octaves(load(s.A + n * LANES));
    store(s.A + n * LANES, octaves);
    s.most = larger(s.most, size_of(octaves));
  }
  if (a->initialState)
    gather(a->initialState + (b * a->heads * a->headDim + channel) * a->state, a->state, s.channels, s.S);
  else memset(s.S, 0, 4 * table);
  if (a->constantB) gather(a->B + channel * a->state, a->state, s.channels, s.B);
  if (a->constantC) gather(a->C + channel * a->state, a->state, s.channels, s.C);
  return s;
}

static void close_slice(const Args *a, int64_t b, const Slice *s) {
  float *to = a->finalState + (b * a->heads * a->headDim + s->channel) * a->state;
  for (int64_t p = 0; p < s->channels; p++)
    for (int64_t n = 0; n < a->state; n++) *to++ = s->S[n * LANES + p];
}

// 1. Time steps of a block, and delta u. @return whether all its decays are tame
static bool block_steps(const Args *a, const Block *k) {
  const Slice *s = k->slice;
  const int64_t width = a->heads * a->headDim;
  const Vec bias = a->deltaBias ? load_some(a->deltaBias + s->channel, s->channels) : splat(0);
  Vec most = splat(0);
  int64_t at = k->at;
  for (int64_t t = 0; t < k->count; t++, at += width) {
    Vec step = load_some(a->delta + at, s->channels);
    if (a->deltaBias) step += bias;
    if (a->softplus) step = softplus(step);
    store(k->rows->steps[t], step);
    store(k->rows->inputs[t], step * load_some(a->u + at, s->channels));
    // a NaN is passed over: every exponential hands it on
    most = larger(size_of(step), most);
  }
  return all_below(most * s->most, TAME);
}

// Rows are so far apart that no processor sees the next one coming.
INLINE void fetch(const Args *a, int64_t at) {
  __builtin_prefetch(a->u + at);
  __builtin_prefetch(a->delta + at);
  __builtin_prefetch(a->Y + at, 1);
}

// 2. s <- exp(delta A) s + delta u B and y = s . C for H states, whose B and C are those of the token or, where constant, of the channel.
INLINE void walk(const int H, const bool tame, const bool constantB, const bool constantC, const Args *a, const Block *k, int64_t n) {
  const Slice *s = k->slice;
  const float *A = s->A + n * LANES;
  const float *b = constantB ? s->B + n * LANES : a->B + k->from + n, *c = constantC ? s->C + n * LANES : a->C + k->from + n;
  const int64_t width = a->heads * a->headDim, stride = a->groups * a->state;
  Vec S[HELD];
  UNROLL for (int i = 0; i < H; i++) S[i] = load(s->S + (n + i) * LANES);
  for (int64_t t = 0; t < k->count; t++) {
    if (n == 0) fetch(a, k->at + (BLOCK + t) * width);
    const Vec step = load(k->rows->steps[t]), input = load(k->rows->inputs[t]);
    Vec y[2] = {n ? load(k->rows->Y[t]) : splat(0), splat(0)};
    UNROLL for (int i = 0; i < H; i++) {
      const Vec octaves = step * load(A + i * LANES), decay = tame ? exp2_within(octaves) : exp2_of(octaves);
      S[i] = madd(decay, S[i], input * (constantB ? load(b + i * LANES) : splat(b[i])));
      y[i % 2] = madd(S[i], constantC ? load(c + i * LANES) : splat(c[i]), y[i % 2]);
    }
    store(k->rows->Y[t], y[0] + y[1]);
    if (!constantB) b += stride;
    if (!constantC) c += stride;
  }
  UNROLL for (int i = 0; i < H; i++) store(s->S + (n + i) * LANES, S[i]);
}

#define WALK(name, ...)                                                             \
  static __attribute__((noinline)) void name(const Args *a, const Block *k) {       \
    int64_t n = 0;                                                                  \
    for (; n + HELD <= a->state; n += HELD) walk(HELD, __VA_ARGS__, a, k, n);       \
    for (; n + 4 <= a->state; n += 4) walk(4, __VA_ARGS__, a, k, n);                \
    for (; n < a->state; n++) walk(1, __VA_ARGS__, a, k, n);                        \
  }
WALK(walk_tame, true, false, false)
WALK(walk_any, false, false, false)
WALK(walk_constant_B, false, true, false)
WALK(walk_constant_C, false, false, true)
WALK(walk_constant, false, true, true)

// 3. y + D u, then times silu(z).
static void write_block(const Args *a, const Block *k) {
  const Slice *s = k->slice;
  const int64_t width = a->heads * a->headDim;
  int64_t at = k->at;
  for (int64_t t = 0; t < k->count; t++, at += width) {
    Vec y = load(k->rows->Y[t]);
    if (a->D) y = madd(load_some(a->D + s->channel, s->channels), load_some(a->u + at, s->channels), y);
    if (a->z) y *= silu(load_some(a->z + at, s->channels));
    store_some(a->Y + at, y, s->channels);
  }
}

// Whether nothing from before token t of a sequence reaches it: a document begins, or the first one is not that of the initial state.
INLINE bool anew(const Args *a, int64_t b, int64_t t) {
  const float *id = a->documents + b * a->length + t;
  return t ? id[0] != id[-1] : id[0] != 0;
}

#include "decode.h"

// Tokens of the block from t on: of one document.
static int64_t block_tokens(const Args *a, int64_t b, int64_t t) {
  const int64_t most = least(a->length - t, BLOCK);
  int64_t count = a->documents ? 1 : most;
  while (count < most && !anew(a, b, t + count)) count++;
  return count;
}

// A run of slices of one sequence, block after block: rows of B and C serve all of them.
static void task(const void *args, int64_t index, int64_t thread) {
  const Args *a = args;
  if (a->length <= DECODE_LENGTH) {
    decode_slices(a, index);
    return;
  }
  const int64_t b = index / a->runs, first = index % a->runs * a->span, last = least(first + a->span, a->groups * a->slices);
  float *memory = a->scratch + thread * a->scratchFloats;
  Rows *rows = (Rows *)memory;
  Slice *slices = (Slice *)(rows + 1);
  float *tables = (float *)(slices + a->span);
  for (int64_t i = first; i < last; i++) slices[i - first] = open_slice(a, b, i, tables + (i - first) * 4 * a->state * LANES);
  for (int64_t t = 0, count; t < a->length; t += count) {
    const int64_t row = b * a->length + t;
    const bool forgets = a->documents && anew(a, b, t);
    count = block_tokens(a, b, t);
    for (int64_t i = 0; i < last - first; i++) {
      const Slice *s = &slices[i];
      if (forgets) memset(s->S, 0, 4 * a->state * LANES);
      const int64_t at = row * a->heads * a->headDim + s->channel, from = (row * a->groups + s->group) * a->state;
      const Block k = {s, rows, at, from, count};
      const bool tame = block_steps(a, &k);
      if (a->constantB && a->constantC) walk_constant(a, &k);
      else if (a->constantB) walk_constant_B(a, &k);
      else if (a->constantC) walk_constant_C(a, &k);
      else if (tame) walk_tame(a, &k);
      else walk_any(a, &k);
      write_block(a, &k);
    }
  }
  for (int64_t i = first; i < last; i++) close_slice(a, b, &slices[i - first]);
}

void kernel(const void *args) {
  const Args *a = args;
  share(task, args, a->batch * a->runs, a->threads);
}
