// The chunked form on the matrix unit (tensor cores): f16 factors, f32 sums. Same steps and numbers as chunked.webgpu.output.wgsl.
// WR x WC subgroups share a workgroup; each owns a block of rows and columns of every product. The running state stays in the
// accumulators of the whole walk. WGSL gives no access to the elements of a matrix, so whatever is elementwise (mask, gate,
// conversion to f16) goes through the staging tile F, a column of matrices at a time.
struct Size {
  batches: u32, tokens: u32, heads: u32, groups: u32, head_dim: u32, state: u32, segments: u32, segment_tokens: u32, slices: u32,
  d_per_head: u32,
}
@group(0) @binding(0) var<uniform> size: Size;
//#if quads
@group(0) @binding(1) var<storage, read> X: array<vec4<f16>>;
@group(0) @binding(3) var<storage, read> B: array<vec4<f16>>;
//#else
@group(0) @binding(1) var<storage, read> X: array<f16>;
@group(0) @binding(3) var<storage, read> B: array<f16>;
//#endif
@group(0) @binding(2) var<storage, read> logA: array<f32>;
//#if outputs
//#if quads
@group(0) @binding(4) var<storage, read> C: array<vec4<f16>>;
//#else
@group(0) @binding(4) var<storage, read> C: array<f16>;
//#endif
@group(0) @binding(5) var<storage, read_write> Y: array<f16>;
//#endif
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
@group(0) @binding(10) var<storage, read> z: array<f16>;
//#endif
//#if endDecays
@group(0) @binding(11) var<storage, read_write> endDecays: array<f32>;
//#endif

alias Left = subgroup_matrix_left<f16, KK, MM>;
alias Right = subgroup_matrix_right<f16, NN, KK>;
alias Sum = subgroup_matrix_result<f32, NN, MM>;

const THREADS = WR * WC * LANES;
const NTP = NT + 8u;
const PSP = PS + 8u;
const QP = Q + 8u;
const FW = WC * NN; // columns staged at a time
const FP = FW + 4u;
const TR = Q / (WR * MM); // matrices a subgroup owns: rows of Y and of the scores
const GC = Q / (WC * NN); // columns of the scores
const PC = PS / (WC * NN); // columns of Y and of the state
const NI = NT / (WR * MM); // rows of the state in one tile of NT
const STEPS = NPAD / NT;
const BLOCK = 16u;
const B0 = Q * NTP; // where B starts in `tiles`
const STATE_SCALE = 16.0; // the state is held for products as f16 divided by this: sums of half a million tokens stay finite

var<workgroup> tiles: array<f16, max(2u * Q * NTP, Q * QP)>; // C and B; then the masked scores
var<workgroup> Xs: array<f16, Q * PSP>;
var<workgroup> F: array<f32, Q * FP>;
//#if outputs
var<workgroup> Ss: array<f16, NPAD * PSP>;
//#endif
var<workgroup> logs: array<f32, Q>;
var<workgroup> steps: array<f32, Q>;
var<workgroup> prefix: array<f32, Q>;
var<workgroup> suffix: array<f32, Q>;
var<workgroup> blocks: array<f32, Q / BLOCK>;
var<workgroup> fromStart: array<f32, Q>;
var<workgroup> weights: array<f32, Q>;

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

