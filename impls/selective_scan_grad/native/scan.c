// The backward of the selective scan. A first walk keeps the state where blocks begin; a second one goes back, block by block: a strip of
// states at a time it works the block's tokens out again into a small buffer, and walks them from the last to the first.
#include "block.h"

// Rows are so far apart that no processor sees the next one coming.
INLINE void fetch(const Args *a, const Block *k, int64_t blocks) {
  int64_t at = first_row(a, k) + blocks * BLOCK * width_of(a);
  for (int64_t t = 0; t < BLOCK; t++, at += width_of(a)) {
    FETCH_TO_READ(a->u + at);
    FETCH_TO_READ(a->delta + at);
    if (blocks < 0) FETCH_TO_READ(a->dY + at);
    if (blocks < 0 && a->z) FETCH_TO_READ(a->z + at);
  }
}

#define FORWARD(name, ...)                                                                         \
  APART void name(const Block *k, int64_t padded) {                                                \
    for (int64_t n = 0; n < padded; n += HELD) {                                                   \
      Vec S[HELD];                                                                                 \
      UNROLL for (int i = 0; i < HELD; i++) S[i] = load(k->slice.S + (n + i) * LANES);             \
      advance(false, __VA_ARGS__, k, n, S, padded);                                                \
      UNROLL for (int i = 0; i < HELD; i++) store(k->slice.S + (n + i) * LANES, S[i]);             \
    }                                                                                              \
  }
FORWARD(forward_tame, true, false)
FORWARD(forward_any, false, false)
FORWARD(forward_constant, false, true)

#define AGAIN(name, ...)                                                                           \
  APART void name(const Block *k, const float *border, int64_t n, int64_t padded) {                \
    Vec S[HELD];                                                                                   \
    UNROLL for (int i = 0; i < HELD; i++) S[i] = load(border + (n + i) * LANES);                   \
    advance(true, __VA_ARGS__, k, n, S, padded);                                                   \
  }
AGAIN(again_tame, true, false)
AGAIN(again_any, false, false)
AGAIN(again_constant, false, true)

#define BACK(name, ...) \
  APART void name(const Block *k, int64_t n, int64_t padded) { retreat(__VA_ARGS__, k, n, padded); }
BACK(back, false, false)
BACK(back_constant_B, true, false)
BACK(back_constant_C, false, true)
BACK(back_constant, true, true)

static void open_slice(const Args *a, int64_t b, const Slice *s) {
  memset(s->A, 0, 4 * a->recordFloats);
  gather(a, a->A + s->channel * a->state, s->channels, s->A);
  Vec most = splat(0);
  for (int64_t n = 0; n < a->state; n++) {
    const Vec octaves = in_octaves(load(s->A + n * LANES));
    store(s->A + n * LANES, octaves);
    most = larger(most, size_of(octaves));
  }
  store(s->most, most);
  if (a->initialState) gather(a, a->initialState + (b * width_of(a) + s->channel) * a->state, s->channels, s->S);
  if (a->constantB) gather(a, a->B + s->channel * a->state, s->channels, s->B);
  if (a->constantC) gather(a, a->C + s->channel * a->state, s->channels, s->C);
}

// The states of a part's channels where blocks begin. Behind the last token their cotangents take their place.
static void keep_borders(const void *args, int64_t index, int64_t thread) {
  const Args *a = args;
  const Part part = part_of(a, index);
  const int64_t table = table_of(a);
  for (int64_t i = part.first; i < part.last; i++) {
    const Slice s = slice_of(a, part.b, i);
    open_slice(a, part.b, &s);
  }
  for (int64_t c = 0; c < ratio_up(a->length, BLOCK); c++) {
    Block k = open_block(a, (Rows *)(a->scratch + thread * a->scratchFloats), &part, c);
    for (int64_t i = part.first; i < part.last; i++) {
      k.slice = slice_of(a, part.b, i);
      memcpy(k.slice.borders + c * table, k.slice.S, 4 * table);
      const bool tame = block_steps(a, &k);
      fetch(a, &k, 1);
      (a->constantB ? forward_constant : tame ? forward_tame : forward_any)(&k, padded(a));
    }
  }
  for (int64_t i = part.first; i < part.last; i++) {
    const Slice s = slice_of(a, part.b, i);
    const int64_t at = (part.b * width_of(a) + s.channel) * a->state;
    if (a->finalState) scatter(a, s.S, s.channels, a->finalState + at);
    if (a->dFinalState) gather(a, a->dFinalState + at, s.channels, s.S);
    else memset(s.S, 0, 4 * table);
  }
}

