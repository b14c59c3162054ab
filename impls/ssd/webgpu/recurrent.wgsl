// The recurrent form, equation (1): parallel over heads, channels and the state, one token after another. A workgroup owns PT
// channels of one head; LT lanes share a channel's state, four elements at a time, in registers. Also the decoder (length 1).
struct Size {
  batches: u32, tokens: u32, heads: u32, groups: u32, head_dim: u32, state: u32, slices: u32, d_per_head: u32, documents: u32,
}
@group(0) @binding(0) var<uniform> size: Size;
@group(0) @binding(1) var<storage, read> X: array<elem>;
@group(0) @binding(2) var<storage, read> logA: array<f32>;
@group(0) @binding(3) var<storage, read> B: array<elem>;
@group(0) @binding(4) var<storage, read> C: array<elem>;
@group(0) @binding(5) var<storage, read_write> Y: array<elem>;
@group(0) @binding(6) var<storage, read_write> finalState: array<f32>;
//#if initialState
@group(0) @binding(7) var<storage, read> initialState: array<f32>;
//#endif
//#if dt
@group(0) @binding(8) var<storage, read> dt: array<f32>;
//#endif
//#if documentStates
@group(0) @binding(11) var<storage, read> ends: array<u32>; // of a token: which document ends with it, counted from 1; 0: none
@group(0) @binding(12) var<storage, read_write> documentStates: array<f32>;
//#endif

const THREADS = PT * LT;
const NQ = LT * RN4; // quads of state elements

var<workgroup> Bs: array<vec4f, TB * NQ>;
var<workgroup> Cs: array<vec4f, TB * NQ>;
var<workgroup> xs: array<f32, TB * PT>;
var<workgroup> decays: array<f32, TB>;
var<workgroup> partial: array<f32, TB * PT * LT>;

@compute @workgroup_size(THREADS)
fn main(@builtin(local_invocation_index) thread: u32, @builtin(workgroup_id) group: vec3u) {
//#if rolled
  let rolled = size.batches >> 31u; // 0, but drivers that compute on the CPU must not know: they unroll and then compile for minutes
//#else
  const rolled = 0u;
//#endif
  let slice = group.x % size.slices;
  let h = group.x / size.slices;
  let b = group.z;
  let g = h / (size.heads / size.groups);
  let lane = thread % LT;
  let channel = thread / LT;
  let p = slice * PT + channel;
  let place = ((b * size.heads + h) * size.head_dim + p) * size.state;

  var S = array<vec4f, RN4>();
  for (var k = 0u; k < RN4; k++) {
    for (var i = 0u; i < 4u; i++) {
      let n = 4u * (lane + LT * k) + i;
      var start = 0.0;
      if (n < size.state && p < size.head_dim) {
//#if initialState
        start = initialState[place + n];
//#endif
//#if carries
        start = finalState[place + n]; // the state after the window before this one
//#endif
      }
      S[k][i] = start;
    }
  }

//#if clears
  // rows may have fewer documents than states are asked for
  for (var d = 0u; d < size.documents; d++) {
    for (var n = lane; n < size.state; n += LT) {
      if (p < size.head_dim) { documentStates[place * size.documents + d * size.state + n] = 0.0; }
    }
  }
  storageBarrier();
//#endif

  for (var t0 = 0u; t0 < size.tokens; t0 += TB) {
    workgroupBarrier();
    for (var i = thread; i < TB * NQ; i += THREADS) {
      let t = t0 + i / NQ;
      let n0 = 4u * (i % NQ);
      var valueB = vec4f();
      var valueC = vec4f();
      if (t < size.tokens) {
        let at = ((b * size.tokens + t) * size.groups + g) * size.state;
        for (var k = 0u; k < 4u; k++) {
          if (n0 + k < size.state) {
            valueB[k] = f32(B[at + n0 + k]);
            valueC[k] = f32(C[at + n0 + k]);
          }
        }
      }
      Bs[i] = valueB;
      Cs[i] = valueC;
    }
    for (var i = thread; i < TB * PT; i += THREADS) {
      let t = t0 + i / PT;
      let own = slice * PT + i % PT;
      var x = 0.0;
      if (t < size.tokens && own < size.head_dim) {
        let token = (b * size.tokens + t) * size.heads + h;
        x = f32(X[token * size.head_dim + own]);
//#if dt
        x *= dt[token];
//#endif
      }
      xs[i] = x;
    }
    for (var i = thread; i < TB; i += THREADS) {
      var decay = 1.0;
      if (t0 + i < size.tokens) { decay = exp(max(logA[(b * size.tokens + t0 + i) * size.heads + h], -1.0e4)); }
      decays[i] = decay;
    }
    workgroupBarrier();
    for (var i = 0u; i < TB + rolled; i++) {
      let a = decays[i];
      let x = xs[i * PT + channel];
      var y = vec4f();
      for (var k = 0u; k < RN4; k++) {
        let at = i * NQ + lane + LT * k;
        S[k] = fma(vec4f(a), S[k], x * Bs[at]);
        y = fma(S[k], Cs[at], y);
      }
      partial[(i * PT + channel) * LT + lane] = (y.x + y.y) + (y.z + y.w);
//#if documentStates
      var ended = 0u;
      if (t0 + i < size.tokens) { ended = ends[b * size.tokens + t0 + i]; }
      if (ended > 0u && p < size.head_dim) {
        for (var k = 0u; k < RN4; k++) {
          for (var j = 0u; j < 4u; j++) {
            let n = 4u * (lane + LT * k) + j;
            if (n < size.state) { documentStates[place * size.documents + (ended - 1u) * size.state + n] = S[k][j]; }
          }
        }
      }
//#endif
    }
    workgroupBarrier();
    for (var i = thread; i < TB * PT; i += THREADS) {
      let t = t0 + i / PT;
      let own = slice * PT + i % PT;
      if (t < size.tokens && own < size.head_dim) {
        var y = 0.0;
        for (var k = 0u; k < LT; k++) { y += partial[i * LT + k]; }
        let at = ((b * size.tokens + t) * size.heads + h) * size.head_dim + own;
//#if D
        y += skip(h, own) * f32(X[at]);
//#endif
//#if z
        y *= silu(f32(z[at]));
//#endif
        Y[at] = elem(y);
      }
    }
  }
  for (var k = 0u; k < RN4; k++) {
    for (var i = 0u; i < 4u; i++) {
      let n = 4u * (lane + LT * k) + i;
      if (n < size.state && p < size.head_dim) { finalState[place + n] = S[k][i]; }
    }
  }
}
