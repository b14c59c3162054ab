// The chunked form, steps 1 and 2 of section 6: what each segment of the sequence adds to the state, from a zero state.
// One workgroup an (batch, segment, head, slice of channels); it walks its segment chunk by chunk and keeps the state on chip.
struct Size {
  batches: u32, tokens: u32, heads: u32, groups: u32, head_dim: u32, state: u32, segments: u32, segment_tokens: u32, slices: u32,
}
@group(0) @binding(0) var<uniform> size: Size;
@group(0) @binding(1) var<storage, read> X: array<elem>;
@group(0) @binding(2) var<storage, read> logA: array<f32>;
@group(0) @binding(3) var<storage, read> B: array<elem>;
@group(0) @binding(7) var<storage, read_write> endStates: array<f32>;
@group(0) @binding(11) var<storage, read_write> endDecays: array<f32>;
//#if dt
@group(0) @binding(8) var<storage, read> dt: array<f32>;
//#endif

const THREADS = TX * TY;
const NTP = NT + 1u;
const RP = PS / TX;
const RN = NT / TY;
const BLOCK = 16u;

var<workgroup> S: array<f32, NPAD * PS>;
var<workgroup> Xs: array<elem, Q * PS>;
var<workgroup> Bs: array<elem, Q * NTP>;
var<workgroup> logs: array<f32, Q>;
var<workgroup> steps: array<f32, Q>;
var<workgroup> suffix: array<f32, Q>;
var<workgroup> blocks: array<f32, Q / BLOCK>;
var<workgroup> weights: array<f32, Q>;

@compute @workgroup_size(TX, TY)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(local_invocation_id) id: vec3u, @builtin(workgroup_id) group: vec3u) {
//#if rolled
  let rolled = size.batches >> 31u; // 0, but drivers that compute on the CPU must not know: they unroll and then compile for minutes
//#else
  const rolled = 0u;
//#endif
  let slice = group.x % size.slices;
  let h = group.x / size.slices;
  let segment = group.y;
  let b = group.z;
  let g = h / (size.heads / size.groups);
  let p0 = slice * PS;
  let first = segment * size.segment_tokens;
  let last = min(first + size.segment_tokens, size.tokens);
  var decay = 1.0;
  for (var i = lane; i < NPAD * PS; i += THREADS) { S[i] = 0.0; }

  for (var t0 = first; t0 < last; t0 += Q) {
    workgroupBarrier();
    // 1. decays to the end of the chunk: sums over the segment itself, never differences of running sums (listing 1)
    if (lane < Q) {
      let t = t0 + lane;
      let token = (b * size.tokens + t) * size.heads + h;
      logs[lane] = 0.0;
      steps[lane] = 0.0;
      if (t < last) {
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
      if (t < last && p < size.head_dim) { x = X[((b * size.tokens + t) * size.heads + h) * size.head_dim + p]; }
      Xs[i] = x;
    }
    workgroupBarrier();
    if (lane < Q) {
      let end = (lane / BLOCK + 1u) * BLOCK;
      var sum = 0.0;
      for (var s = lane + 1u; s < end; s++) { sum += logs[s]; }
      suffix[lane] = sum;
      if (lane % BLOCK == 0u) { blocks[lane / BLOCK] = sum + logs[lane]; }
    }
    workgroupBarrier();
    if (lane < Q) {
      var sum = suffix[lane];
      for (var i = lane / BLOCK + 1u; i < Q / BLOCK; i++) { sum += blocks[i]; }
      weights[lane] = exp(sum) * steps[lane];
    }
    var total = 0.0;
    for (var i = 0u; i < Q / BLOCK; i++) { total += blocks[i]; }
    let chunkDecay = exp(total);
    decay *= chunkDecay;

    // 2. chunk states: S <- decay S + B^T (weights X)
    for (var n0 = 0u; n0 < NPAD; n0 += NT) {
      workgroupBarrier();
      for (var i = lane; i < Q * NT; i += THREADS) {
        let t = t0 + i / NT;
        let n = n0 + i % NT;
        var value = elem(0);
        if (t < last && n < size.state) { value = B[((b * size.tokens + t) * size.groups + g) * size.state + n]; }
        Bs[(i / NT) * NTP + i % NT] = value;
      }
      workgroupBarrier();
      var acc: array<f32, RN * RP>;
      for (var i = 0u; i < RN; i++) {
        for (var j = 0u; j < RP; j++) { acc[i * RP + j] = chunkDecay * S[(n0 + id.y + TY * i) * PS + id.x + TX * j]; }
      }
      for (var s = 0u; s < Q + rolled; s++) {
        let w = weights[s];
        var x: array<f32, RP>;
        for (var j = 0u; j < RP; j++) { x[j] = w * f32(Xs[s * PS + id.x + TX * j]); }
        for (var i = 0u; i < RN; i++) {
          let value = f32(Bs[s * NTP + id.y + TY * i]);
          for (var j = 0u; j < RP; j++) { acc[i * RP + j] = fma(value, x[j], acc[i * RP + j]); }
        }
      }
      for (var i = 0u; i < RN; i++) {
        for (var j = 0u; j < RP; j++) { S[(n0 + id.y + TY * i) * PS + id.x + TX * j] = acc[i * RP + j]; }
      }
    }
  }
  workgroupBarrier();
  let place = (b * size.segments + segment) * size.heads + h;
  for (var i = lane; i < NPAD * PS; i += THREADS) {
    let n = i % NPAD;
    let p = i / NPAD;
    if (n < size.state && p0 + p < size.head_dim) {
      endStates[(place * size.head_dim + p0 + p) * size.state + n] = S[n * PS + p];
    }
  }
  if (lane == 0u && slice == 0u) { endDecays[place] = decay; }
}
