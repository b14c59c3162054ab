/* dualbench {
 *   "operator": "ssd",
 *   "form": "recurrent",
 *   "source": "S_t = exp(logA_t) S_(t-1) + dt_t X_t B_t^T, Y_t = S_t C_t",
 *   "entry": "ssd",
 *   "arguments": ["X", "logA", "B", "C", "dt", "Y", "finalState", "batch", "length", "heads", "groups", "headDim", "state"],
 *   "rounding": { "terms": 0 }
 * }
 *
 * Tensors are f32 in C order: X and Y (batch length heads headDim), logA and dt (batch length heads), B and C (batch length groups state),
 * finalState (batch heads headDim state). dt is NULL where the problem has none. D, z and initialState are no arguments: problems that
 * have them are skipped.
 */
#include <math.h>
#include <stdint.h>

void ssd(const float *X, const float *logA, const float *B, const float *C, const float *dt, float *Y, float *finalState,
         int64_t batch, int64_t length, int64_t heads, int64_t groups, int64_t headDim, int64_t state) {
  for (int64_t b = 0; b < batch; b++)
    for (int64_t h = 0; h < heads; h++) {
      // head h reads the group of B and C that it belongs to
      const int64_t g = h / (heads / groups);
      float *S = finalState + (b * heads + h) * headDim * state;
      for (int64_t i = 0; i < headDim * state; i++) S[i] = 0;
      for (int64_t t = 0; t < length; t++) {
        const int64_t token = b * length + t, step = token * heads + h, row = (token * groups + g) * state;
        const float decay = expf(logA[step]);
        for (int64_t p = 0; p < headDim; p++) {
          const float x = X[step * headDim + p] * (dt ? dt[step] : 1.0f);
          float y = 0;
          for (int64_t n = 0; n < state; n++) {
            const float s = decay * S[p * state + n] + x * B[row + n];
            S[p * state + n] = s;
            y += s * C[row + n];
          }
          Y[step * headDim + p] = y;
        }
      }
    }
}
