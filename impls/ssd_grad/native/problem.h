// What the steps of the backward share: their arguments, where things lie, and rows of tokens.
#pragma once
#include "../../engines/native/exp.h"
#include "../../engines/native/runtime.h"
#include "../../recurrence/native/rows.h"

// Tensors in C order, 0 for an absent input or output; README.md of the operator has the axes.
typedef struct {
  const float *X, *logA, *B, *C, *dt, *D, *z, *initialState;
  const float *dtBias, *documents;
  const float *dY, *dFinalState;
  float *Y, *finalState;
  float *dX, *dlogA, *dB, *dC, *ddt, *dD, *dz, *dinitialState, *ddtBias;
  // What steps.h makes of dt and logA, 0 where those will do, and how; both as they were given.
  float *dtMade, *logAMade;
  const float *dtGiven, *rates;
  int64_t perHead, softplus;
  double dtMin, dtMax;
  // Whether D is one number a head, which lies spread over its channels.
  int64_t skipPerHead;
  int64_t batch, length, heads, groups, headDim, state;
  int64_t threads;
  // States at the borders of blocks, and what a block adds to gradients that are sums over tokens.
  float *borders, *parts;
  // Memory of the threads, so many floats each.
  float *scratch;
  int64_t scratchFloats;
} Args;

// Tokens of a chunk and of a block.
enum { CHUNK = 16, BLOCK = 128, CHUNKS = BLOCK / CHUNK };

INLINE int64_t blocks_of(const Args *a) { return ratio_up(a->length, BLOCK); }
// Rows of channels and of the state, padded with zeros to whole vectors.
INLINE int64_t wide(const Args *a) { return padded_to_vectors(a->headDim); }
INLINE int64_t deep(const Args *a) { return padded_to_vectors(a->state); }
// A head's state, [p][n, padded].
INLINE int64_t state_floats(const Args *a) { return a->headDim * deep(a); }

// Some tokens of one head.
typedef struct {
  int64_t b, head, t, count;
} Span;

// Where the numbers of a span begin that every head has, and its rows of channels.
INLINE int64_t number_at(const Args *a, Span s) { return (s.b * a->length + s.t) * a->heads + s.head; }
INLINE int64_t channels_at(const Args *a, Span s) { return number_at(a, s) * a->headDim; }
INLINE int64_t head_state_at(const Args *a, Span s) { return (s.b * a->heads + s.head) * a->headDim * a->state; }

// What lies at the border in front of a block, the last border being the end: the state there, or the gradient of it.
enum { STATE, GRADIENT };
INLINE float *border(const Args *a, int which, int64_t b, int64_t head, int64_t block) {
  return a->borders + (((which * a->batch + b) * a->heads + head) * (blocks_of(a) + 1) + block) * state_floats(a);
}

// Of a head in a block: the sums over its tokens that go into dlogA (one number a head), ddtBias, and dD [p, padded].
typedef struct {
  float *rate, *bias, *skip;
} Parts;
INLINE Parts parts_of(const Args *a, int64_t b, int64_t block, int64_t head) {
  float *at = a->parts + ((b * blocks_of(a) + block) * a->heads + head) * (2 + wide(a));
  return (Parts){at, at + 1, at + 2};
}

// Rows of whole vectors.
typedef struct {
  const float *at;
  int64_t stride;
} Rows;
INLINE const float *row_of(Rows rows, int64_t i) { return rows.at + i * rows.stride; }
INLINE Rows rows_from(Rows rows, int64_t i) { return (Rows){row_of(rows, i), rows.stride}; }

// `count` rows where they lie, or in `spare`: padded with zeros to whole vectors, and to whole chunks of rows.
static Rows whole_rows(const float *from, int64_t stride, int64_t count, int64_t width, float *spare) {
  if (width % LANES == 0 && count % CHUNK == 0) return (Rows){from, stride};
  const int64_t padded = padded_to_vectors(width);
  memset(spare, 0, 4 * ratio_up(count, CHUNK) * CHUNK * padded);
  for (int64_t i = 0; i < count; i++) memcpy(spare + i * padded, from + i * stride, 4 * width);
  return (Rows){spare, padded};
}

static Rows input_rows(const Args *a, Span s, float *spare) {
  return whole_rows(a->X + channels_at(a, s), a->heads * a->headDim, s.count, a->headDim, spare);
}

// Rows of B or C.
static Rows group_rows(const Args *a, const float *from, int64_t b, int64_t group, int64_t t, int64_t count, float *spare) {
  const int64_t stride = a->groups * a->state;
  return whole_rows(from + (b * a->length + t) * stride + group * a->state, stride, count, a->state, spare);
}

// The gradient of the map's own outputs: dY through the gate, which comes last.
static Rows cotangents(const Args *a, Span s, float *spare) {
  const int64_t at = channels_at(a, s), stride = a->heads * a->headDim, width = wide(a);
  if (!a->z) return whole_rows(a->dY + at, stride, s.count, a->headDim, spare);
  for (int64_t i = 0; i < ratio_up(s.count, CHUNK) * CHUNK; i++)
    for (int64_t p = 0; p < width; p += LANES) {
      const int64_t from = at + i * stride + p, left = a->headDim - p;
      store(spare + i * width + p, i < s.count ? load_some(a->dY + from, left) * silu(load_some(a->z + from, left)) : (Vec){0});
    }
  return (Rows){spare, width};
}

// A chunk's rows, each times its weight.
static void weighted(Rows rows, const float weights[CHUNK], int64_t width, float *to) {
  for (int64_t i = 0; i < CHUNK; i++)
    for (int64_t p = 0; p < width; p += LANES) store(to + i * width + p, splat(weights[i]) * load(row_of(rows, i) + p));
}
