// The chunked form (section 6, listing 1) in chunks of eight tokens: y = g (C S) + (L o C B') X, then S <- D S + B' (w X). A chunk is so
// short because a processor without matrix units gains nothing by a longer one: what a token costs is the two products with the state.
//
// The state lies as [n][p], lanes are channels, and all products are tiles of 4 or 8 rows by up to 4 vectors whose sums stay in registers.
// Sixteen chunks are one block: their decays are worked out together, lanes being chunks, and the products of C with B are made once for
// all heads of a group.
#include "problem.h"

#include <stdbool.h>

enum { CHUNK = 8, CHUNKS = 16, BLOCK = CHUNK * CHUNKS, PAIRS = CHUNK * (CHUNK + 1) / 2 };

// Of the states that are kept scaled (below), how far: then no weight overflows that would not have overflowed anyway.
#define SCALE_LIMIT 256.0f

// One thread's work on one block.
typedef struct {
  // Of a group's chunks: C_t . B_s, at [pair(t, s)][chunk].
  float scores[PAIRS][CHUNKS];
  // Of a head's chunks: the same times decay and dt; decays from the chunk's start to each token; weights of tokens in its state.
  float weights[PAIRS][CHUNKS], decays[CHUNK][CHUNKS], inState[CHUNK][CHUNKS];
  // X of a chunk, and X times its weights in the state, padded to vectors.
  float X[CHUNK][SLICE], scaled[CHUNK][SLICE];
} __attribute__((aligned(64))) Work;

INLINE int64_t pair(int64_t t, int64_t s) { return t * (t + 1) / 2 + s; }

// Eight rows, of which the last ones may be missing.
typedef struct {
  const float *at;
  int64_t stride;
} Rows;

static Rows eight_rows(const float *from, int64_t stride, int64_t count, int64_t width, float *spare) {
  if (count >= CHUNK) return (Rows){from, stride};
  memset(spare, 0, 4 * CHUNK * width);
  for (int64_t i = 0; i < count; i++) memcpy(spare + i * width, from + i * stride, 4 * width);
  return (Rows){spare, width};
}

// Four by four of the products C_t . B_s, lanes of the state in the lanes.
INLINE void four_by_four(Rows C, Rows B, int64_t t0, int64_t s0, int64_t state, float *out) {
  Vec sums[4][4];
  UNROLL for (int i = 0; i < 16; i++) sums[i / 4][i % 4] = (Vec){0};
  const float *c = C.at + t0 * C.stride, *b = B.at + s0 * B.stride;
  const int64_t whole = state - state % LANES;
  for (int64_t n = 0; n < state; n += LANES) {
    Vec rows[4];
    UNROLL for (int j = 0; j < 4; j++)
      rows[j] = n < whole ? load(b + j * B.stride + n) : load_part(b + j * B.stride + n, state - n);
    UNROLL for (int i = 0; i < 4; i++) {
      const Vec row = n < whole ? load(c + i * C.stride + n) : load_part(c + i * C.stride + n, state - n);
      UNROLL for (int j = 0; j < 4; j++) sums[i][j] = madd(row, rows[j], sums[i][j]);
    }
  }
  Vec quads[4];
  UNROLL for (int i = 0; i < 4; i++) quads[i] = quad_sums(sums[i][0], sums[i][1], sums[i][2], sums[i][3]);
  store_quads(out, quads[0], quads[1], quads[2], quads[3]);
}

// 1. Products of C with B inside one chunk; those above the diagonal are made where a tile has them, and never read.
static void chunk_scores(Rows C, Rows B, int64_t state, int64_t chunk, Work *w) {
  float tile[16] __attribute__((aligned(64)));
  for (int64_t t0 = 0; t0 < CHUNK; t0 += 4)
    for (int64_t s0 = 0; s0 <= t0; s0 += 4) {
      four_by_four(C, B, t0, s0, state, tile);
      for (int64_t t = t0; t < t0 + 4; t++)
        for (int64_t s = s0; s < s0 + 4 && s <= t; s++) w->scores[pair(t, s)][chunk] = tile[4 * (t - t0) + s - s0];
    }
}

