// The chunked form's memory, and how its steps see a chunk.
#pragma once
#include "../../engines/native/vector.h"
// As many as fill the registers of a tile.
#define SLICE_VECTORS (REGISTERS == 32 ? 4 : 2)
#include "sequence.h"

enum { CHUNK = 8, CHUNKS = BLOCK / CHUNK, PAIRS = CHUNK * (CHUNK + 1) / 2 };
// Pairs padded so that every vector width divides them.
enum { PADDED = 48 };

// One thread's work on one block of chunks.
typedef struct {
  // Of a group's chunks: C_t . B_s, at [chunk][pair(t, s)], and with chunks in the lanes.
  float sums[CHUNKS][PADDED], scores[PADDED][CHUNKS];
  // Of a head's chunks: the same times decay and dt; decays from the chunk's start to each token; weights of tokens in its state.
  float weights[PAIRS][CHUNKS], decays[CHUNK][CHUNKS], inState[CHUNK][CHUNKS];
  // X of a chunk, X times its weights in the state, and outputs that are not finished; padded to vectors.
  float X[CHUNK][SLICE], scaled[CHUNK][SLICE], Y[CHUNK][SLICE];
} __attribute__((aligned(64))) Work;

// Behind the work: room for eight rows of B and of C.
INLINE float *spare_of(Work *w) { return (float *)(w + 1); }

// Token s seen from token t >= s. First the square below the two triangles that lie on the diagonal: sums of one square share their rows.
INLINE int pair(const int t, const int s) {
  const int half = CHUNK / 2, square = half * half, triangle = half * (half + 1) / 2;
  if (t < half) return square + t * (t + 1) / 2 + s;
  return s < half ? (t - half) * half + s : square + triangle + (t - half) * (t - half + 1) / 2 + s - half;
}

// Eight rows.
typedef struct {
  const float *at;
  int64_t stride;
} Rows;

// The last ones may be missing: then they are zeros, in `spare`.
static Rows eight_rows(const float *from, int64_t stride, int64_t count, int64_t width, float *spare) {
  if (count >= CHUNK) return (Rows){from, stride};
  memset(spare, 0, 4 * CHUNK * width);
  for (int64_t i = 0; i < count; i++) memcpy(spare + i * width, from + i * stride, 4 * width);
  return (Rows){spare, width};
}
