// A thread takes one channel and SPAN tokens, whose last inputs stay in registers. KIND of storage (elements.cu), WIDTH taps, HAS_BIAS,
// HAS_INITIAL, DOCUMENTS, SILU. Taps into another document, or before the first token, are left out.
constexpr int PAST = WIDTH - 1;

struct Problem {
  const void *X;
  const float *weight, *bias;
  const void *initialState;
  const float *documents;
  void *Y;
  float *finalState;
  int batch, length, channels;
};

INLINE float input_at(const Problem &p, int b, int t, int c) {
  return element_of(p.X, ((long long)b * p.length + t) * p.channels + c, KIND);
}
INLINE float id_at(const Problem &p, int b, int t) { return __ldg(p.documents + (size_t)b * p.length + t); }

// The inputs before token t, the latest first, as far as they belong to its document, or to the last token's where t is the end.
// @returns how many there are
INLINE int look_back(const Problem &p, float (&last)[PAST], int b, int t, int c) {
  int valid = 0;
#pragma unroll
  for (int j = 0; j < PAST; j++) {
    int from = t - 1 - j;
    last[j] = 0.0f;
    if (valid < j) continue; // the chain is broken
    if (from >= 0) {
      if (DOCUMENTS && from + 1 < p.length && id_at(p, b, from) != id_at(p, b, from + 1)) continue;
      last[j] = input_at(p, b, from, c);
      valid++;
    } else if (HAS_INITIAL && (!DOCUMENTS || id_at(p, b, 0) == 0.0f)) {
      last[j] = element_of(p.initialState, ((long long)b * p.channels + c) * PAST + PAST + from, KIND);
      valid++;
    }
  }
  return valid;
}

#if ENTRY_FILTER
extern "C" __global__ __launch_bounds__(128) void filter(const Problem p) {
  int c = blockIdx.x * 128 + threadIdx.x, b = blockIdx.z;
  if (c >= p.channels) return;
  float weight[WIDTH], last[PAST], bias = HAS_BIAS ? __ldg(p.bias + c) : 0.0f;
#pragma unroll
  for (int j = 0; j < WIDTH; j++) weight[j] = __ldg(p.weight + (size_t)c * WIDTH + j);
  for (int t0 = blockIdx.y * SPAN; t0 < p.length; t0 += gridDim.y * SPAN) {
    int valid = look_back(p, last, b, t0, c);
    float next[SPAN];
#pragma unroll
    for (int i = 0; i < SPAN; i++) next[i] = t0 + i < p.length ? input_at(p, b, t0 + i, c) : 0.0f;
#pragma unroll
    for (int i = 0; i < SPAN; i++) {
      int t = t0 + i;
      if (t >= p.length) break;
      if (DOCUMENTS && i > 0 && id_at(p, b, t) != id_at(p, b, t - 1)) valid = 0;
      float v = fmaf(weight[PAST], next[i], bias);
#pragma unroll
      for (int j = 0; j < PAST; j++)
        if (j < valid) v = fmaf(weight[PAST - 1 - j], last[j], v);
      store_element(p.Y, ((long long)b * p.length + t) * p.channels + c, KIND, SILU ? gated(1.0f, v) : v);
#pragma unroll
      for (int j = PAST - 1; j > 0; j--) last[j] = last[j - 1];
      last[0] = next[i];
      valid = min(valid + 1, PAST);
    }
  }
}
#endif

#if ENTRY_FINISH
extern "C" __global__ __launch_bounds__(128) void finish(const Problem p) {
  int c = blockIdx.x * 128 + threadIdx.x, b = blockIdx.z;
  if (c >= p.channels) return;
  float last[PAST];
  look_back(p, last, b, p.length, c);
#pragma unroll
  for (int j = 0; j < PAST; j++) p.finalState[((size_t)b * p.channels + c) * PAST + PAST - 1 - j] = last[j];
}
#endif
