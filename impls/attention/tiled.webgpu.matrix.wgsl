// Tiled attention on the matrix unit: f16 factors, f32 sums; steps as in tiled.webgpu.wgsl. WR x WC subgroups share a tile of TQ
// queries. WGSL gives no access to the elements of a matrix, so the softmax goes through the staging tile F, and the outputs are
// rescaled only when a row's maximum has grown by more than 8 (probabilities then stay below e^8, which f16 holds).
struct Size {
  batches: u32, tokens: u32, context: u32, heads: u32, groups: u32, head_dim: u32, head_dim_v: u32, token0: u32, causal: u32, scale: f32,
}
@group(0) @binding(0) var<uniform> size: Size;
@group(0) @binding(1) var<storage, read> Q: array<f16>;
@group(0) @binding(2) var<storage, read> K: array<f16>;
@group(0) @binding(3) var<storage, read> V: array<f16>;
@group(0) @binding(4) var<storage, read_write> Y: array<f16>;

alias Left = subgroup_matrix_left<f16, KK, MM>;
alias Right = subgroup_matrix_right<f16, NN, KK>;
alias Sum = subgroup_matrix_result<f32, NN, MM>;

const THREADS = WR * WC * LANES;
const PARTS = THREADS / TQ; // threads that share a row of the softmax
const DP = DPAD + 8u;
const VP = VPAD + 8u;
const TKP = TK + 8u;
const FP = max(TK, VPAD) + 4u;
const TR = TQ / (WR * MM);
const GC = TK / (WC * NN);
const PC = VPAD / (WC * NN);

var<workgroup> Qs: array<f16, TQ * DP>;
var<workgroup> tiles: array<f16, max(TK * DP, TQ * TKP)>; // keys, then probabilities
var<workgroup> Vs: array<f16, TK * VP>;
var<workgroup> F: array<f32, TQ * FP>;
var<workgroup> parts: array<f32, THREADS>;
var<workgroup> fades: array<f32, TQ>;
var<workgroup> grew: u32;

