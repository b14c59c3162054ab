// The walk of a workgroup over its tokens, tile by tile; the state stays in registers. A warp has eight channels and 4 R columns of the
// state: lane l has channel l % 8 and columns R (l / 8) to R (l / 8) + R - 1 of them.

struct Own {
  alignas(R % 4 == 0 ? 16 : 4) float state[R], rates[SHARED_DECAY ? 1 : R]; // rates: A log2(e)
  float B[CONSTANT_B ? R : 1], C[CONSTANT_C ? R : 1];
  int column, octet, channel; // the thread's first column, its octet, its channel in the workgroup
  bool exists;
};

INLINE bool has_column(const Own &own, int i) { return FULL || own.column + i < STATE; }

// Whole quads of columns go as such: one of them exists where its first column does.
constexpr bool QUADS = WIDE && R % 4 == 0;
INLINE void load_states(Own &own, const float *from) {
  if constexpr (QUADS) {
#pragma unroll
    for (int i = 0; i < R; i += 4)
      if (has_column(own, i)) *(float4 *)(own.state + i) = __ldg((const float4 *)(from + i));
  } else {
#pragma unroll
    for (int i = 0; i < R; i++)
      if (has_column(own, i)) own.state[i] = __ldg(from + i);
  }
}

INLINE void load_own(const Problem &p, const Place &place, Own &own) {
  int warp = threadIdx.x >> 5, lane = threadIdx.x & 31;
  own.column = (warp % STATE_WARPS) * 4 * R + (lane >> 3) * R;
  own.octet = warp / STATE_WARPS;
  own.channel = 8 * own.octet + (lane & 7);
  own.exists = own.channel < place.channels;
  size_t d = place.channel0 + (own.exists ? own.channel : 0), channels = (size_t)p.heads * p.headDim;
  size_t border = SPLIT ? ((size_t)place.batch * p.segments + place.segment) * channels + d : place.batch * channels + d;
  const float *before = SPLIT && OUTPUTS ? p.borders : !SPLIT && HAS_INITIAL ? p.initialState : nullptr;
#pragma unroll
  for (int i = 0; i < R; i++) own.state[i] = 0.0f;
  if (before && own.exists) load_states(own, before + border * STATE + own.column);
#pragma unroll
  for (int i = 0; i < R; i++) {
    bool real = own.exists && has_column(own, i);
    size_t n = own.column + i;
    if (!SHARED_DECAY) own.rates[SHARED_DECAY ? 0 : i] = real ? __ldg(p.decay + d * STATE + n) * LOG2_E : 0.0f;
    if (CONSTANT_B) own.B[CONSTANT_B ? i : 0] = real ? element_of(p.B, d * STATE + n, KIND) : 0.0f;
    if (CONSTANT_C) own.C[CONSTANT_C ? i : 0] = real ? element_of(p.C, d * STATE + n, KIND) : 0.0f;
  }
}

// R neighbours of a row of shared memory.
INLINE void load_row(float (&v)[R], const float *row) {
  if constexpr (R % 4 == 0) {
#pragma unroll
    for (int i = 0; i < R; i += 4) {
      float4 four = *(const float4 *)(row + i);
      v[i] = four.x;
      v[i + 1] = four.y;
      v[i + 2] = four.z;
      v[i + 3] = four.w;
    }
  } else if constexpr (R == 2) {
    float2 two = *(const float2 *)row;
    v[0] = two.x;
    v[1] = two.y;
  } else {
    v[0] = row[0];
  }
}

// One token. @returns this thread's part of C s
INLINE float advance(Own &own, const Tile &tile, int q, float &total) {
  float2 step = tile.steps[q][own.channel];
  float B[R], C[R];
  if (!CONSTANT_B) load_row(B, &tile.B[q][own.column]);
  if (!CONSTANT_C && OUTPUTS) load_row(C, &tile.C[q][own.column]);
  if (SPLIT && !OUTPUTS) total += step.x;
  bool fresh = DOCUMENTS && tile.fresh[q] != 0.0f;
  float y = 0.0f, shared = SHARED_DECAY ? exp2_fast(step.x) : 0.0f;
#pragma unroll
  for (int i = 0; i < R; i++) {
    float decay = SHARED_DECAY ? shared : exp2_fast(step.x * own.rates[SHARED_DECAY ? 0 : i]);
    float before = fresh ? 0.0f : own.state[i]; // not a product with 0: what came before may not be finite
    own.state[i] = fmaf(decay, before, step.y * (CONSTANT_B ? own.B[CONSTANT_B ? i : 0] : B[i]));
    if (OUTPUTS && has_column(own, i)) y = fmaf(own.state[i], CONSTANT_C ? own.C[CONSTANT_C ? i : 0] : C[i], y);
  }
  return y;
}

// Parts of four tokens, one a lane of each of four groups of eight, become whole: lane group k gets token k.
INLINE float gather_four(const float (&y)[4], int lane) {
  bool high = lane & 16, odd = lane & 8;
  float a = (high ? y[2] : y[0]) + __shfl_xor_sync(0xffffffffu, high ? y[0] : y[2], 16);
  float b = (high ? y[3] : y[1]) + __shfl_xor_sync(0xffffffffu, high ? y[1] : y[3], 16);
  return (odd ? b : a) + __shfl_xor_sync(0xffffffffu, odd ? a : b, 8);
}

INLINE void walk_tile(Own &own, const Tile &tile, float (*sums)[TOKENS][CHANNELS], double &total) {
  int lane = threadIdx.x & 31, warp = (threadIdx.x >> 5) % STATE_WARPS;
#pragma unroll UNROLL
  for (int q = 0; q < TOKENS; q += 4) {
    float y[4], steps = 0.0f;
#pragma unroll
    for (int k = 0; k < 4; k++) y[k] = advance(own, tile, q + k, steps);
    if (SPLIT && !OUTPUTS) total += steps; // a float sum of a whole segment would lose digits
    if (OUTPUTS) sums[warp][q + (lane >> 3)][own.channel] = gather_four(y, lane);
  }
}

// Y of a tile that all warps have walked.
INLINE void write_outputs(const Problem &p, const Place &place, const float (*sums)[TOKENS][CHANNELS], const float2 (*gates)[CHANNELS],
                          int t0) {
#pragma unroll
  for (int k = 0; k < Loading::PAIRS_EACH; k++) {
    int i = threadIdx.x + k * THREADS, q = i / CHANNELS, c = i % CHANNELS, t = t0 + q;
    if (i >= Loading::PAIRS || t >= place.last || c >= place.channels) continue;
    float y = sums[0][q][c];
#pragma unroll
    for (int w = 1; w < STATE_WARPS; w++) y += sums[w][q][c];
    if (HAS_D) y += gates[q][c].x;
    if (HAS_Z) y = gated(y, gates[q][c].y);
    store_element(p.Y, element_at(p, place, t, c), KIND, y);
  }
}

INLINE void write_states(const Problem &p, const Place &place, const Own &own, float *to, size_t row) {
  if (!own.exists) return;
  float *out = to + (row * (p.heads * p.headDim) + place.channel0 + own.channel) * STATE + own.column;
  if constexpr (QUADS) {
#pragma unroll
    for (int i = 0; i < R; i += 4)
      if (has_column(own, i)) *(float4 *)(out + i) = *(const float4 *)(own.state + i);
  } else {
#pragma unroll
    for (int i = 0; i < R; i++)
      if (has_column(own, i)) out[i] = own.state[i];
  }
}
