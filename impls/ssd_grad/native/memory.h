// The memory of one thread in step 3.
#pragma once
#include "decays.h"
#include "pairs.h"

typedef struct {
  Decays decays[CHUNKS];
  // C_t . B_s of a group's chunks.
  float scores[CHUNKS][CHUNK][CHUNK];
  Pairs pairs;
} Fixed;

typedef struct {
  Fixed *fixed;
  // Rows of a block: those that must be padded, and the gradients of B and C.
  float *B, *C, *dB, *dC, *X, *dY;
  // Of a head: the state in front of each chunk but the first, the gradient of the state, and one of both with rows and columns exchanged.
  float *states, *gradient, *turned;
  // Of a chunk: X and dY times their weights, what comes from the states for dC, dX and Y, and X with rows and columns exchanged.
  float *weightedX, *weightedY, *fromState, *fromGradient, *outputs, *columns;
} Memory;

INLINE float *taken(float **free, int64_t floats) {
  float *at = *free;
  *free += floats;
  return at;
}

// chunked.native.ts adds up the same.
static Memory memory_of(const Args *a, int64_t thread) {
  float *free = a->scratch + thread * a->scratchFloats;
  const int64_t channels = wide(a), state = deep(a);
  Memory m;
  m.fixed = (Fixed *)taken(&free, sizeof(Fixed) / 4);
  m.B = taken(&free, BLOCK * state);
  m.C = taken(&free, BLOCK * state);
  m.dB = taken(&free, BLOCK * state);
  m.dC = taken(&free, BLOCK * state);
  m.X = taken(&free, BLOCK * channels);
  m.dY = taken(&free, BLOCK * channels);
  m.states = taken(&free, (CHUNKS - 1) * state_floats(a));
  m.gradient = taken(&free, state_floats(a));
  m.turned = taken(&free, state * channels);
  m.weightedX = taken(&free, CHUNK * channels);
  m.weightedY = taken(&free, CHUNK * channels);
  m.fromState = taken(&free, CHUNK * state);
  m.fromGradient = taken(&free, CHUNK * channels);
  m.outputs = taken(&free, CHUNK * channels);
  m.columns = taken(&free, CHUNK * channels);
  return m;
}