// 2. Decays of a head in all chunks of a block, in the order of the recurrence: what overflows here overflows there too.
static void head_weights(const Args *a, int64_t row, int64_t count, int64_t head, Work *w) {
  float logs[CHUNK][CHUNKS] __attribute__((aligned(64))), steps[CHUNK][CHUNKS] __attribute__((aligned(64)));
  // tokens behind the end neither decay nor add
  for (int64_t i = 0; i < BLOCK; i++) {
    const int64_t at = (row + i) * a->heads + head;
    logs[i % CHUNK][i / CHUNK] = i < count ? a->logA[at] : 0;
    steps[i % CHUNK][i / CHUNK] = i >= count ? 0 : a->dt ? a->dt[at] : 1;
  }
  for (int c = 0; c < CHUNKS; c += LANES) {
    Vec product[CHUNK], fromStart = splat(1);
    UNROLL for (int t = 0; t < CHUNK; t++) {
      const Vec decay = exp_of(load(&logs[t][c]));
      fromStart *= decay;
      store(&w->decays[t][c], fromStart);
      UNROLL for (int s = 0; s < t; s++) product[s] *= decay;
      product[t] = load(&steps[t][c]);
      UNROLL for (int s = 0; s <= t; s++)
        store(&w->weights[pair(t, s)][c], product[s] * load(&w->scores[pair(t, s)][c]));
    }
    UNROLL for (int s = 0; s < CHUNK; s++) store(&w->inState[s][c], product[s]);
  }
}

// X of a chunk and X times its weights; tokens behind the end are zeros.
INLINE void load_chunk(const float *X, int64_t stride, int64_t count, Slice slice, const int Z, float scale, int64_t chunk,
                       Work *w) {
  UNROLL for (int s = 0; s < CHUNK; s++) {
    const Vec weight = splat(scale * w->inState[s][chunk]);
    UNROLL for (int z = 0; z < Z; z++) {
      const int64_t left = slice.channels - z * LANES;
      const Vec x = s < count ? load_some(X + s * stride + z * LANES, left) : (Vec){0};
      store(&w->X[s][z * LANES], x);
      store(&w->scaled[s][z * LANES], weight * x);
    }
  }
}

// 3. Outputs of the tokens t0 to t0 + R - 1: what the state gives (step 4 of the listing) and what the chunk's own tokens do.
INLINE void outputs(const int R, const int Z, const int t0, const Args *a, const float *S, Rows C, float scale, int64_t chunk,
                    const Work *w, Slice slice, int64_t at, int64_t count) {
  Vec y[8][4];
  UNROLL for (int t = 0; t < R; t++) UNROLL for (int z = 0; z < Z; z++) y[t][z] = (Vec){0};
  const float *c = C.at + t0 * C.stride;
  for (int64_t n = 0; n < a->state; n++, c++, S += Z * LANES) {
    Vec rows[4];
    UNROLL for (int z = 0; z < Z; z++) rows[z] = load(S + z * LANES);
    UNROLL for (int t = 0; t < R; t++) {
      const Vec factor = splat(c[t * C.stride]);
      UNROLL for (int z = 0; z < Z; z++) y[t][z] = madd(factor, rows[z], y[t][z]);
    }
  }
  UNROLL for (int t = 0; t < R; t++) {
    const Vec decay = splat(scale * w->decays[t0 + t][chunk]);
    UNROLL for (int z = 0; z < Z; z++) y[t][z] *= decay;
  }
  UNROLL for (int s = 0; s < t0 + R; s++) {
    Vec rows[4];
    UNROLL for (int z = 0; z < Z; z++) rows[z] = load(&w->X[s][z * LANES]);
    // pairs above the diagonal are left out, not multiplied by zero: a NaN cannot reach an earlier token
    UNROLL for (int t = 0; t < R; t++) if (s <= t0 + t) {
      const Vec weight = splat(w->weights[pair(t0 + t, s)][chunk]);
      UNROLL for (int z = 0; z < Z; z++) y[t][z] = madd(weight, rows[z], y[t][z]);
    }
  }
  const int64_t stride = a->heads * a->headDim, skip = slice.head * a->headDim + slice.channel;
  const bool plain = !a->D && !a->z;
  UNROLL for (int t = 0; t < R; t++) {
    if (t0 + t >= count) return;
    UNROLL for (int z = 0; z < Z; z++) {
      const int64_t to = at + (t0 + t) * stride + z * LANES, left = slice.channels - z * LANES;
      if (!plain) y[t][z] = skip_and_gate(a, y[t][z], load(&w->X[t0 + t][z * LANES]), skip + z * LANES, to, left);
      store_some(a->Y + to, y[t][z], left);
    }
  }
}

// R rows of the state: times `decay` where it is told, and the chunk's tokens added.
INLINE void state_rows(const int R, const int Z, float *S, const float *b, int64_t stride, const Work *w, const bool decays, Vec decay) {
  Vec sums[8][4];
  UNROLL for (int i = 0; i < R; i++) UNROLL for (int z = 0; z < Z; z++) {
    sums[i][z] = load(S + (i * Z + z) * LANES);
    if (decays) sums[i][z] *= decay;
  }
  UNROLL for (int s = 0; s < CHUNK; s++) {
    Vec rows[4];
    UNROLL for (int z = 0; z < Z; z++) rows[z] = load(&w->scaled[s][z * LANES]);
    UNROLL for (int i = 0; i < R; i++) {
      const Vec factor = splat(b[s * stride + i]);
      UNROLL for (int z = 0; z < Z; z++) sums[i][z] = madd(factor, rows[z], sums[i][z]);
    }
  }
  UNROLL for (int i = 0; i < R; i++) UNROLL for (int z = 0; z < Z; z++) store(S + (i * Z + z) * LANES, sums[i][z]);
}

