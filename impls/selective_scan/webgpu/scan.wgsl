// The selective scan, in parallel over channels and the state. A workgroup owns PT channels of one group; LT lanes share a channel's
// state, four elements at a time, in registers, and walk a segment of the sequence. With one segment this is the whole operator
// in one pass; else a first sweep (no outputs) finds what each segment adds, and a second one starts from the right states.
struct Size {
  batches: u32, tokens: u32, heads: u32, groups: u32, head_dim: u32, state: u32, segments: u32, segment_tokens: u32, slices: u32,
}
@group(0) @binding(0) var<uniform> size: Size;
@group(0) @binding(1) var<storage, read> u: array<elem>;
@group(0) @binding(2) var<storage, read> delta: array<f32>;
@group(0) @binding(3) var<storage, read> A: array<f32>;
@group(0) @binding(4) var<storage, read> B: array<elem>;
//#if outputs
@group(0) @binding(5) var<storage, read> C: array<elem>;
@group(0) @binding(6) var<storage, read_write> Y: array<elem>;
//#endif
//#if endStates
@group(0) @binding(7) var<storage, read_write> endStates: array<f32>;
//#endif
//#if endDecays
@group(0) @binding(8) var<storage, read_write> endDecays: array<f32>;
//#endif
//#if startStates
@group(0) @binding(9) var<storage, read> startStates: array<f32>;
//#endif
//#if deltaBias
@group(0) @binding(10) var<storage, read> deltaBias: array<f32>;
//#endif
//#if D
@group(0) @binding(11) var<storage, read> D: array<f32>;
//#endif
//#if z
@group(0) @binding(12) var<storage, read> z: array<elem>;
//#endif
//#if documents
@group(0) @binding(13) var<storage, read> kept: array<f32>; // of a token's past: 0 where a document begins, else 1
//#endif

const THREADS = PT * LT;
const NQ = LT * RN4; // quads of state elements

var<workgroup> Bs: array<vec4f, TB * NQ>;
//#if outputs
var<workgroup> Cs: array<vec4f, TB * NQ>;
var<workgroup> partial: array<f32, TB * PT * LT>;
//#endif
var<workgroup> xs: array<f32, TB * PT>;
var<workgroup> steps: array<f32, TB * PT>;

