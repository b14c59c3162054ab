// The walk of a workgroup over its tokens, tile by tile; the state stays in registers. A warp has 8 P channels and 4 R columns of the
// state: lane l has P channels from P (l % 8) on, and columns R (l / 8) to R (l / 8) + R - 1.

struct Own {
  alignas(16) float state[P][R];
  float rates[SHARED_DECAY ? 1 : P][R]; // A log2(e)
  float B[CONSTANT_B ? P : 1][R], C[CONSTANT_C ? P : 1][R];
  int column, channel; // the thread's first ones, in the workgroup
  int channels;        // how many of its channels there are
};

INLINE bool has_column(const Problem &p, const Own &own, int i) { return FULL || own.column + i < p.state; }

// Whole quads of columns go as such: one of them exists where its first column does.
constexpr bool QUADS = WIDE && R % 4 == 0;
INLINE void load_states(const Problem &p, const Own &own, float (&state)[R], const float *from) {
  if constexpr (QUADS) {
#pragma unroll
    for (int i = 0; i < R; i += 4)
      if (has_column(p, own, i)) *(float4 *)(state + i) = __ldg((const float4 *)(from + i));
  } else {
#pragma unroll
    for (int i = 0; i < R; i++)
      if (has_column(p, own, i)) state[i] = __ldg(from + i);
  }
}
INLINE void store_states(const Problem &p, const Own &own, const float (&state)[R], float *to) {
  if constexpr (QUADS) {
#pragma unroll
    for (int i = 0; i < R; i += 4)
      if (has_column(p, own, i)) *(float4 *)(to + i) = *(const float4 *)(state + i);
  } else {
#pragma unroll
    for (int i = 0; i < R; i++)
      if (has_column(p, own, i)) to[i] = state[i];
  }
}

INLINE void load_own(const Problem &p, const Place &place, Own &own) {
  int warp = threadIdx.x >> 5, lane = threadIdx.x & 31;
  own.column = (warp % STATE_WARPS) * 4 * R + (lane >> 3) * R;
  own.channel = P * (8 * (warp / STATE_WARPS) + (lane & 7));
  own.channels = max(0, min(P, place.channels - own.channel));
  const float *before = SPLIT && OUTPUTS ? p.borders : !SPLIT && HAS_INITIAL ? p.initialState : nullptr;
  size_t channels = (size_t)p.heads * p.headDim, row = SPLIT ? (size_t)place.batch * p.segments + place.segment : place.batch;
#pragma unroll
  for (int k = 0; k < P; k++) {
    bool exists = k < own.channels;
    size_t d = place.channel0 + (exists ? own.channel + k : 0);
#pragma unroll
    for (int i = 0; i < R; i++) own.state[k][i] = 0.0f;
    if (before && exists) load_states(p, own, own.state[k], before + (row * channels + d) * p.state + own.column);
#pragma unroll
    for (int i = 0; i < R; i++) {
      bool real = exists && has_column(p, own, i);
      size_t n = d * p.state + own.column + i;
      if (!SHARED_DECAY) own.rates[SHARED_DECAY ? 0 : k][i] = real ? __ldg(p.decay + n) * LOG2_E : 0.0f;
      if (CONSTANT_B) own.B[CONSTANT_B ? k : 0][i] = real ? element_of(p.B, n, KIND) : 0.0f;
      if (CONSTANT_C) own.C[CONSTANT_C ? k : 0][i] = real ? element_of(p.C, n, KIND) : 0.0f;
    }
  }
}

// N neighbours in shared memory, N a power of two.
template <int N> INLINE void load_row(float *v, const float *row) {
  if constexpr (N % 4 == 0) {
#pragma unroll
    for (int i = 0; i < N; i += 4) {
      float4 four = *(const float4 *)(row + i);
      v[i] = four.x;
      v[i + 1] = four.y;
      v[i + 2] = four.z;
      v[i + 3] = four.w;
    }
  } else if constexpr (N == 2) {
    float2 two = *(const float2 *)row;
    v[0] = two.x;
    v[1] = two.y;
  } else {
    v[0] = row[0];
  }
}

