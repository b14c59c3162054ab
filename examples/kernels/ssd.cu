/* dualbench {
 *   "operator": "ssd",
 *   "form": "recurrent",
 *   "source": "S_t = exp(logA_t) S_(t-1) + dt_t X_t B_t^T, Y_t = S_t C_t",
 *   "entry": "ssd",
 *   "grid": ["ceilDiv(headDim, 64)", "heads", "batch"],
 *   "block": 64,
 *   "arguments": ["X", "logA", "B", "C", "dt", "Y", "finalState", "length", "heads", "groups", "headDim", "state"],
 *   "rounding": { "terms": 0 }
 * }
 *
 * Tensors are f32 in C order: X and Y (batch length heads headDim), logA and dt (batch length heads), B and C (batch length groups state),
 * finalState (batch heads headDim state). dt is null where the problem has none. D, z and initialState are no arguments: problems that
 * have them are skipped.
 */

// a thread a channel of a head, one token after another
extern "C" __global__ void ssd(const float *X, const float *logA, const float *B, const float *C, const float *dt, float *Y,
                               float *finalState, int length, int heads, int groups, int headDim, int state) {
  const int p = blockIdx.x * blockDim.x + threadIdx.x;
  if (p >= headDim) return;
  const int b = blockIdx.z, h = blockIdx.y;
  // head h reads the group of B and C that it belongs to
  const int g = h / (heads / groups);
  float *S = finalState + ((size_t)(b * heads + h) * headDim + p) * state;
  for (int n = 0; n < state; n++) S[n] = 0;
  for (int t = 0; t < length; t++) {
    const size_t token = (size_t)b * length + t, step = token * heads + h, row = (token * groups + g) * state;
    const float decay = expf(logA[step]);
    const float x = X[step * headDim + p] * (dt ? dt[step] : 1.0f);
    float y = 0;
    for (int n = 0; n < state; n++) {
      const float s = decay * S[n] + x * B[row + n];
      S[n] = s;
      y += s * C[row + n];
    }
    Y[step * headDim + p] = y;
  }
}
