// The random inputs of random.ts, bit for bit: u32 arithmetic, then values that are exact in f32.
#include "runtime.h"

#include <string.h>

typedef struct {
  float *to;
  // The first row of those to write; `to` is its place.
  int64_t row0, rows, cols, k0, k1;
  // Index in `distributions` of cpu/layout-inputs.ts.
  int64_t kind;
  // Size of the last axis.
  int64_t last;
  int64_t rowsPerTask, tasks, threads;
} Args;

enum { COHERENT, SIGNED, SIGNED8, TIME_STEP, LOG_DECAY, CHANNEL_DECAY, LONG_KERNEL, WEIGHT, STEP_BIAS, LOG_INDEX };

static uint32_t mix(uint32_t x) {
  x ^= x >> 16;
  x *= 0x21f0aaadu;
  x ^= x >> 15;
  x *= 0xd35a2d97u;
  return x ^ (x >> 15);
}

static float of_bits(uint32_t bits) {
  float value;
  memcpy(&value, &bits, 4);
  return value;
}

// A whole power of two, 2^e for -126 <= e <= 127.
static float power(int64_t e) { return of_bits((uint32_t)(e + 127) << 23); }

static float magnitude(uint32_t h) { return (float)(((h >> 9) << 1) | 1) * power(-24); }

// The order 5, 1, 3, 0, 4, 2, 6, 7, one hex digit each.
static int64_t rate(int64_t channel) { return (0x76240315u >> ((channel & 7) << 2)) & 15; }

// Denormals are put together by hand: arithmetic would flush them. A denormal's bits count units of 2^-149.
static float denormal(uint64_t odd, int64_t halvings) {
  const int64_t shift = halvings - 125;
  if (shift <= 0) return of_bits((uint32_t)(odd << -shift));
  if (shift > 25) return 0;
  const uint64_t half = 1ull << (shift - 1), units = odd >> shift, rest = odd & ((1ull << shift) - 1);
  return of_bits((uint32_t)(units + (rest > half || (rest == half && (units & 1)))));
}

static float long_kernel(uint32_t h, int64_t col, int64_t last) {
  const int64_t halvings = (col % last) >> (6 + (col / last & 7));
  const float size = magnitude(h);
  const uint32_t sign = h & 7 ? 0 : 0x80000000u;
  float value;
  if (halvings <= 100) value = size * power(-halvings);
  else if (halvings < 126 && size >= power(halvings - 126)) value = size * power(-100) * power(100 - halvings);
  else value = denormal(((h >> 9) << 1) | 1, halvings);
  uint32_t bits;
  memcpy(&bits, &value, 4);
  return of_bits(bits | sign);
}

// Equal weights stand 61 columns apart.
static int64_t weight_column(int64_t col, int64_t last) { return col / last * 61 + col % last % 61; }

static float weight_scale(int64_t last) {
  int64_t halvings = 0;
  while (((int64_t)1 << (2 * halvings)) < last) halvings++;
  return power(-halvings);
}

static float log_index(int64_t place) {
  const int64_t octave = 63 - __builtin_clzll((uint64_t)place + 1);
  return 0.6875f * ((float)octave + (float)(place + 1) * power(-octave) - 1);
}

static float value_at(const Args *a, uint32_t h, int64_t col) {
  switch (a->kind) {
    case COHERENT: return h & 7 ? magnitude(h) : -magnitude(h);
    case SIGNED: return h & 1 ? -magnitude(h) : magnitude(h);
    case SIGNED8: return h & 1 ? -8 * magnitude(h) : 8 * magnitude(h);
    case TIME_STEP: return of_bits(0x3a000000u + (h >> 6));
    case LOG_DECAY: return -of_bits(0x3a000000u + (h >> 6)) * power(4 - 2 * rate(col));
    case CHANNEL_DECAY: return -(float)(col % a->last + 1) * power(-2 * rate(col / a->last));
    case WEIGHT: return (h & 1 ? -magnitude(h) : magnitude(h)) * weight_scale(a->last);
    case STEP_BIAS: return -(2 + (float)(h >> 10) * power(-20));
    case LOG_INDEX: return log_index(col % a->last);
    default: return long_kernel(h, col, a->last);
  }
}

static void fill(const void *args, int64_t task, int64_t thread) {
  const Args *a = args;
  (void)thread;
  const int64_t first = task * a->rowsPerTask, end = first + a->rowsPerTask < a->rows ? first + a->rowsPerTask : a->rows;
  for (int64_t row = first; row < end; row++)
    for (int64_t col = 0; col < a->cols; col++) {
      const int64_t place = a->kind == WEIGHT ? weight_column(col, a->last) : col;
      const uint32_t h = mix(mix(mix((uint32_t)place + (uint32_t)a->k0) ^ (uint32_t)(a->row0 + row)) + (uint32_t)a->k1);
      a->to[row * a->cols + col] = value_at(a, h, col);
    }
}

void kernel(const void *args) {
  const Args *a = args;
  share(fill, args, a->tasks, a->threads);
}
