// The chunked form, steps 1, 2 and 4 of section 6 in one walk: outputs inside a chunk as a masked product, from earlier chunks
// through the state, which stays on chip. With one segment this is the whole operator in one pass over memory.
// One workgroup an (batch, segment, head, slice of channels). Binding names are tensor names; numbers are the paper's steps.
struct Size {
  batches: u32, tokens: u32, heads: u32, groups: u32, head_dim: u32, state: u32, segments: u32, segment_tokens: u32, slices: u32,
  d_per_head: u32,
}
@group(0) @binding(0) var<uniform> size: Size;
@group(0) @binding(1) var<storage, read> X: array<elem>;
@group(0) @binding(2) var<storage, read> logA: array<f32>;
@group(0) @binding(3) var<storage, read> B: array<elem>;
@group(0) @binding(4) var<storage, read> C: array<elem>;
@group(0) @binding(5) var<storage, read_write> Y: array<elem>;
//#if startStates
@group(0) @binding(6) var<storage, read> startStates: array<f32>;
//#endif
//#if endStates
@group(0) @binding(7) var<storage, read_write> endStates: array<f32>;
//#endif
//#if dt
@group(0) @binding(8) var<storage, read> dt: array<f32>;
//#endif
//#if D
@group(0) @binding(9) var<storage, read> D: array<f32>;
//#endif
//#if z
@group(0) @binding(10) var<storage, read> z: array<elem>;
//#endif

const THREADS = TX * TY;
const NTP = NT + 1u;
const QP = Q + 1u;
const RQ = Q / TY; // rows of Y a thread owns
const RP = PS / TX; // channels a thread owns
const RS = Q / TX; // columns of the scores a thread owns
const RN = NT / TY;
const BLOCK = 16u;

var<workgroup> S: array<f32, NPAD * PS>;
var<workgroup> Xs: array<elem, Q * PS>;
var<workgroup> Bs: array<elem, Q * NTP>;
var<workgroup> Cs: array<elem, Q * NTP>;
var<workgroup> G: array<f32, Q * QP>;
var<workgroup> logs: array<f32, Q>;
var<workgroup> steps: array<f32, Q>;
var<workgroup> prefix: array<f32, Q>;
var<workgroup> suffix: array<f32, Q>;
var<workgroup> blocks: array<f32, Q / BLOCK>;
var<workgroup> fromStart: array<f32, Q>; // decay from the chunk's start through token q
var<workgroup> weights: array<f32, Q>; // decay from token s to the chunk's end, times dt