@compute @workgroup_size(THREADS)
fn main(@builtin(local_invocation_index) thread: u32, @builtin(workgroup_id) group: vec3u) {
//#if rolled
  let rolled = size.batches >> 31u; // 0, but drivers that compute on the CPU must not know: they unroll and then compile for minutes
//#else
  const rolled = 0u;
//#endif
  let slice = group.x % size.slices;
  let g = group.x / size.slices;
  let segment = group.y;
  let b = group.z;
  let channels = size.heads * size.head_dim;
  let group_channels = channels / size.groups;
  let lane = thread % LT;
  let own = thread / LT;
  let d = g * group_channels + slice * PT + own;
  let is_real = slice * PT + own < group_channels;
  let first = segment * size.segment_tokens;
  let last = min(first + size.segment_tokens, size.tokens);
  let place = ((b * size.segments + segment) * channels + d) * size.state;

  var S = array<vec4f, RN4>();
  var rates = array<vec4f, RN4>();
//#if endDecays
  var decay = array<vec4f, RN4>();
  for (var k = 0u; k < RN4; k++) { decay[k] = vec4f(1.0); }
//#endif
//#if constantB
  var ownB = array<vec4f, RN4>();
//#endif
//#if constantC
  var ownC = array<vec4f, RN4>();
//#endif
  for (var k = 0u; k < RN4; k++) {
    for (var i = 0u; i < 4u; i++) {
      let n = 4u * (lane + LT * k) + i;
      if (n < size.state && is_real) {
        rates[k][i] = A[d * size.state + n];
//#if startStates
        S[k][i] = startStates[place + n];
//#endif
//#if constantB
        ownB[k][i] = f32(B[d * size.state + n]);
//#endif
//#if constantC
        ownC[k][i] = f32(C[d * size.state + n]);
//#endif
      }
    }
  }

  for (var t0 = first; t0 < last; t0 += TB) {
    workgroupBarrier();
    for (var i = thread; i < TB * NQ; i += THREADS) {
      let t = t0 + i / NQ;
      let n0 = 4u * (i % NQ);
      var valueB = vec4f();
      var valueC = vec4f();
      if (t < last) {
        let at = ((b * size.tokens + t) * size.groups + g) * size.state;
        for (var k = 0u; k < 4u; k++) {
          if (n0 + k < size.state) {
//#if !constantB
            valueB[k] = f32(B[at + n0 + k]);
//#endif
//#if perTokenC
            valueC[k] = f32(C[at + n0 + k]);
//#endif
          }
        }
      }
      Bs[i] = valueB;
//#if outputs
      Cs[i] = valueC;
//#endif
    }
    for (var i = thread; i < TB * PT; i += THREADS) {
      let t = t0 + i / PT;
      let c = slice * PT + i % PT;
      var step = 0.0;
      var x = 0.0;
      if (t < last && c < group_channels) {
        let at = (b * size.tokens + t) * channels + g * group_channels + c;
        step = delta[at];
//#if deltaBias
        step += deltaBias[g * group_channels + c];
//#endif
//#if softplus
        step = softplus(step);
//#endif
        x = step * f32(u[at]);
      }
      steps[i] = step;
      xs[i] = x;
    }
    workgroupBarrier();
    var total = 0.0;
//#if documents
    var all_kept = 1.0;
//#endif
    for (var i = 0u; i < TB + rolled; i++) {
      let step = steps[i * PT + own];
      let x = xs[i * PT + own];
      total += step;
//#if documents
      var past = 1.0;
      if (t0 + i < last) { past = kept[b * size.tokens + t0 + i]; }
      all_kept *= past;
//#endif
      var y = vec4f();
      for (var k = 0u; k < RN4; k++) {
        let at = i * NQ + lane + LT * k;
//#if constantB
        let quad = ownB[k];
//#else
        let quad = Bs[at];
//#endif
//#if documents
        S[k] = fma(past * exp(max(step * rates[k], vec4f(-1.0e4))), S[k], x * quad);
//#else
        S[k] = fma(exp(max(step * rates[k], vec4f(-1.0e4))), S[k], x * quad);
//#endif
//#if outputs
//#if constantC
        y = fma(S[k], ownC[k], y);
//#else
        y = fma(S[k], Cs[at], y);
//#endif
//#endif
      }
//#if outputs
      partial[(i * PT + own) * LT + lane] = (y.x + y.y) + (y.z + y.w);
//#endif
    }
//#if endDecays
    // one exponential for TB tokens: the decay of the whole segment as a product of decays, never a ratio
    for (var k = 0u; k < RN4; k++) {
      decay[k] *= exp(max(total * rates[k], vec4f(-1.0e4)));
//#if documents
      decay[k] *= all_kept;
//#endif
    }
//#endif
//#if outputs
    workgroupBarrier();
    for (var i = thread; i < TB * PT; i += THREADS) {
      let t = t0 + i / PT;
      let c = slice * PT + i % PT;
      if (t < last && c < group_channels) {
        var y = 0.0;
        for (var k = 0u; k < LT; k++) { y += partial[i * LT + k]; }
        let at = (b * size.tokens + t) * channels + g * group_channels + c;
//#if D
        y += D[g * group_channels + c] * f32(u[at]);
//#endif
//#if z
        let gate = f32(z[at]);
        let fade = exp(-abs(gate)); // of the absolute value: an overflow to infinity would be undefined
        y *= gate * select(fade, 1.0, gate >= 0.0) / (1.0 + fade);
//#endif
        Y[at] = elem(y);
      }
    }
//#endif
  }
  for (var k = 0u; k < RN4; k++) {
    for (var i = 0u; i < 4u; i++) {
      let n = 4u * (lane + LT * k) + i;
      if (n < size.state && is_real) {
//#if endStates
        endStates[place + n] = S[k][i];
//#endif
//#if endDecays
        endDecays[place + n] = decay[k][i];
//#endif
      }
    }
  }
}
