// One token: a state is read, decayed, added to and written, and no thread waits for another. A set of LANES neighbouring lanes takes a
// channel's state, QUADS quads of columns a lane, and has ROWS channels on their way; those of a workgroup's sets lie side by side.
// Definitions: walk.problem.cu, with WIDE 1.
constexpr int THREADS = 128, SETS = THREADS / LANES;

// Four columns of four numbers each where there are any.
INLINE float4 quad_of(const float *from, size_t at, bool exists) {
  return exists ? __ldg((const float4 *)(from + at)) : make_float4(0.0f, 0.0f, 0.0f, 0.0f);
}
INLINE float advance(float &state, float decay, float in, float B, float C, float y) {
  state = fmaf(decay, state, in * B);
  return fmaf(state, C, y);
}

extern "C" __global__ __launch_bounds__(THREADS) void step(const Problem p) {
  Place place = place_of(p, SETS * ROWS);
  int lane = threadIdx.x % LANES, set = threadIdx.x / LANES;
  size_t channels = (size_t)p.heads * p.headDim, group = (size_t)place.batch * p.groups + place.group;
  float4 state[ROWS][QUADS], rates[SHARED_DECAY ? 1 : ROWS][QUADS];
  Four rawB[QUADS], rawC[QUADS];
  One x[ROWS], z[ROWS];
  float steps[ROWS], decay[ROWS];
  // 1. everything is asked for
#pragma unroll
  for (int r = 0; r < ROWS; r++) {
    int c = set + r * SETS;
    bool inside = c < place.channels;
    size_t d = place.channel0 + (inside ? c : 0), at = place.batch * channels + d;
    size_t row = SHARED_DECAY ? (size_t)place.batch * p.heads + head_of(p, place, c) : at;
    steps[r] = HAS_STEP ? __ldg(p.step + row) : 1.0f;
    if (SHARED_DECAY) decay[r] = __ldg(p.decay + (RATES ? head_of(p, place, c) : row));
    x[r] = load_one(p.x, at);
    if (HAS_Z) z[r] = load_one(p.z, at);
#pragma unroll
    for (int q = 0; q < QUADS; q++) {
      int n = 4 * (lane + q * LANES);
      bool exists = inside && n < p.state;
      state[r][q] = quad_of(p.initialState, at * p.state + n, HAS_INITIAL && exists);
      if (!SHARED_DECAY) rates[SHARED_DECAY ? 0 : r][q] = quad_of(p.decay, d * p.state + n, exists);
    }
  }
#pragma unroll
  for (int q = 0; q < QUADS; q++) {
    int n = 4 * (lane + q * LANES);
    rawB[q] = load_four(p.B, group * p.state + n, p.state - n);
    rawC[q] = load_four(p.C, group * p.state + n, p.state - n);
  }
  // 2. row by row
#pragma unroll
  for (int r = 0; r < ROWS; r++) {
    int c = set + r * SETS;
    size_t d = place.channel0 + c, at = place.batch * channels + d;
    float v = step_of(p, place, c, steps[r]), in = v * value_of(x[r]), y = 0.0f;
    float shared = SHARED_DECAY ? exp2_fast((RATES ? v * decay[r] : decay[r]) * LOG2_E) : 0.0f;
#pragma unroll
    for (int q = 0; q < QUADS; q++) {
      int n = 4 * (lane + q * LANES);
      if (n >= p.state) continue; // not a product with 0
      float4 B = values_of(rawB[q]), C = values_of(rawC[q]), &s = state[r][q], rate = rates[SHARED_DECAY ? 0 : r][q];
      y = advance(s.x, SHARED_DECAY ? shared : exp2_fast(v * (rate.x * LOG2_E)), in, B.x, C.x, y);
      y = advance(s.y, SHARED_DECAY ? shared : exp2_fast(v * (rate.y * LOG2_E)), in, B.y, C.y, y);
      y = advance(s.z, SHARED_DECAY ? shared : exp2_fast(v * (rate.z * LOG2_E)), in, B.z, C.z, y);
      y = advance(s.w, SHARED_DECAY ? shared : exp2_fast(v * (rate.w * LOG2_E)), in, B.w, C.w, y);
      if (c < place.channels) *(float4 *)(p.finalState + at * p.state + n) = s;
    }
#pragma unroll
    for (int o = LANES / 2; o > 0; o >>= 1) y += __shfl_xor_sync(0xffffffffu, y, o);
    if (lane != 0 || c >= place.channels) continue;
    if (HAS_D) y = fmaf(skip_of(p, place, c), value_of(x[r]), y);
    if (HAS_Z) y = gated(y, value_of(z[r]));
    store_element(p.Y, at, KIND, y);
  }
}
