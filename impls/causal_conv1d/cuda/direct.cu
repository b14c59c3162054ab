// A thread takes EACH neighbouring channels and SPAN tokens, AHEAD of them at a time; the last inputs stay in registers. KIND of storage
// (elements.cu), WIDTH taps, HAS_BIAS, HAS_INITIAL, DOCUMENTS, SILU. Taps into another document, or before the first token, are left out.
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
// What a thread takes of a token: EACH channels as they lie in memory, sixteen bytes where EACH is more than 1.
struct Piece {
  uint4 words;
  INLINE void load(const Problem &p, int b, int t, int c) {
    size_t at = ((size_t)b * p.length + t) * p.channels + c;
    if (EACH > 1) words = __ldg((const uint4 *)p.X + at / EACH);
    else store_element(&words, 0, KIND, element_of(p.X, at, KIND));
  }
  INLINE float at(int k) const { return element_of(&words, k, KIND); }
};

extern "C" __global__ __launch_bounds__(128) void filter(const Problem p) {
  long long place = (long long)blockIdx.x * 128 + threadIdx.x;
  int across = p.channels / EACH, b = blockIdx.y;
  int c = (int)(place % across) * EACH, first = (int)min(place / across * SPAN, (long long)p.length), end = min(first + SPAN, p.length);
  // taps in the order in which they lie in memory, then to their threads: channel by channel a warp would touch a line a lane
  __shared__ float taps[EACH][129][WIDTH]; // one place more, so that neighbouring channels lie in other banks
#pragma unroll
  for (int m = 0; m < EACH; m++) {
    int i = threadIdx.x + 128 * m, other = i / EACH, k = i % EACH;
    int channel = (int)(((long long)blockIdx.x * 128 + other) % across) * EACH + k;
#pragma unroll
    for (int j = 0; j < WIDTH; j++) taps[k][other][j] = __ldg(p.weight + (size_t)channel * WIDTH + j);
  }
  __syncthreads();
  float weight[EACH][WIDTH], bias[EACH];
#pragma unroll
  for (int k = 0; k < EACH; k++) {
    bias[k] = HAS_BIAS ? __ldg(p.bias + c + k) : 0.0f;
#pragma unroll
    for (int j = 0; j < WIDTH; j++) weight[k][j] = taps[k][threadIdx.x][j];
  }
  // the inputs before, the earliest first, and AHEAD of the run
  Piece window[PAST + AHEAD];
  int valid = 0;
  if (!DOCUMENTS && first >= PAST && first < end) {
    valid = PAST;
#pragma unroll
    for (int j = 0; j < PAST; j++) window[j].load(p, b, first - PAST + j, c);
  } else if (first < end) {
    float last[EACH][PAST];
#pragma unroll
    for (int k = 0; k < EACH; k++) valid = look_back(p, last[k], b, first, c + k);
#pragma unroll
    for (int j = 0; j < PAST; j++)
#pragma unroll
      for (int k = 0; k < EACH; k++) store_element(&window[PAST - 1 - j].words, k, KIND, last[k][j]); // exact: it was storage
  }
#pragma unroll 1
  for (int t0 = first; t0 < end; t0 += AHEAD) {
#pragma unroll
    for (int i = 0; i < AHEAD; i++)
      if (t0 + i < end) window[PAST + i].load(p, b, t0 + i, c);
#pragma unroll
    for (int i = 0; i < AHEAD; i++) {
      int t = t0 + i;
      if (t >= end) break;
      if (DOCUMENTS && t > first && id_at(p, b, t) != id_at(p, b, t - 1)) valid = 0;
      Piece Y;
#pragma unroll
      for (int k = 0; k < EACH; k++) {
        float v = fmaf(weight[k][PAST], window[PAST + i].at(k), bias[k]);
#pragma unroll
        for (int j = 0; j < PAST; j++)
          if (j < valid) v = fmaf(weight[k][PAST - 1 - j], window[PAST + i - 1 - j].at(k), v);
        store_element(&Y.words, k, KIND, SILU ? gated(1.0f, v) : v);
      }
      size_t at = ((size_t)b * p.length + t) * p.channels + c;
      if (EACH > 1) *((uint4 *)p.Y + at / EACH) = Y.words;
      else store_element(p.Y, at, KIND, Y.at(0));
      valid = min(valid + 1, PAST);
    }
#pragma unroll
    for (int j = 0; j < PAST; j++) window[j] = window[AHEAD + j];
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