// The cotangent of y before its gate.
static void block_cotangents(const Args *a, const Block *k) {
  int64_t at = first_row(a, k);
  for (int64_t t = 0; t < k->count; t++, at += width_of(a)) {
    const Vec dY = load_some(a->dY + at, k->slice.channels);
    store(k->rows->g[t], a->z ? dY * silu(load_some(a->z + at, k->slice.channels)) : dY);
  }
}

// 4. What a token's channels get: u, delta and z, and in a training pass Y.
static void write_block(const Args *a, const Block *k) {
  const Slice *s = &k->slice;
  const Rows *rows = k->rows;
  const Vec D = a->D ? load_some(a->D + s->channel, s->channels) : splat(0);
  Vec dD = load(s->dD), ddeltaBias = load(s->ddeltaBias);
  int64_t at = first_row(a, k) + (k->count - 1) * width_of(a);
  for (int64_t t = k->count - 1; t >= 0; t--, at -= width_of(a)) {
    const Vec u = load_some(a->u + at, s->channels), step = load(rows->steps[t]), g = load(rows->g[t]), hB = load(rows->hB[t]);
    Vec du = step * hB, ddelta = madd(u, hB, splat(LN_2) * load(rows->hsA[t])), y = load(rows->Y[t]);
    if (a->D) {
      du = madd(D, g, du);
      dD = madd(g, u, dD);
      y = madd(D, u, y);
    }
    if (a->softplus) {
      const Vec raw = raw_step(a, s, at), slope = splat(1) / (splat(1) + exp_of(-raw));
      ddelta *= choose((Bits)(raw > splat(20)), splat(1), slope);
    }
    ddeltaBias += ddelta;
    store_some(a->du + at, du, s->channels);
    store_some(a->ddelta + at, ddelta, s->channels);
    if (a->z) {
      const Vec z = load_some(a->z + at, s->channels);
      store_some(a->dz + at, load_some(a->dY + at, s->channels) * y * silu_slope(z), s->channels);
      if (a->Y) y *= silu(z);
    }
    if (a->Y) store_some(a->Y + at, y, s->channels);
  }
  store(s->dD, dD);
  store(s->ddeltaBias, ddeltaBias);
}

typedef struct {
  const Args *problem;
  int64_t index;
} Stretch;

// A stretch's blocks, the last one first, for a part's channels.
static void walk_back(const void *args, int64_t index, int64_t thread) {
  const Stretch *stretch = args;
  const Args *a = stretch->problem;
  const Part part = part_of(a, index);
  const int64_t first = stretch->index * STRETCH, last = least(first + STRETCH, ratio_up(a->length, BLOCK)), width = padded(a);
  float *sums = a->partials + index * stretch_floats(a);
  memset(sums, 0, 4 * stretch_floats(a));
  for (int64_t c = last - 1; c >= first; c--) {
    Block k = open_block(a, (Rows *)(a->scratch + thread * a->scratchFloats), &part, c);
    k.sums = sums + (c - first) * BLOCK * 2 * width;
    for (int64_t i = part.first; i < part.last; i++) {
      k.slice = slice_of(a, part.b, i);
      const float *border = k.slice.borders + c * table_of(a);
      const bool tame = block_steps(a, &k);
      block_cotangents(a, &k);
      if (c > 0) fetch(a, &k, -1);
      for (int64_t n = 0; n < width; n += HELD) {
        (a->constantB ? again_constant : tame ? again_tame : again_any)(&k, border, n, width);
        if (a->constantB) (a->constantC ? back_constant : back_constant_B)(&k, n, width);
        else (a->constantC ? back_constant_C : back)(&k, n, width);
      }
      write_block(a, &k);
    }
  }
}

