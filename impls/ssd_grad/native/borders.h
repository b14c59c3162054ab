// 1. and 2. of README.md: the state and its gradient at the borders of blocks, one after the other along the tokens, each head on its own.
#pragma once
#include "decays.h"
#include "product.h"

// S <- whole S + (toEnd dt X)' B over a chunk. @param X weighted so, [q][p, padded]
static void push_state(const Args *a, float whole, const float *X, Rows B, const float *from, float *to) {
  multiply((Product){X, 1, wide(a), B, from, to, deep(a), whole}, a->headDim, deep(a), CHUNK);
}

// R <- whole R + (fromStart dY)' C: the gradient of the state in front of a chunk from that behind it. @param dY weighted so
static void pull_gradient(const Args *a, float whole, const float *dY, Rows C, const float *from, float *to) {
  multiply((Product){dY, 1, wide(a), C, from, to, deep(a), whole}, a->headDim, deep(a), CHUNK);
}

// Between (p n) in memory and rows of whole vectors.
static void load_state(const Args *a, const float *from, float *to) {
  const int64_t padded = deep(a);
  memset(to, 0, 4 * state_floats(a));
  for (int64_t p = 0; from && p < a->headDim; p++) memcpy(to + p * padded, from + p * a->state, 4 * a->state);
}
static void store_state(const Args *a, const float *from, float *to) {
  for (int64_t p = 0; p < a->headDim; p++) memcpy(to + p * a->state, from + p * deep(a), 4 * a->state);
}

INLINE int64_t group_of(const Args *a, int64_t head) { return head / (a->heads / a->groups); }

// A walk's memory: rows that must be padded, and rows times their weights.
typedef struct {
  float *rows, *channels, *weighted;
} Walk;

static void walk_states(const Args *a, int64_t b, int64_t head, Walk w) {
  const Span all = {b, head, 0, a->length};
  load_state(a, a->initialState ? a->initialState + head_state_at(a, all) : 0, border(a, STATE, b, head, 0));
  // behind the last border nobody asks for a state but the caller
  const int64_t end = a->finalState ? a->length : (blocks_of(a) - 1) * BLOCK;
  for (int64_t t = 0; t < end; t += CHUNK) {
    const Span s = {b, head, t, least(a->length - t, CHUNK)};
    float *to = border(a, STATE, b, head, t / BLOCK + 1);
    Decays d;
    decays_of(a, s, &d);
    weighted(input_rows(a, s, w.channels), d.inState, wide(a), w.weighted);
    const Rows B = group_rows(a, a->B, b, group_of(a, head), t, s.count, w.rows);
    push_state(a, d.whole, w.weighted, B, t % BLOCK ? to : border(a, STATE, b, head, t / BLOCK), to);
  }
  if (a->finalState) store_state(a, border(a, STATE, b, head, blocks_of(a)), a->finalState + head_state_at(a, all));
}

static void walk_gradients(const Args *a, int64_t b, int64_t head, Walk w) {
  const Span all = {b, head, 0, a->length};
  load_state(a, a->dFinalState ? a->dFinalState + head_state_at(a, all) : 0, border(a, GRADIENT, b, head, blocks_of(a)));
  const int64_t first = a->dinitialState ? 0 : BLOCK;
  for (int64_t t = (ratio_up(a->length, CHUNK) - 1) * CHUNK; t >= first; t -= CHUNK) {
    const Span s = {b, head, t, least(a->length - t, CHUNK)};
    float *to = border(a, GRADIENT, b, head, t / BLOCK);
    const bool entersBlock = (t + CHUNK) % BLOCK == 0 || t + CHUNK >= a->length;
    Decays d;
    decays_of(a, s, &d);
    weighted(cotangents(a, s, w.channels), d.fromStart, wide(a), w.weighted);
    const Rows C = group_rows(a, a->C, b, group_of(a, head), t, s.count, w.rows);
    pull_gradient(a, d.whole, w.weighted, C, entersBlock ? border(a, GRADIENT, b, head, t / BLOCK + 1) : to, to);
  }
  if (a->dinitialState) store_state(a, border(a, GRADIENT, b, head, 0), a->dinitialState + head_state_at(a, all));
}

// Task `index`: one of the two walks of one head.
static void borders(const void *args, int64_t index, int64_t thread) {
  const Args *a = args;
  float *memory = a->scratch + thread * a->scratchFloats;
  const Walk w = {memory, memory + CHUNK * deep(a), memory + CHUNK * (deep(a) + wide(a))};
  const int64_t b = index / 2 / a->heads, head = index / 2 % a->heads;
  (index % 2 ? walk_gradients : walk_states)(a, b, head, w);
}
