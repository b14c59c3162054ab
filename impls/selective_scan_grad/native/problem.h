// What a run is told, and how its work is cut: slices of LANES channels, blocks of BLOCK tokens, stretches of STRETCH blocks.
#pragma once
#include "../../engines/native/exp.h"
#include "../../engines/native/runtime.h"

#include <stdbool.h>

// Tensors in C order, 0 for an absent one; README.md of the operator has the axes.
typedef struct {
  const float *u, *delta, *A, *B, *C, *D, *z, *deltaBias, *initialState, *documents, *dY, *dFinalState;
  float *du, *ddelta, *dA, *dB, *dC, *dD, *dz, *ddeltaBias, *dinitialState, *Y, *finalState;
  int64_t batch, length, heads, groups, headDim, state;
  int64_t softplus, constantB, constantC;
  // Slices of LANES channels of one group: all of a group, those of a part; parts of a group. No number here depends on the threads.
  int64_t slices, span, parts;
  // States where blocks begin, [sequence][slice][block] tables; a record a slice, [sequence][slice]; sums over a part's channels,
  // [sequence][group][part][token of a stretch][strip of states].
  float *borders, *records, *partials;
  int64_t recordFloats;
  int64_t threads;
  // Memory of the threads, so many floats each.
  float *scratch;
  int64_t scratchFloats;
} Args;

// States that stay in registers while the tokens of a block pass: a strip. Of it a token has twice as many sums over channels.
enum { HELD = LANES == 16 ? 8 : 4, SUMS = 2 * HELD, BLOCK = 64, STRETCH = 4 };
// Exponents of two up to this size need no holding at an end.
#define TAME 126.0f

INLINE int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
INLINE int64_t ratio_up(int64_t a, int64_t b) { return (a + b - 1) / b; }
INLINE int64_t padded(const Args *a) { return ratio_up(a->state, HELD) * HELD; }
INLINE int64_t table_of(const Args *a) { return padded(a) * LANES; }
INLINE int64_t width_of(const Args *a) { return a->heads * a->headDim; }
INLINE int64_t stretch_floats(const Args *a) { return STRETCH * BLOCK * 2 * padded(a); }

// A slice of one sequence. Tables are [state][LANES]; channels and states that are not there are zeros.
typedef struct {
  int64_t group, channel, channels;
  float *borders;
  // A in octaves; the state, and on the way back its cotangent; the sums of dA.
  float *A, *S, *dA;
  // Where B and C are constant in time: they and the sums of their gradients.
  float *B, *C, *dB, *dC;
  // Of each channel: the largest |A|, the sums of dD and ddeltaBias.
  float *most, *dD, *ddeltaBias;
} Slice;

INLINE Slice slice_of(const Args *a, int64_t b, int64_t index) {
  const int64_t perGroup = width_of(a) / a->groups, group = index / a->slices, place = index % a->slices * LANES;
  const int64_t table = table_of(a), at = b * a->groups * a->slices + index;
  float *m = a->records + at * a->recordFloats, *rows = m + 3 * table;
  Slice s = {.group = group, .channel = group * perGroup + place, .channels = least(perGroup - place, LANES), .A = m, .S = m + table};
  s.borders = a->borders + at * ratio_up(a->length, BLOCK) * table;
  s.dA = m + 2 * table;
  if (a->constantB) s.B = rows, s.dB = rows + table, rows += 2 * table;
  if (a->constantC) s.C = rows, s.dC = rows + table, rows += 2 * table;
  s.most = rows, s.dD = rows + LANES, s.ddeltaBias = rows + 2 * LANES;
  return s;
}

static inline void gather(const Args *a, const float *from, int64_t channels, float *to) {
  memset(to, 0, 4 * table_of(a));
  for (int64_t p = 0; p < channels; p++)
    for (int64_t n = 0; n < a->state; n++) to[n * LANES + p] = *from++;
}

static inline void scatter(const Args *a, const float *from, int64_t channels, float *to) {
  for (int64_t p = 0; p < channels; p++)
    for (int64_t n = 0; n < a->state; n++) *to++ = from[n * LANES + p];
}

// A part of a group's slices in one sequence, and whose numbers they are.
typedef struct {
  int64_t b, group, first, last, index;
} Part;

INLINE Part part_of(const Args *a, int64_t index) {
  const int64_t part = index % a->parts, bg = index / a->parts, group = bg % a->groups;
  const int64_t first = part * a->span, last = least(first + a->span, a->slices);
  return (Part){bg / a->groups, group, group * a->slices + first, group * a->slices + last, index};
}
