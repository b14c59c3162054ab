/* dualbench {
 *   "operator": "ssd",
 *   "form": "recurrent",
 *   "source": "S_t = exp(logA_t) S_(t-1) + dt_t X_t B_t^T, Y_t = S_t C_t",
 *   "entry": "ssd",
 *   "grid": ["ceilDiv(headDim, 64)", "heads", "batch"],
 *   "dtypes": ["f32", "f16"],
 *   "rounding": { "terms": 0 }
 * }
 *
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

// a thread a channel of a head, one token after another
@compute @workgroup_size(64)
fn ssd(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) place: vec3u) {
  let p = place.x * 64u + lane;
  if (p >= sizes.headDim) { return; }
  let b = place.z;
  let h = place.y;
  // head h reads the group of B and C that it belongs to
  let g = h / (sizes.heads / sizes.groups);
  let S = ((b * sizes.heads + h) * sizes.headDim + p) * sizes.state;
  for (var n = 0u; n < sizes.state; n++) { finalState[S + n] = 0.0; }
  for (var t = 0u; t < sizes.length; t++) {
    let token = b * sizes.length + t;
    let step = token * sizes.heads + h;
    let row = (token * sizes.groups + g) * sizes.state;
    let decay = exp(logA[step]);
    var x = f32(X[step * sizes.headDim + p]);
//#if dt
    x *= dt[step];
//#endif
    var y = 0.0;
    for (var n = 0u; n < sizes.state; n++) {
      let s = decay * finalState[S + n] + x * f32(B[row + n]);
      finalState[S + n] = s;
      y += s * f32(C[row + n]);
    }
    Y[step * sizes.headDim + p] = elem(y);
  }
}