@compute @workgroup_size(WR * WC * LANES)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(subgroup_id) subgroup: u32, @builtin(workgroup_id) group: vec3u) {
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
  let wr = subgroup / WC;
  let wc = subgroup % WC;
  var decay = 1.0;

  var S: array<Sum, STEPS * NI * PC>;
  for (var i = 0u; i < STEPS * NI * PC; i++) { S[i] = Sum(); }
//#if startStates
  for (var step = 0u; step < STEPS; step++) {
    for (var stage = 0u; stage < PC; stage++) {
      workgroupBarrier();
      for (var i = lane; i < NT * FW; i += THREADS) {
        let n = step * NT + i % NT;
        let c = i / NT;
        let p = (c / NN) * (PS / WC) + stage * NN + c % NN;
        var start = 0.0;
        if (n < size.state && p0 + p < size.head_dim) { start = startStates[(place * size.head_dim + p0 + p) * size.state + n]; }
        F[(i % NT) * FP + c] = start;
//#if outputs
        Ss[n * PSP + p] = f16(start / STATE_SCALE);
//#endif
      }
      workgroupBarrier();
      for (var i = 0u; i < NI; i++) {
        S[(step * NI + i) * PC + stage] = subgroupMatrixLoad<Sum, row_major>(&F, (wr * NI + i) * MM * FP + wc * NN, FP);
      }
    }
  }
//#else
//#if outputs
  for (var i = lane; i < NPAD * PSP; i += THREADS) { Ss[i] = f16(0); }
//#endif
//#endif

  for (var t0 = first; t0 < last; t0 += Q) {
    workgroupBarrier();
    // 1. decays inside the chunk
    for (var i = lane; i < Q; i += THREADS) {
      let t = t0 + i;
      let token = (b * size.tokens + t) * size.heads + h;
      logs[i] = 0.0;
      steps[i] = 0.0;
      if (t < last) {
        logs[i] = max(logA[token], -1.0e4);
        steps[i] = 1.0;
//#if dt
        steps[i] = dt[token];
//#endif
      }
    }
//#if quads
    for (var i = lane; i < Q * PS / 4u; i += THREADS) {
      let t = t0 + i / (PS / 4u);
      let p = 4u * (i % (PS / 4u));
      var x = vec4<f16>();
      if (t < last && p0 + p < size.head_dim) { x = X[(((b * size.tokens + t) * size.heads + h) * size.head_dim + p0 + p) / 4u]; }
      let at = (i / (PS / 4u)) * PSP + p;
      Xs[at] = x.x;
      Xs[at + 1u] = x.y;
      Xs[at + 2u] = x.z;
      Xs[at + 3u] = x.w;
    }
//#else
    for (var i = lane; i < Q * PS; i += THREADS) {
      let t = t0 + i / PS;
      let p = p0 + i % PS;
      var x = f16(0);
      if (t < last && p < size.head_dim) { x = X[((b * size.tokens + t) * size.heads + h) * size.head_dim + p]; }
      Xs[(i / PS) * PSP + i % PS] = x;
    }
//#endif
    workgroupBarrier();
    for (var i = lane; i < Q; i += THREADS) {
      let start = i / BLOCK * BLOCK;
      var sum = 0.0;
      for (var s = i + 1u; s < start + BLOCK; s++) { sum += logs[s]; }
      suffix[i] = sum;
      if (i == start) { blocks[i / BLOCK] = sum + logs[i]; }
      sum = 0.0;
      for (var s = start; s <= i; s++) { sum += logs[s]; }
      prefix[i] = sum;
    }
    workgroupBarrier();
    for (var i = lane; i < Q; i += THREADS) {
      var sum = suffix[i];
      for (var k = i / BLOCK + 1u; k < Q / BLOCK; k++) { sum += blocks[k]; }
      weights[i] = exp(sum) * steps[i];
      sum = 0.0;
      for (var k = 0u; k < i / BLOCK; k++) { sum += blocks[k]; }
      fromStart[i] = exp(sum + prefix[i]);
    }
    var total = 0.0;
    for (var k = 0u; k < Q / BLOCK; k++) { total += blocks[k]; }
    let chunkDecay = exp(total);
    decay *= chunkDecay;

//#if outputs
    // scores C B^T, and what earlier chunks give: (decayed C) S
    var scores: array<Sum, TR * GC>;
    for (var i = 0u; i < TR * GC; i++) { scores[i] = Sum(); }
    var y: array<Sum, TR * PC>;
    for (var i = 0u; i < TR * PC; i++) { y[i] = Sum(); }
    for (var step = 0u; step < STEPS; step++) {
      workgroupBarrier();
//#if quads
      for (var i = lane; i < Q * NT / 4u; i += THREADS) {
        let row = i / (NT / 4u);
        let c = 4u * (i % (NT / 4u));
        let n = step * NT + c;
        var valueB = vec4<f16>();
        var valueC = vec4<f16>();
        if (t0 + row < last && n < size.state) {
          let source_at = (((b * size.tokens + t0 + row) * size.groups + g) * size.state + n) / 4u;
          valueB = B[source_at];
          valueC = C[source_at];
        }
        let at = row * NTP + c;
        for (var k = 0u; k < 4u; k++) {
          tiles[at + k] = valueC[k];
          tiles[B0 + at + k] = valueB[k];
        }
      }
//#else
      for (var i = lane; i < Q * NT; i += THREADS) {
        let row = i / NT;
        let n = step * NT + i % NT;
        var valueB = f16(0);
        var valueC = f16(0);
        if (t0 + row < last && n < size.state) {
          let source_at = ((b * size.tokens + t0 + row) * size.groups + g) * size.state + n;
          valueB = B[source_at];
          valueC = C[source_at];
        }
        tiles[row * NTP + i % NT] = valueC;
        tiles[B0 + row * NTP + i % NT] = valueB;
      }
//#endif
      workgroupBarrier();
      for (var k = 0u; k < NT + rolled; k += KK) {
        var left: array<Left, TR>;
        for (var i = 0u; i < TR; i++) { left[i] = subgroupMatrixLoad<Left, row_major>(&tiles, (wr * TR + i) * MM * NTP + k, NTP); }
        for (var j = 0u; j < GC; j++) {
          let right = subgroupMatrixLoad<Right, col_major>(&tiles, B0 + (wc * GC + j) * NN * NTP + k, NTP);
          for (var i = 0u; i < TR; i++) { scores[i * GC + j] = subgroupMatrixMultiplyAccumulate(left[i], right, scores[i * GC + j]); }
        }
      }
      workgroupBarrier();
      for (var i = lane; i < Q * NT; i += THREADS) {
        let row = i / NT;
        let at = row * NTP + i % NT;
        tiles[at] = f16(f32(tiles[at]) * (fromStart[row] * STATE_SCALE));
      }
      workgroupBarrier();
      for (var k = 0u; k < NT + rolled; k += KK) {
        var left: array<Left, TR>;
        for (var i = 0u; i < TR; i++) { left[i] = subgroupMatrixLoad<Left, row_major>(&tiles, (wr * TR + i) * MM * NTP + k, NTP); }
        for (var j = 0u; j < PC; j++) {
          let right = subgroupMatrixLoad<Right, row_major>(&Ss, (step * NT + k) * PSP + (wc * PC + j) * NN, PSP);
          for (var i = 0u; i < TR; i++) { y[i * PC + j] = subgroupMatrixMultiplyAccumulate(left[i], right, y[i * PC + j]); }
        }
      }
    }
    workgroupBarrier();
    // the mask L, lower triangular; dt belongs to the source token. Scores take the place of C (and B) in `tiles`
    for (var stage = 0u; stage < GC; stage++) {
      for (var i = 0u; i < TR; i++) {
        subgroupMatrixStore<row_major>(&F, (wr * TR + i) * MM * FP + wc * NN, scores[i * GC + stage], FP);
      }
      workgroupBarrier();
      for (var i = lane; i < Q * FW; i += THREADS) {
        let q = i / FW;
        let c = i % FW;
        let s = (c / NN) * (Q / WC) + stage * NN + c % NN;
        var score = 0.0;
        if (s <= q) { score = F[q * FP + c] * exp(segsum(q, s)) * steps[s]; }
        tiles[q * QP + s] = f16(score);
      }
      workgroupBarrier();
    }
    // 4. outputs: inside the chunk; a subgroup's rows see no token past their last
    for (var k = 0u; k < (wr + 1u) * (Q / WR); k += KK) {
      var left: array<Left, TR>;
      for (var i = 0u; i < TR; i++) { left[i] = subgroupMatrixLoad<Left, row_major>(&tiles, (wr * TR + i) * MM * QP + k, QP); }
      for (var j = 0u; j < PC; j++) {
        let right = subgroupMatrixLoad<Right, row_major>(&Xs, k * PSP + (wc * PC + j) * NN, PSP);
        for (var i = 0u; i < TR; i++) { y[i * PC + j] = subgroupMatrixMultiplyAccumulate(left[i], right, y[i * PC + j]); }
      }
    }
    for (var stage = 0u; stage < PC; stage++) {
      for (var i = 0u; i < TR; i++) {
        subgroupMatrixStore<row_major>(&F, (wr * TR + i) * MM * FP + wc * NN, y[i * PC + stage], FP);
      }
      workgroupBarrier();
      for (var i = lane; i < Q * FW; i += THREADS) {
        let q = i / FW;
        let c = i % FW;
        let own = (c / NN) * (PS / WC) + stage * NN + c % NN;
        let t = t0 + q;
        let p = p0 + own;
        if (t < last && p < size.head_dim) {
          let at = ((b * size.tokens + t) * size.heads + h) * size.head_dim + p;
          var value = F[q * FP + c];
//#if D
          value += D[select(h * size.head_dim + p, h, size.d_per_head != 0u)] * f32(Xs[q * PSP + own]);
//#endif
//#if z
          let gate = f32(z[at]);
          let fade = exp(-abs(gate)); // of the absolute value: an overflow to infinity would be undefined
          value *= gate * select(fade, 1.0, gate >= 0.0) / (1.0 + fade);
//#endif
          Y[at] = f16(value);
        }
      }
      workgroupBarrier();
    }
//#endif

    // 2. the state after this chunk: S <- decay S + (weights B)^T X
    for (var i = 0u; i < STEPS * NI * PC; i++) { S[i] = subgroupMatrixScalarMultiply(S[i], chunkDecay); }
    for (var step = 0u; step < STEPS; step++) {
      workgroupBarrier();
//#if quads
      for (var i = lane; i < Q * NT / 4u; i += THREADS) {
        let row = i / (NT / 4u);
        let c = 4u * (i % (NT / 4u));
        let n = step * NT + c;
        var value = vec4f();
        if (t0 + row < last && n < size.state) {
          value = weights[row] * vec4f(B[(((b * size.tokens + t0 + row) * size.groups + g) * size.state + n) / 4u]);
        }
        for (var k = 0u; k < 4u; k++) { tiles[row * NTP + c + k] = f16(value[k]); }
      }
//#else
      for (var i = lane; i < Q * NT; i += THREADS) {
        let row = i / NT;
        let n = step * NT + i % NT;
        var value = 0.0;
        if (t0 + row < last && n < size.state) {
          value = weights[row] * f32(B[((b * size.tokens + t0 + row) * size.groups + g) * size.state + n]);
        }
        tiles[row * NTP + i % NT] = f16(value);
      }
//#endif
      workgroupBarrier();
      for (var k = 0u; k < Q + rolled; k += KK) {
        var left: array<Left, NI>;
        for (var i = 0u; i < NI; i++) { left[i] = subgroupMatrixLoad<Left, col_major>(&tiles, k * NTP + (wr * NI + i) * MM, NTP); }
        for (var j = 0u; j < PC; j++) {
          let right = subgroupMatrixLoad<Right, row_major>(&Xs, k * PSP + (wc * PC + j) * NN, PSP);
          for (var i = 0u; i < NI; i++) {
            let at = (step * NI + i) * PC + j;
            S[at] = subgroupMatrixMultiplyAccumulate(left[i], right, S[at]);
          }
        }
      }
    }
//#if outputs
    // for the next chunk's products, in f16
    for (var step = 0u; step < STEPS; step++) {
      for (var stage = 0u; stage < PC; stage++) {
        for (var i = 0u; i < NI; i++) {
          subgroupMatrixStore<row_major>(&F, (wr * NI + i) * MM * FP + wc * NN, S[(step * NI + i) * PC + stage], FP);
        }
        workgroupBarrier();
        for (var i = lane; i < NT * FW; i += THREADS) {
          let n = i / FW;
          let c = i % FW;
          Ss[(step * NT + n) * PSP + (c / NN) * (PS / WC) + stage * NN + c % NN] = f16(F[n * FP + c] / STATE_SCALE);
        }
        workgroupBarrier();
      }
    }
//#endif
  }
//#if endStates
  for (var step = 0u; step < STEPS; step++) {
    for (var stage = 0u; stage < PC; stage++) {
      workgroupBarrier();
      for (var i = 0u; i < NI; i++) {
        subgroupMatrixStore<row_major>(&F, (wr * NI + i) * MM * FP + wc * NN, S[(step * NI + i) * PC + stage], FP);
      }
      workgroupBarrier();
      for (var i = lane; i < NT * FW; i += THREADS) {
        let n = step * NT + i % NT;
        let c = i / NT;
        let p = p0 + (c / NN) * (PS / WC) + stage * NN + c % NN;
        if (n < size.state && p < size.head_dim) { endStates[(place * size.head_dim + p) * size.state + n] = F[(i % NT) * FP + c]; }
      }
    }
  }
//#endif
//#if endDecays
  if (lane == 0u && slice == 0u) { endDecays[place] = decay; }
//#endif
}
