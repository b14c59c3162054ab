// The launches: what each chunk adds to the state, the recurrence over chunks, the outputs.

extern __shared__ __align__(16) unsigned char room_bytes[];

#if ENTRY_CHUNK_STATES
// 2. chunk states: X weighted by its decay to the chunk's end, times B. Channels are rows, tokens are summed over.
extern "C" __global__ __launch_bounds__(THREADS) void chunk_states(const Problem p) {
  constexpr int XROW = CHANNELS + 8, BROW = NPAD + 8; // rows of other banks where a warp reads four of them
  double *sums = (double *)room_bytes;
  float *X = (float *)(sums + CHUNK), *B = X + CHUNK * XROW;
  Place place = place_of(p);
  size_t token = (size_t)place.batch * p.length + place.first;
  sum_decays(p, place, sums);
  auto weight = [&](int q) { return exp2_of(sums[CHUNK - 1] - sums[q]) * step_at(p, place, q); };
  size_t pitch = (size_t)p.heads * p.headDim;
  const float *ownX = p.X + token * pitch + place.head * p.headDim + place.channel0;
  load_tile<CHANNELS, XROW>(X, ownX, place.count, pitch, p.headDim - place.channel0, weight);
  load_tile<NPAD, BROW>(B, p.B + (token * p.groups + place.group) * p.state, place.count, (size_t)p.groups * p.state, p.state, one);
  __syncthreads();
  int warp = threadIdx.x >> 5, g = (threadIdx.x & 31) >> 2, j = threadIdx.x & 3;
  float sum[NPAD / 8][4];
#pragma unroll
  for (int i = 0; i < NPAD / 8; i++)
#pragma unroll
    for (int k = 0; k < 4; k++) sum[i][k] = 0.0f;
#pragma unroll 2
  for (int q = 0; q < CHUNK; q += 8) {
    const float *x = X + (q + j) * XROW + 16 * warp + g, *b = B + (q + j) * BROW + g;
    Split a[4] = {split(x[0]), split(x[8]), split(x[4 * XROW]), split(x[4 * XROW + 8])};
#pragma unroll
    for (int i = 0; i < NPAD / 8; i++) products(sum[i], a, b[8 * i], b[4 * BROW + 8 * i]);
  }
  size_t row = ((size_t)place.batch * p.chunks + place.chunk) * p.heads + place.head;
#pragma unroll
  for (int i = 0; i < NPAD / 8; i++)
#pragma unroll
    for (int k = 0; k < 4; k++) {
      int channel = place.channel0 + 16 * warp + g + 8 * (k >> 1), n = 8 * i + 2 * j + (k & 1);
      if (channel < p.headDim && n < p.state) p.states[(row * p.headDim + channel) * p.state + n] = sum[i][k];
    }
  if (threadIdx.x == 0 && place.channel0 == 0) p.decays[row] = sums[CHUNK - 1];
}
#endif

#if ENTRY_PASS_STATES
// 3. A thread takes one element of the state: what a chunk added is replaced by the state before it. AHEAD chunks are on their way.
extern "C" __global__ __launch_bounds__(THREADS) void pass_states(const Problem p) {
  constexpr int AHEAD = 8;
  size_t each = (size_t)p.headDim * p.state, elements = p.heads * each, i = (size_t)blockIdx.x * THREADS + threadIdx.x;
  if (i >= elements) return;
  size_t row = (size_t)blockIdx.y * p.chunks;
  int head = (int)(i / each);
  float run = HAS_INITIAL ? __ldg(p.initialState + blockIdx.y * elements + i) : 0.0f;
  for (int c0 = 0; c0 < p.chunks; c0 += AHEAD) {
    float own[AHEAD], decay[AHEAD];
#pragma unroll
    for (int c = 0; c < AHEAD; c++) {
      if (c0 + c >= p.chunks) continue;
      own[c] = p.states[(row + c0 + c) * elements + i];
      decay[c] = exp2_of(p.decays[(row + c0 + c) * p.heads + head]);
    }
#pragma unroll
    for (int c = 0; c < AHEAD; c++) {
      if (c0 + c >= p.chunks) continue;
      p.states[(row + c0 + c) * elements + i] = run;
      run = fmaf(decay[c], run, own[c]);
    }
  }
  p.finalState[blockIdx.y * elements + i] = run;
}
#endif

