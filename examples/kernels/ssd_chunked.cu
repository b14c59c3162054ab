/* dualbench {
 *   "operator": "ssd",
 *   "form": "chunked",
 *   "source": "arXiv 2405.21060, section 6 and listing 1",
 *   "entry": "ssd",
 *   "grid": ["ceilDiv(headDim, 64)", "heads", "batch"],
 *   "block": 64,
 *   "sharedBytes": "8 * chunk",
 *   "arguments": ["X", "logA", "B", "C", "dt", "Y", "finalState", "length", "heads", "groups", "headDim", "state", "chunk"],
 *   "options": [{ "chunk": 64 }],
 *   "rounding": { "terms": "chunk" }
 * }
 *
 * What it computes: S_t = exp(logA_t) S_(t-1) + dt_t X_t B_t^T, Y_t = S_t C_t, a chunk of tokens at a time.
 * Tensors are f32 in C order: X and Y (batch length heads headDim), logA and dt (batch length heads), B and C (batch length groups state),
 * finalState (batch heads headDim state). dt is null where the problem has none. D, z and initialState are no arguments: problems that
 * have them are skipped.
 */

// A block owns 64 channels of one head, a thread each; what is known of each token of a chunk is shared.
extern "C" __global__ void ssd(const float *X, const float *logA, const float *B, const float *C, const float *dt, float *Y,
                               float *finalState, int length, int heads, int groups, int headDim, int state, int chunk) {
  // of token s: the sum of logA over (s, t] (the decay from s to t is its exp, never one of a difference of running sums), its weight
  extern __shared__ float sums[];
  float *weights = sums + chunk;
  const int b = blockIdx.z, h = blockIdx.y, p = blockIdx.x * blockDim.x + threadIdx.x;
  const bool isMine = p < headDim;
  // from one token to the next: steps of logA and dt, rows of X and Y, rows of B and C; head h reads the group that it belongs to
  const size_t step = (size_t)b * length * heads + h, row = ((size_t)b * length * groups + h / (heads / groups)) * state;
  const float *a = logA + step, *time = dt ? dt + step : 0, *x = X + step * headDim + p, *Bg = B + row, *Cg = C + row;
  float *y = Y + step * headDim + p, *S = finalState + ((size_t)(b * heads + h) * headDim + p) * state;
  const size_t next = (size_t)heads * headDim, nextRow = (size_t)groups * state;
  for (int n = 0; isMine && n < state; n++) S[n] = 0;

  for (int first = 0; first < length; first += chunk) {
    const int end = min(first + chunk, length);
    // the sum of logA from the chunk's first token to t
    float whole = 0;
    for (int t = first; t < end; t++) {
      const float now = a[(size_t)t * heads];
      whole += now;
      // 1. inside the chunk
      for (int s = first + threadIdx.x; s <= t; s += blockDim.x) {
        sums[s - first] = s == t ? 0 : sums[s - first] + now;
        float product = 0;
        for (int n = 0; n < state; n++) product += Cg[t * nextRow + n] * Bg[s * nextRow + n];
        weights[s - first] = expf(sums[s - first]) * product * (time ? time[(size_t)s * heads] : 1.0f);
      }
      __syncthreads();
      if (isMine) {
        float total = 0, old = 0;
        for (int s = first; s <= t; s++) total += weights[s - first] * x[s * next];
        // 4. what the state before the chunk gives
        for (int n = 0; n < state; n++) old += Cg[t * nextRow + n] * S[n];
        y[t * next] = total + expf(whole) * old;
      }
      __syncthreads();
    }
    // 2., 3. the state after the chunk
    for (int s = first + threadIdx.x; s < end; s += blockDim.x)
      weights[s - first] = expf(sums[s - first]) * (time ? time[(size_t)s * heads] : 1.0f);
    __syncthreads();
    for (int n = 0; isMine && n < state; n++) {
      float value = expf(whole) * S[n];
      for (int s = first; s < end; s++) value += weights[s - first] * x[s * next] * Bg[s * nextRow + n];
      S[n] = value;
    }
    __syncthreads();
  }
}
