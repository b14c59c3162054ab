/* dualbench {
 *   "operator": "ssd",
 *   "form": "chunked",
 *   "source": "arXiv 2405.21060, section 6 and listing 1",
 *   "entry": "ssd",
 *   "grid": ["ceilDiv(headDim, 64)", "heads", "batch"],
 *   "constants": { "CHUNK": "chunk" },
 *   "options": [{ "chunk": 64 }],
 *   "dtypes": ["f32", "f16"],
 *   "rounding": { "terms": "chunk" }
 * }
 *
 * What it computes: S_t = exp(logA_t) S_(t-1) + dt_t X_t B_t^T, Y_t = S_t C_t, a chunk of tokens at a time.
 * Bindings are called as the tensors are, members of a struct as the sizes. Tensors lie in C order: X and Y (batch length heads headDim),
 * logA and dt (batch length heads), B and C (batch length groups state), finalState (batch heads headDim state). `elem` is f32 or f16,
 * whichever the problem stores; decays, time steps and states are f32 always. What stands between `//#if dt` and `//#endif` is there
 * where the problem has dt. D, z and initialState are no bindings: problems that have them are skipped.
 */
struct Sizes { length: u32, heads: u32, groups: u32, headDim: u32, state: u32 }
@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> X: array<elem>;
@group(0) @binding(2) var<storage, read> logA: array<f32>;
@group(0) @binding(3) var<storage, read> B: array<elem>;
@group(0) @binding(4) var<storage, read> C: array<elem>;
@group(0) @binding(5) var<storage, read_write> Y: array<elem>;
@group(0) @binding(6) var<storage, read_write> finalState: array<f32>;
//#if dt
@group(0) @binding(7) var<storage, read> dt: array<f32>;
//#endif

const THREADS = 64u;
// of token s: the sum of logA over (s, t] (the decay from s to t is its exp, never one of a difference of running sums), its weight
var<workgroup> sums: array<f32, CHUNK>;
var<workgroup> weights: array<f32, CHUNK>;

// a workgroup owns 64 channels of one head, a thread each; what is known of each token of a chunk is shared
@compute @workgroup_size(THREADS)
fn ssd(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) place: vec3u) {
  let p = place.x * THREADS + lane;
  let isMine = p < sizes.headDim;
  let b = place.z;
  let h = place.y;
  // from one token to the next: steps of logA and dt, rows of X and Y, rows of B and C; head h reads the group that it belongs to
  let step = b * sizes.length * sizes.heads + h;
  let row = (b * sizes.length * sizes.groups + h / (sizes.heads / sizes.groups)) * sizes.state;
  let nextRow = sizes.groups * sizes.state;
  let S = ((b * sizes.heads + h) * sizes.headDim + p) * sizes.state;
  if (isMine) {
    for (var n = 0u; n < sizes.state; n++) { finalState[S + n] = 0.0; }
  }

  for (var first = 0u; first < sizes.length; first += CHUNK) {
    let end = min(first + CHUNK, sizes.length);
    // the sum of logA from the chunk's first token to t
    var whole = 0.0;
    for (var t = first; t < end; t++) {
      let a = logA[step + t * sizes.heads];
      whole += a;
      // 1. inside the chunk
      for (var s = first + lane; s <= t; s += THREADS) {
        sums[s - first] = select(sums[s - first] + a, 0.0, s == t);
        var product = 0.0;
        for (var n = 0u; n < sizes.state; n++) {
          product += f32(C[row + t * nextRow + n]) * f32(B[row + s * nextRow + n]);
        }
        var weight = exp(sums[s - first]) * product;
//#if dt
        weight *= dt[step + s * sizes.heads];
//#endif
        weights[s - first] = weight;
      }
      workgroupBarrier();
      if (isMine) {
        var y = 0.0;
        for (var s = first; s <= t; s++) {
          y += weights[s - first] * f32(X[(step + s * sizes.heads) * sizes.headDim + p]);
        }
        // 4. what the state before the chunk gives
        var old = 0.0;
        for (var n = 0u; n < sizes.state; n++) { old += f32(C[row + t * nextRow + n]) * finalState[S + n]; }
        Y[(step + t * sizes.heads) * sizes.headDim + p] = elem(y + exp(whole) * old);
      }
      workgroupBarrier();
    }
    // 2., 3. the state after the chunk
    for (var s = first + lane; s < end; s += THREADS) {
      var weight = exp(sums[s - first]);
//#if dt
      weight *= dt[step + s * sizes.heads];
//#endif
      weights[s - first] = weight;
    }
    workgroupBarrier();
    if (isMine) {
      for (var n = 0u; n < sizes.state; n++) {
        var value = exp(whole) * finalState[S + n];
        for (var s = first; s < end; s++) {
          let x = f32(X[(step + s * sizes.heads) * sizes.headDim + p]);
          value += weights[s - first] * x * f32(B[row + s * nextRow + n]);
        }
        finalState[S + n] = value;
      }
    }
    workgroupBarrier();
  }
}