#if ENTRY_CHUNK_OUTPUTS
// 1. and 4. Scores, masked by the decay between their tokens, times X; C times the state before the chunk. Tokens are rows.
extern "C" __global__ __launch_bounds__(THREADS) void chunk_outputs(const Problem p) {
  constexpr int ROW = NPAD + 4, XROW = CHANNELS + 4;
  double *sums = (double *)room_bytes;
  float *C = (float *)(sums + CHUNK), *B = C + CHUNK * ROW, *S = B + CHUNK * ROW, *X = S + CHANNELS * ROW;
  Place place = place_of(p);
  size_t token = (size_t)place.batch * p.length + place.first, pitch = (size_t)p.heads * p.headDim;
  size_t state = (((size_t)place.batch * p.chunks + place.chunk) * p.heads + place.head) * p.headDim + place.channel0;
  const float *ownX = p.X + token * pitch + place.head * p.headDim + place.channel0;
  auto ofGroup = [&](const float *T) { return T + (token * p.groups + place.group) * p.state; };
  load_tile<NPAD, ROW>(C, ofGroup(p.C), place.count, (size_t)p.groups * p.state, p.state, one);
  load_tile<NPAD, ROW>(B, ofGroup(p.B), place.count, (size_t)p.groups * p.state, p.state, one);
  load_tile<NPAD, ROW>(S, p.states + state * p.state, p.headDim - place.channel0, p.state, p.state, one);
  load_tile<CHANNELS, XROW>(X, ownX, place.count, pitch, p.headDim - place.channel0, [&](int q) { return step_at(p, place, q); });
  sum_decays(p, place, sums);
  int warp = threadIdx.x >> 5, g = (threadIdx.x & 31) >> 2, j = threadIdx.x & 3, row = 16 * warp + g;
  float Y[CHANNELS / 8][4], score[CHUNK / 8][4];
#pragma unroll
  for (int i = 0; i < 8; i++)
#pragma unroll
    for (int k = 0; k < 4; k++) Y[i][k] = score[i][k] = 0.0f;
#pragma unroll 1
  for (int n = 0; n < NPAD; n += 8) {
    const float *c = C + row * ROW + n + j, *b = B + g * ROW + n + j, *s = S + g * ROW + n + j;
    Split a[4] = {split(c[0]), split(c[8 * ROW]), split(c[4]), split(c[8 * ROW + 4])};
#pragma unroll
    for (int i = 0; i < 8; i++) {
      products(Y[i], a, s[8 * i * ROW], s[8 * i * ROW + 4]);
      if (i < 2 * warp + 2) products(score[i], a, b[8 * i * ROW], b[8 * i * ROW + 4]);
    }
  }
  double upTo[2] = {sums[row], sums[row + 8]};
#pragma unroll
  for (int k = 0; k < 4; k++) {
    float kept = exp2_of(upTo[k >> 1]);
#pragma unroll
    for (int i = 0; i < 8; i++) Y[i][k] *= kept;
  }
#pragma unroll
  for (int i = 0; i < 8; i++) {
    if (i >= 2 * warp + 2) break;
#pragma unroll
    for (int k = 0; k < 4; k++) {
      int from = 8 * i + 2 * j + (k & 1), to = row + 8 * (k >> 1);
      score[i][k] *= from <= to ? exp2_of(upTo[k >> 1] - sums[from]) : 0.0f;
    }
    // terms may come in any order: j stands for token 2 j, j + 4 for the one behind it
    Split a[4] = {split(score[i][0]), split(score[i][2]), split(score[i][1]), split(score[i][3])};
    const float *x = X + (8 * i + 2 * j) * XROW + g;
#pragma unroll
    for (int m = 0; m < 8; m++) products(Y[m], a, x[8 * m], x[XROW + 8 * m]);
  }
#pragma unroll
  for (int m = 0; m < 8; m++)
#pragma unroll
    for (int k = 0; k < 4; k++) {
      int q = row + 8 * (k >> 1), c = 8 * m + 2 * j + (k & 1), channel = place.channel0 + c;
      if (q >= place.count || channel >= p.headDim) continue;
      float y = Y[m][k];
      if (HAS_D) y = fmaf(__ldg(p.D + (HAS_D == 1 ? place.head : place.head * p.headDim + channel)), __ldg(ownX + q * pitch + c), y);
      size_t at = (token + q) * pitch + place.head * p.headDim + channel;
      if (HAS_Z) y = gated(y, __ldg(p.z + at));
      p.Y[at] = y;
    }
}
#endif
