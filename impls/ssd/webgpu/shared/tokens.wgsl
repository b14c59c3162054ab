// What the kernels on tiles of Q tokens and PS channels of one head share; put in front of each. A kernel binds what it uses.
struct Size {
  batches: u32, tokens: u32, heads: u32, groups: u32, head_dim: u32, state: u32, segments: u32, segment_tokens: u32, slices: u32,
  d_per_head: u32,
}
@group(0) @binding(0) var<uniform> size: Size;
@group(0) @binding(1) var<storage, read> X: array<elem>;
@group(0) @binding(2) var<storage, read> logA: array<f32>;
@group(0) @binding(3) var<storage, read> B: array<elem>;
//#if dt
@group(0) @binding(8) var<storage, read> dt: array<f32>;
//#endif

var<workgroup> Xs: array<elem, Q * PS>;
var<workgroup> logs: array<f32, Q>; // of decays
var<workgroup> steps: array<f32, Q>;
var<workgroup> suffix: array<f32, Q>; // sums of logs from after a token to the end of its block

// Decays, time steps and channels from p0 on of the tile that starts at t0; tokens from `end` on change nothing.
fn load_tokens(lane: u32, b: u32, h: u32, p0: u32, t0: u32, end: u32) {
  if (lane < Q) {
    let t = t0 + lane;
    let token = (b * size.tokens + t) * size.heads + h;
    logs[lane] = 0.0;
    steps[lane] = 0.0;
    if (t < end) {
      logs[lane] = max(logA[token], -1.0e4);
      steps[lane] = 1.0;
//#if dt
      steps[lane] = dt[token];
//#endif
    }
  }
  for (var i = lane; i < Q * PS; i += THREADS) {
    let t = t0 + i / PS;
    let p = p0 + i % PS;
    var x = elem(0);
    if (t < end && p < size.head_dim) { x = X[((b * size.tokens + t) * size.heads + h) * size.head_dim + p]; }
    Xs[i] = x;
  }
}
