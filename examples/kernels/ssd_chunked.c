/* dualbench {
 *   "operator": "ssd",
 *   "form": "chunked",
 *   "source": "arXiv 2405.21060, section 6 and listing 1",
 *   "entry": "ssd",
 *   "arguments": ["X", "logA", "B", "C", "dt", "Y", "finalState", "batch", "length", "heads", "groups", "headDim", "state", "chunk"],
 *   "options": [{ "chunk": 16 }],
 *   "rounding": { "terms": "chunk" }
 * }
 *
 * What it computes: S_t = exp(logA_t) S_(t-1) + dt_t X_t B_t^T, Y_t = S_t C_t, a chunk of tokens at a time.
 * Tensors are f32 in C order: X and Y (batch length heads headDim), logA and dt (batch length heads), B and C (batch length groups state),
 * finalState (batch heads headDim state). dt is NULL where the problem has none. D, z and initialState are no arguments: problems that
 * have them are skipped.
 */
#include <math.h>
#include <stdint.h>

static float dot(const float *a, const float *b, int64_t count) {
  float sum = 0;
  for (int64_t i = 0; i < count; i++) sum += a[i] * b[i];
  return sum;
}

void ssd(const float *X, const float *logA, const float *B, const float *C, const float *dt, float *Y, float *finalState,
         int64_t batch, int64_t length, int64_t heads, int64_t groups, int64_t headDim, int64_t state, int64_t chunk) {
  for (int64_t b = 0; b < batch; b++)
    for (int64_t h = 0; h < heads; h++) {
      // head h reads the group of B and C that it belongs to
      const int64_t g = h / (heads / groups);
      // from one token to the next: steps of logA and dt, rows of X and Y, rows of B and C
      const float *a = logA + b * length * heads + h, *time = dt ? dt + b * length * heads + h : 0;
      const float *x = X + (b * length * heads + h) * headDim;
      const float *Bg = B + (b * length * groups + g) * state, *Cg = C + (b * length * groups + g) * state;
      float *y = Y + (b * length * heads + h) * headDim, *S = finalState + (b * heads + h) * headDim * state;
      for (int64_t i = 0; i < headDim * state; i++) S[i] = 0;

      for (int64_t first = 0; first < length; first += chunk) {
        const int64_t end = first + chunk < length ? first + chunk : length;
        for (int64_t t = first; t < end; t++) {
          const float *Ct = Cg + t * groups * state;
          float *yt = y + t * heads * headDim;
          for (int64_t p = 0; p < headDim; p++) yt[p] = 0;
          // 1. inside the chunk: the decay from s to t is exp of a sum over (s, t], never of a difference of running sums
          float sum = 0;
          for (int64_t s = t; s >= first; s--) {
            const float weight = expf(sum) * dot(Ct, Bg + s * groups * state, state) * (time ? time[s * heads] : 1.0f);
            for (int64_t p = 0; p < headDim; p++) yt[p] += weight * x[s * heads * headDim + p];
            sum += a[s * heads];
          }
          // 4. what the state before the chunk gives
          const float decay = expf(sum);
          for (int64_t p = 0; p < headDim; p++) yt[p] += decay * dot(Ct, S + p * state, state);
        }
        // 2., 3. the state after the chunk
        float sum = 0;
        for (int64_t s = first; s < end; s++) sum += a[s * heads];
        const float decay = expf(sum);
        for (int64_t i = 0; i < headDim * state; i++) S[i] *= decay;
        sum = 0;
        for (int64_t s = end - 1; s >= first; s--) {
          const float weight = expf(sum) * (time ? time[s * heads] : 1.0f);
          for (int64_t p = 0; p < headDim; p++)
            for (int64_t n = 0; n < state; n++)
              S[p * state + n] += weight * x[s * heads * headDim + p] * Bg[s * groups * state + n];
          sum += a[s * heads];
        }
      }
    }
}
