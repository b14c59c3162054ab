// What the two kernels that walk chunk by chunk share, behind tokens.wgsl: the state on chip, and steps 1 and 2 of section 6.
//#if endStates
@group(0) @binding(7) var<storage, read_write> endStates: array<f32>;
//#endif

const THREADS = TX * TY;
const NTP = NT + 1u;
const RP = PS / TX; // channels a thread owns
const RN = NT / TY;
const BLOCK = 16u;

var<workgroup> S: array<f32, NPAD * PS>;
var<workgroup> Bs: array<elem, Q * NTP>;
var<workgroup> blocks: array<f32, Q / BLOCK>; // sums of logs
var<workgroup> weights: array<f32, Q>; // decay from token s to the chunk's end, times dt

// 1. decays to the end of the chunk: sums over the segment itself, never differences of running sums (listing 1)
fn sum_blocks(lane: u32) {
  if (lane < Q) {
    let end = (lane / BLOCK + 1u) * BLOCK;
    var sum = 0.0;
    for (var s = lane + 1u; s < end; s++) { sum += logs[s]; }
    suffix[lane] = sum;
    if (lane % BLOCK == 0u) { blocks[lane / BLOCK] = sum + logs[lane]; }
  }
}

fn weigh_tokens(lane: u32) {
  if (lane < Q) {
    var sum = suffix[lane];
    for (var i = lane / BLOCK + 1u; i < Q / BLOCK; i++) { sum += blocks[i]; }
    weights[lane] = exp(sum) * steps[lane];
  }
}

fn decay_of_chunk() -> f32 {
  var total = 0.0;
  for (var i = 0u; i < Q / BLOCK; i++) { total += blocks[i]; }
  return exp(total);
}

// Columns of B from n0 on, of the chunk that starts at t0
fn load_columns(lane: u32, b: u32, g: u32, t0: u32, n0: u32, last: u32) {
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

// 2. these columns of the state after the chunk: S <- decay S + B^T (weights X)
fn add_chunk(id: vec3u, n0: u32, chunkDecay: f32) {
//#if rolled
  let rolled = size.batches >> 31u; // 0, but drivers that compute on the CPU must not know: they unroll and then compile for minutes
//#else
  const rolled = 0u;
//#endif
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

//#if endStates
fn store_states(lane: u32, place: u32, p0: u32) {
  workgroupBarrier();
  for (var i = lane; i < NPAD * PS; i += THREADS) {
    let n = i % NPAD;
    let p = i / NPAD;
    if (n < size.state && p0 + p < size.head_dim) {
      endStates[(place * size.head_dim + p0 + p) * size.state + n] = S[n * PS + p];
    }
  }
}
//#endif
