// The chunked form, steps 1, 2 and 4 of section 6 in one walk: outputs inside a chunk as a masked product, from earlier chunks
// through the state, which stays on chip. With one segment this is the whole operator in one pass over memory.
// One workgroup an (batch, segment, head, slice of channels). Binding names are tensor names; numbers are the paper's steps.
@group(0) @binding(4) var<storage, read> C: array<elem>;
@group(0) @binding(5) var<storage, read_write> Y: array<elem>;
//#if startStates
@group(0) @binding(6) var<storage, read> startStates: array<f32>;
//#endif

const QP = Q + 1u;
const RQ = Q / TY; // rows of Y a thread owns
const RS = Q / TX; // columns of the scores a thread owns

var<workgroup> Cs: array<elem, Q * NTP>;
var<workgroup> G: array<f32, Q * QP>;
var<workgroup> prefix: array<f32, Q>; // sums of logs from the start of its block through token q
var<workgroup> fromStart: array<f32, Q>; // decay from the chunk's start through token q

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
    load_tokens(lane, b, h, p0, t0, last);
    workgroupBarrier();
    sum_blocks(lane);
    // 1. decays inside the chunk
    if (lane < Q) {
      var sum = 0.0;
      for (var s = lane / BLOCK * BLOCK; s <= lane; s++) { sum += logs[s]; }
      prefix[lane] = sum;
    }
    workgroupBarrier();
    weigh_tokens(lane);
    if (lane < Q) {
      var sum = 0.0;
      for (var i = 0u; i < lane / BLOCK; i++) { sum += blocks[i]; }
      fromStart[lane] = exp(sum + prefix[lane]);
    }
    let chunkDecay = decay_of_chunk();

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
          value += skip(h, p) * f32(Xs[(id.y + TY * i) * PS + id.x + TX * j]);
//#endif
//#if z
          value *= silu(f32(z[at]));
//#endif
          Y[at] = elem(value);
        }
      }
    }

    for (var n0 = 0u; n0 < NPAD; n0 += NT) {
      if (NPAD > NT) { load_columns(lane, b, g, t0, n0, last); }
      add_chunk(id, n0, chunkDecay);
    }
  }
//#if endStates
  store_states(lane, place, p0);
//#endif
}