// 4. The chunk's tokens into the state.
INLINE void add_chunk(const int R, const int Z, float *S, Rows B, int64_t state, const Work *w, const bool decays, float by) {
  const Vec decay = splat(by);
  int64_t n = 0;
  for (; n + R <= state; n += R) state_rows(R, Z, S + n * Z * LANES, B.at + n, B.stride, w, decays, decay);
  for (; n < state; n++) state_rows(1, Z, S + n * Z * LANES, B.at + n, B.stride, w, decays, decay);
}

// All chunks of a block for one slice. The state is kept as S / scale, so that a chunk's decay costs one product and not one for each of
// its elements: the decay goes into `scale`, and only where that has become small (or large, or no number) into the state.
// @return the new scale
INLINE float walk(const int R, const int Z, const Args *a, int64_t row, int64_t count, Slice slice, float *S, float scale, Work *w,
                  float *spare) {
  const int64_t stride = a->heads * a->headDim, wide = a->groups * a->state;
  for (int64_t chunk = 0; chunk * CHUNK < count; chunk++) {
    const int64_t t = row + chunk * CHUNK, tokens = least(count - chunk * CHUNK, CHUNK);
    const int64_t at = t * stride + slice.head * a->headDim + slice.channel, from = (t * a->groups + slice.group) * a->state;
    const Rows C = eight_rows(a->C + from, wide, tokens, a->state, spare);
    const Rows B = eight_rows(a->B + from, wide, tokens, a->state, spare + CHUNK * a->state);
    const float after = scale * w->decays[CHUNK - 1][chunk];
    const bool keeps = after >= 1 / SCALE_LIMIT && after <= SCALE_LIMIT;
    load_chunk(a->X + at, stride, tokens, slice, Z, keeps ? 1 / after : 1, chunk, w);
    UNROLL for (int t0 = 0; t0 < CHUNK; t0 += R) outputs(R, Z, t0, a, S, C, scale, chunk, w, slice, at, tokens);
    if (keeps) add_chunk(R, Z, S, B, a->state, w, false, 1);
    else add_chunk(R, Z, S, B, a->state, w, true, after);
    scale = keeps ? after : 1;
  }
  return scale;
}

#define WALK(name, R, Z)                                                                                                        \
  static __attribute__((noinline)) float name(const Args *a, int64_t row, int64_t count, Slice slice, float *S, float scale, Work *w, \
                                              float *spare) {                                                                   \
    return walk(R, Z, a, row, count, slice, S, scale, w, spare);                                                                \
  }
// Rows and vectors of a tile: enough sums to keep the multiply-adds busy, few enough to stay in registers.
WALK(walk1, 8, 1)
#if defined(__AVX2__) && !defined(__AVX512F__)
WALK(walk2, 4, 2)
#else
WALK(walk2, 8, 2)
WALK(walk3, 4, 3)
WALK(walk4, 4, 4)
#endif

static float walk_block(const Args *a, int64_t row, int64_t count, Slice slice, float *S, float scale, Work *w, float *spare) {
  switch (vectors_of(slice.channels)) {
    case 1: return walk1(a, row, count, slice, S, scale, w, spare);
    case 2: return walk2(a, row, count, slice, S, scale, w, spare);
#if !defined(__AVX2__) || defined(__AVX512F__)
    case 3: return walk3(a, row, count, slice, S, scale, w, spare);
    case 4: return walk4(a, row, count, slice, S, scale, w, spare);
#endif
    default: __builtin_unreachable();
  }
}

static void group_scores(const Args *a, int64_t row, int64_t count, int64_t group, Work *w, float *spare) {
  const int64_t wide = a->groups * a->state;
  for (int64_t chunk = 0; chunk * CHUNK < count; chunk++) {
    const int64_t from = ((row + chunk * CHUNK) * a->groups + group) * a->state, tokens = least(count - chunk * CHUNK, CHUNK);
    const Rows C = eight_rows(a->C + from, wide, tokens, a->state, spare);
    const Rows B = eight_rows(a->B + from, wide, tokens, a->state, spare + CHUNK * a->state);
    chunk_scores(C, B, a->state, chunk, w);
  }
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