// What a thread needs of four tokens: on its way while the four before are computed.
struct Tokens {
  float steps[4][2 * P];
  float B[CONSTANT_B ? 1 : 4][R], C[CONSTANT_C || !OUTPUTS ? 1 : 4][R];
  float fresh[DOCUMENTS ? 4 : 1];

  INLINE void load(const Own &own, const Tile &tile, int q) {
#pragma unroll
    for (int k = 0; k < 4; k++) {
      load_row<2 * P>(steps[k], (const float *)&tile.steps[q + k][own.channel]);
      if (!CONSTANT_B) load_row<R>(B[CONSTANT_B ? 0 : k], &tile.B[CONSTANT_B ? 0 : q + k][own.column]);
      if (!CONSTANT_C && OUTPUTS) load_row<R>(C[CONSTANT_C || !OUTPUTS ? 0 : k], &tile.C[CONSTANT_C || !OUTPUTS ? 0 : q + k][own.column]);
      if (DOCUMENTS) fresh[DOCUMENTS ? k : 0] = tile.fresh[DOCUMENTS ? q + k : 0];
    }
  }
};

// One token of one channel. @returns this thread's part of C s
INLINE float advance(const Problem &p, Own &own, const Tokens &tokens, int t, int k) {
  float step = tokens.steps[t][2 * k], in = tokens.steps[t][2 * k + 1];
  const float *B = CONSTANT_B ? own.B[CONSTANT_B ? k : 0] : tokens.B[CONSTANT_B ? 0 : t];
  const float *C = CONSTANT_C ? own.C[CONSTANT_C ? k : 0] : tokens.C[CONSTANT_C || !OUTPUTS ? 0 : t];
  bool fresh = DOCUMENTS && tokens.fresh[DOCUMENTS ? t : 0] != 0.0f;
  float y = 0.0f, shared = SHARED_DECAY ? exp2_fast(step) : 0.0f;
#pragma unroll
  for (int i = 0; i < R; i++) {
    float decay = SHARED_DECAY ? shared : exp2_fast(step * own.rates[SHARED_DECAY ? 0 : k][i]);
    float before = fresh ? 0.0f : own.state[k][i]; // not a product with 0: what came before may not be finite
    own.state[k][i] = fmaf(decay, before, in * B[i]);
    if (OUTPUTS && has_column(p, own, i)) y = fmaf(own.state[k][i], C[i], y);
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

// `totals` of the thread's channels: a float sum of a whole segment would lose digits.
INLINE void walk_tile(const Problem &p, Own &own, const Tile &tile, float (*sums)[TOKENS][CHANNELS], double (&totals)[P]) {
  int lane = threadIdx.x & 31, warp = (threadIdx.x >> 5) % STATE_WARPS;
  Tokens tokens;
  tokens.load(own, tile, 0);
#pragma unroll UNROLL
  for (int q = 0; q < TOKENS; q += 4) {
    Tokens now = tokens;
    if (q + 4 < TOKENS) tokens.load(own, tile, q + 4);
    float whole[P];
#pragma unroll
    for (int k = 0; k < P; k++) {
      float y[4];
#pragma unroll
      for (int t = 0; t < 4; t++) y[t] = advance(p, own, now, t, k);
      if (OUTPUTS) whole[k] = gather_four(y, lane);
      if (SPLIT && !OUTPUTS) totals[k] += (now.steps[0][2 * k] + now.steps[1][2 * k]) + (now.steps[2][2 * k] + now.steps[3][2 * k]);
    }
    float *to = &sums[warp][q + (lane >> 3)][own.channel];
    if constexpr (OUTPUTS && P == 2) *(float2 *)to = make_float2(whole[0], whole[1]);
    else if constexpr (OUTPUTS) *to = whole[0];
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
#pragma unroll
  for (int k = 0; k < P; k++) {
    size_t d = row * (p.heads * p.headDim) + place.channel0 + own.channel + k;
    if (k < own.channels) store_states(p, own, own.state[k], to + d * p.state + own.column);
  }
}