// 5. dB and dC of the tokens of one of a stretch's blocks: the parts' sums, in their order.
static void add_parts(const void *args, int64_t index, int64_t thread) {
  const Stretch *stretch = args;
  const Args *a = stretch->problem;
  const int64_t block = index % STRETCH, bg = index / STRETCH, b = bg / a->groups, group = bg % a->groups, row = 2 * padded(a);
  const int64_t first = (stretch->index * STRETCH + block) * BLOCK, count = least(BLOCK, a->length - first);
  float *total = a->scratch + thread * a->scratchFloats;
  for (int64_t t = 0; t < count; t++) {
    const float *from = a->partials + bg * a->parts * stretch_floats(a) + (block * BLOCK + t) * row;
    memcpy(total, from, 4 * row);
    for (int64_t part = 1; part < a->parts; part++) {
      from += stretch_floats(a);
      for (int64_t i = 0; i < row; i += HELD) {
        UNROLL for (int j = 0; j < HELD; j++) total[i + j] += from[i + j];
      }
    }
    const int64_t to = ((b * a->length + first + t) * a->groups + group) * a->state;
    for (int64_t n = 0; n < a->state; n += HELD) {
      const int64_t bytes = 4 * least(HELD, a->state - n);
      if (!a->constantC) memcpy(a->dC + to + n, total + 2 * n, bytes);
      if (!a->constantB) memcpy(a->dB + to + n, total + 2 * n + HELD, bytes);
    }
  }
}

// What a slice's record of the first sequence sums to over all of them.
static void add_sequences(const Args *a, float *total, int64_t floats) {
  for (int64_t b = 1; b < a->batch; b++) {
    const float *from = total + b * a->groups * a->slices * a->recordFloats;
    for (int64_t i = 0; i < floats; i++) total[i] += from[i];
  }
}

// 6. Gradients that sum over tokens and sequences, and those of initial states.
static void close_slice(const void *args, int64_t index, int64_t thread) {
  const Args *a = args;
  (void)thread;
  const Slice s = slice_of(a, 0, index);
  const int64_t table = table_of(a), at = s.channel * a->state;
  if (a->dinitialState)
    for (int64_t b = 0; b < a->batch; b++)
      scatter(a, slice_of(a, b, index).S, s.channels, a->dinitialState + b * width_of(a) * a->state + at);
  add_sequences(a, s.dA, table);
  scatter(a, s.dA, s.channels, a->dA + at);
  if (a->constantB) add_sequences(a, s.dB, table), scatter(a, s.dB, s.channels, a->dB + at);
  if (a->constantC) add_sequences(a, s.dC, table), scatter(a, s.dC, s.channels, a->dC + at);
  add_sequences(a, s.dD, 2 * LANES);
  if (a->dD) memcpy(a->dD + s.channel, s.dD, 4 * s.channels);
  if (a->ddeltaBias) memcpy(a->ddeltaBias + s.channel, s.ddeltaBias, 4 * s.channels);
}

void kernel(const void *args) {
  const Args *a = args;
  const int64_t parts = a->batch * a->groups * a->parts;
  share(keep_borders, a, parts, a->threads);
  for (int64_t i = ratio_up(a->length, STRETCH * BLOCK) - 1; i >= 0; i--) {
    const Stretch stretch = {a, i};
    share(walk_back, &stretch, parts, a->threads);
    if (!a->constantB || !a->constantC) share(add_parts, &stretch, a->batch * a->groups * STRETCH, a->threads);
  }
  share(close_slice, a, a->groups * a->slices, a->threads);
}