@compute @workgroup_size(WR * WC * LANES)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(subgroup_id) subgroup: u32,
        @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) grid: vec3u) {
//#if rolled
  let rolled = size.batches >> 31u; // 0, but drivers that compute on the CPU must not know: they unroll and then compile for minutes
//#else
  const rolled = 0u;
//#endif
  let h = group.y;
  let b = group.z;
  let g = h / (size.heads / size.groups);
  let q0 = (grid.x - 1u - group.x) * TQ; // the longest rows first
  let wr = subgroup / WC;
  let wc = subgroup % WC;
  var end = size.context;
  if (size.causal != 0u) { end = min(size.context, size.token0 + q0 + TQ); }

  for (var i = lane; i < TQ * DPAD; i += THREADS) {
    let t = q0 + i / DPAD;
    let d = i % DPAD;
    var value = f16(0);
    if (t < size.tokens && d < size.head_dim) { value = Q[((b * size.tokens + t) * size.heads + h) * size.head_dim + d]; }
    Qs[(i / DPAD) * DP + d] = value;
  }
  var y: array<Sum, TR * PC>;
  for (var i = 0u; i < TR * PC; i++) { y[i] = Sum(); }
  let row = lane / PARTS; // of the softmax
  let part = lane % PARTS;
  var most = -3.0e38;
  var mass = 0.0;

  for (var s0 = 0u; s0 < end; s0 += TK) {
    workgroupBarrier();
    if (lane == 0u) { grew = 0u; }
    for (var i = lane; i < TK * DPAD; i += THREADS) {
      let s = s0 + i / DPAD;
      let d = i % DPAD;
      var value = f16(0);
      if (s < size.context && d < size.head_dim) { value = K[((b * size.context + s) * size.groups + g) * size.head_dim + d]; }
      tiles[(i / DPAD) * DP + d] = value;
    }
    for (var i = lane; i < TK * VPAD; i += THREADS) {
      let s = s0 + i / VPAD;
      let e = i % VPAD;
      var value = f16(0);
      if (s < size.context && e < size.head_dim_v) { value = V[((b * size.context + s) * size.groups + g) * size.head_dim_v + e]; }
      Vs[(i / VPAD) * VP + e] = value;
    }
    workgroupBarrier();
    // 1. logits of the tile
    var logits: array<Sum, TR * GC>;
    for (var i = 0u; i < TR * GC; i++) { logits[i] = Sum(); }
    for (var k = 0u; k < DPAD + rolled; k += KK) {
      var left: array<Left, TR>;
      for (var i = 0u; i < TR; i++) { left[i] = subgroupMatrixLoad<Left, row_major>(&Qs, (wr * TR + i) * MM * DP + k, DP); }
      for (var j = 0u; j < GC; j++) {
        let right = subgroupMatrixLoad<Right, col_major>(&tiles, (wc * GC + j) * NN * DP + k, DP);
        for (var i = 0u; i < TR; i++) { logits[i * GC + j] = subgroupMatrixMultiplyAccumulate(left[i], right, logits[i * GC + j]); }
      }
    }
    for (var i = 0u; i < TR; i++) {
      for (var j = 0u; j < GC; j++) {
        subgroupMatrixStore<row_major>(&F, (wr * TR + i) * MM * FP + (wc * GC + j) * NN, logits[i * GC + j], FP);
      }
    }
    workgroupBarrier();
    // 2. the largest logit of each row of the tile
    let t = size.token0 + q0 + row;
    var seen = size.context;
    if (size.causal != 0u) { seen = min(seen, t + 1u); }
    var tileMost = -3.0e38;
    for (var i = 0u; i < TK / PARTS + rolled; i++) {
      let c = (i + row) % (TK / PARTS) * PARTS + part; // rows start at different columns, and so in different banks
      if (s0 + c < seen) { tileMost = max(tileMost, F[row * FP + c] * size.scale); }
    }
    parts[lane] = tileMost;
    workgroupBarrier();
    for (var i = 0u; i < PARTS; i++) { tileMost = max(tileMost, parts[row * PARTS + i]); }
    // 3. probabilities, on the maximum of an earlier tile while that is near enough
    var fade = 1.0;
    if (tileMost > most + 8.0) {
      fade = exp(max(most - tileMost, -1.0e4));
      most = tileMost;
      if (s0 > 0u) { grew = 1u; }
    }
    if (part == 0u) { fades[row] = fade; }
    mass *= fade;
    for (var i = 0u; i < TK / PARTS + rolled; i++) {
      let c = (i + row) % (TK / PARTS) * PARTS + part;
      var p = f16(0);
      if (s0 + c < seen) { p = f16(exp(max(F[row * FP + c] * size.scale - most, -1.0e4))); }
      mass += f32(p);
      tiles[row * TKP + c] = p;
    }
    workgroupBarrier();
    if (workgroupUniformLoad(&grew) != 0u) {
      for (var i = 0u; i < TR; i++) {
        for (var j = 0u; j < PC; j++) {
          subgroupMatrixStore<row_major>(&F, (wr * TR + i) * MM * FP + (wc * PC + j) * NN, y[i * PC + j], FP);
        }
      }
      workgroupBarrier();
      for (var i = lane; i < TQ * VPAD; i += THREADS) { F[(i / VPAD) * FP + i % VPAD] *= fades[i / VPAD]; }
      workgroupBarrier();
      for (var i = 0u; i < TR; i++) {
        for (var j = 0u; j < PC; j++) {
          y[i * PC + j] = subgroupMatrixLoad<Sum, row_major>(&F, (wr * TR + i) * MM * FP + (wc * PC + j) * NN, FP);
        }
      }
    }
    // 4. the weighted values
    for (var k = 0u; k < TK + rolled; k += KK) {
      var left: array<Left, TR>;
      for (var i = 0u; i < TR; i++) { left[i] = subgroupMatrixLoad<Left, row_major>(&tiles, (wr * TR + i) * MM * TKP + k, TKP); }
      for (var j = 0u; j < PC; j++) {
        let right = subgroupMatrixLoad<Right, row_major>(&Vs, k * VP + (wc * PC + j) * NN, VP);
        for (var i = 0u; i < TR; i++) { y[i * PC + j] = subgroupMatrixMultiplyAccumulate(left[i], right, y[i * PC + j]); }
      }
    }
  }
  // 5. divide by the row's mass
  workgroupBarrier();
  parts[lane] = mass;
  for (var i = 0u; i < TR; i++) {
    for (var j = 0u; j < PC; j++) {
      subgroupMatrixStore<row_major>(&F, (wr * TR + i) * MM * FP + (wc * PC + j) * NN, y[i * PC + j], FP);
    }
  }
  workgroupBarrier();
  for (var i = lane; i < TQ * VPAD; i += THREADS) {
    let q = i / VPAD;
    let e = i % VPAD;
    if (q0 + q < size.tokens && e < size.head_dim_v) {
      var total = 0.0;
      for (var k = 0u; k < PARTS; k++) { total += parts[q * PARTS + k]; }
      Y[((b * size.tokens + q0 + q) * size.heads + h) * size.head_dim_v + e] = f16(F[q * FP + e] / total);
    }
  }
}