// log of the decay that token s suffers until token q: a sum over (s, q], in blocks of 16 so that no element sums many terms
fn segsum(q: u32, s: u32) -> f32 {
  let i = q / BLOCK;
  let j = s / BLOCK;
  var sum = 0.0;
  if (i == j) {
    for (var r = s + 1u; r <= q; r++) { sum += logs[r]; }
  } else {
    sum = suffix[s];
    for (var k = j + 1u; k < i; k++) { sum += blocks[k]; }
    sum += prefix[q];
  }
  return sum;
}

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
  let place = (b * size.segments + segment) * size.heads + h;

  for (var i = lane; i < NPAD * PS; i += THREADS) {
    let n = i % NPAD;
    let p = i / NPAD;
    var start = 0.0;
//#if startStates
    if (n < size.state && p0 + p < size.head_dim) { start = startStates[(place * size.head_dim + p0 + p) * size.state + n]; }
//#endif
    S[n * PS + p] = start;
  }

  for (var t0 = first; t0 < last; t0 += Q) {
    workgroupBarrier();
    // 1. decays inside the chunk
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
      let start = lane / BLOCK * BLOCK;
      var sum = 0.0;
      for (var s = lane + 1u; s < start + BLOCK; s++) { sum += logs[s]; }
      suffix[lane] = sum;
      if (lane == start) { blocks[lane / BLOCK] = sum + logs[lane]; }
      sum = 0.0;
      for (var s = start; s <= lane; s++) { sum += logs[s]; }
      prefix[lane] = sum;
    }
    workgroupBarrier();
    if (lane < Q) {
      var sum = suffix[lane];
      for (var i = lane / BLOCK + 1u; i < Q / BLOCK; i++) { sum += blocks[i]; }
      weights[lane] = exp(sum) * steps[lane];
      sum = 0.0;
      for (var i = 0u; i < lane / BLOCK; i++) { sum += blocks[i]; }
      fromStart[lane] = exp(sum + prefix[lane]);
    }
    var total = 0.0;
    for (var i = 0u; i < Q / BLOCK; i++) { total += blocks[i]; }
    let chunkDecay = exp(total);

    // scores C B^T and, in the same sweep over the state, what earlier chunks give: C S
    var y = array<f32, RQ * RP>();
    var scores = array<f32, RQ * RS>();
    for (var n0 = 0u; n0 < NPAD; n0 += NT) {
      workgroupBarrier();
      for (var i = lane; i < Q * NT; i += THREADS) {
        let t = t0 + i / NT;
        let n = n0 + i % NT;
        var valueB = elem(0);
        var valueC = elem(0);
        if (t < last && n < size.state) {
          let at = ((b * size.tokens + t) * size.groups + g) * size.state + n;
          valueB = B[at];
          valueC = C[at];
        }
        Bs[(i / NT) * NTP + i % NT] = valueB;
        Cs[(i / NT) * NTP + i % NT] = valueC;
      }
      workgroupBarrier();
      for (var n = 0u; n < NT + rolled; n++) {
        var c: array<f32, RQ>;
        for (var i = 0u; i < RQ; i++) { c[i] = f32(Cs[(id.y + TY * i) * NTP + n]); }
        for (var j = 0u; j < RP; j++) {
          let state = S[(n0 + n) * PS + id.x + TX * j];
          for (var i = 0u; i < RQ; i++) { y[i * RP + j] = fma(c[i], state, y[i * RP + j]); }
        }
        for (var j = 0u; j < RS; j++) {
          let value = f32(Bs[(id.x + TX * j) * NTP + n]);
          for (var i = 0u; i < RQ; i++) { scores[i * RS + j] = fma(c[i], value, scores[i * RS + j]); }
        }
      }
    }
    // the mask L, lower triangular; dt belongs to the source token
    for (var i = 0u; i < RQ; i++) {
      let q = id.y + TY * i;
      for (var j = 0u; j < RS; j++) {
        let s = id.x + TX * j;
        var score = 0.0;
        if (s <= q) { score = scores[i * RS + j] * exp(segsum(q, s)) * steps[s]; }
        G[q * QP + s] = score;
      }
    }
    workgroupBarrier();
    // 4. outputs: from earlier chunks, then inside the chunk
    for (var i = 0u; i < RQ; i++) {
      for (var j = 0u; j < RP; j++) { y[i * RP + j] *= fromStart[id.y + TY * i]; }
    }
    for (var s = 0u; s < Q + rolled; s++) {
      var x: array<f32, RP>;
      for (var j = 0u; j < RP; j++) { x[j] = f32(Xs[s * PS + id.x + TX * j]); }
      for (var i = 0u; i < RQ; i++) {
        let score = G[(id.y + TY * i) * QP + s];
        for (var j = 0u; j < RP; j++) { y[i * RP + j] = fma(score, x[j], y[i * RP + j]); }
      }
    }
    for (var i = 0u; i < RQ; i++) {
      let t = t0 + id.y + TY * i;
      for (var j = 0u; j < RP; j++) {
        let p = p0 + id.x + TX * j;
        if (t < last && p < size.head_dim) {
          let at = ((b * size.tokens + t) * size.heads + h) * size.head_dim + p;
          var value = y[i * RP + j];
//#if D
          value += D[select(h * size.head_dim + p, h, size.d_per_head != 0u)] * f32(Xs[(id.y + TY * i) * PS + id.x + TX * j]);
//#endif
//#if z
          let gate = f32(z[at]);
          let fade = exp(-abs(gate)); // of the absolute value: an overflow to infinity would be undefined
          value *= gate * select(fade, 1.0, gate >= 0.0) / (1.0 + fade);
//#endif
          Y[at] = elem(value);
        }
      }
    }

    // 2. the state after this chunk: S <- decay S + B^T (weights X)
    for (var n0 = 0u; n0 < NPAD; n0 += NT) {
      if (NPAD > NT) {
        workgroupBarrier();
        for (var i = lane; i < Q * NT; i += THREADS) {
          let t = t0 + i / NT;
          let n = n0 + i % NT;
          var value = elem(0);
          if (t < last && n < size.state) { value = B[((b * size.tokens + t) * size.groups + g) * size.state + n]; }
          Bs[(i / NT) * NTP + i % NT] = value;
        }
        workgroupBarrier();
      }
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
//#if endStates
  workgroupBarrier();
  for (var i = lane; i < NPAD * PS; i += THREADS) {
    let n = i % NPAD;
    let p = i / NPAD;
    if (n < size.state && p0 + p < size.head_dim) {
      endStates[(place * size.head_dim + p0 + p) * size.state + n] = S[n * PS + p];
    }
  }
//#endif
}
