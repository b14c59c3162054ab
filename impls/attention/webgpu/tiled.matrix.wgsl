// Tiled attention on the matrix unit: f16 factors, f32 sums; steps as in tiled.wgsl. Subgroups share TQ queries; each owns ROWS
// of them, whose factors stay in registers. WGSL gives no access to the elements of a matrix, so the softmax goes through workgroup
// memory: logits lie there transposed, a column a query, so that a lane walks a query of its own and neighbouring lanes neighbouring
// banks. Weights are taken on the maximum of an earlier tile, and outputs are rescaled only when they outgrow what f16 holds.
struct Size {
  batches: u32, tokens: u32, context: u32, heads: u32, groups: u32, head_dim: u32, head_dim_v: u32, token0: u32, causal: u32, scale: f32,
}
@group(0) @binding(0) var<uniform> size: Size;
//#if octets
@group(0) @binding(1) var<storage, read> Q: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read> K: array<vec4<u32>>;
@group(0) @binding(3) var<storage, read> V: array<vec4<u32>>;
@group(0) @binding(4) var<storage, read_write> Y: array<vec4<u32>>;
const UNIT = 8u; // halves in an element of these
//#else
@group(0) @binding(1) var<storage, read> Q: array<f16>;
@group(0) @binding(2) var<storage, read> K: array<f16>;
@group(0) @binding(3) var<storage, read> V: array<f16>;
@group(0) @binding(4) var<storage, read_write> Y: array<f16>;
const UNIT = 1u;
//#endif

alias Left = subgroup_matrix_left<f16, KK, MM>;
alias Right = subgroup_matrix_right<f16, NN, KK>;
alias Sum = subgroup_matrix_result<f32, NN, MM>;

const THREADS = SUBGROUPS * LANES;
const PARTS = LANES / ROWS; // lanes that share a query
const EXCHANGED = select(1u, THREADS, PARTS > 1u);
const LARGEST = 1024.0; // sum of a lane's weights in a tile: far below what f16 holds, far above 1
// of eight halves, with a pad, so that neighbours lie in different banks
const DL = DPAD / 8u + 1u;
const VL = VPAD / 8u + 1u;
const QL = QT / 2u + 4u; // of two halves

var<workgroup> keys: array<vec4<u32>, TK * DL - 1u>;
var<workgroup> values: array<vec4<u32>, TK * VL - 1u>;
var<workgroup> F: array<u32, SUBGROUPS * TK * FL>; // queries at first; then logits, f32, by key and query; outputs by channel and query
var<workgroup> weights: array<vec4<u32>, TQ * PL>;
var<workgroup> parts: array<f32, EXCHANGED>;
var<workgroup> grew: atomic<u32>;

// eight halves of Q (0), K (1) or V (2), from `column` of `end` on, of the row that starts at element `at`
fn octet(which: u32, at: u32, column: u32, end: u32) -> vec4<u32> {
  var out: vec4<u32>;
//#if octets
  switch which {
    case 0u: { out = Q[at + column / 8u]; }
    case 1u: { out = K[at + column / 8u]; }
    default: { out = V[at + column / 8u]; }
  }
//#else
  for (var i = 0u; i < min(8u, end - column); i++) {
    var half = f16();
    switch which {
      case 0u: { half = Q[at + column + i]; }
      case 1u: { half = K[at + column + i]; }
      default: { half = V[at + column + i]; }
    }
    out[i / 2u] |= pack2x16float(vec2f(f32(half), 0.0)) << (16u * (i % 2u));
  }
//#endif
  return out;
}

fn logits_at(at: u32) -> vec4f {
  return bitcast<vec4f>(vec4<u32>(F[at], F[at + FL], F[at + 2u * FL], F[at + 3u * FL]));
}

// 3. weights 2^(logit * scale - most) of a lane's keys, rounded to f16 for the product; their sum
fn weigh(column: u32, row: u32, scale: f32, most: f32) -> f32 {
  var sum = vec4f();
  //#unroll u EIGHTS
    let at = column + u * PARTS * 8u * FL;
    let low = exp2(fma(logits_at(at), vec4f(scale), vec4f(-most)));
    let high = exp2(fma(logits_at(at + 4u * FL), vec4f(scale), vec4f(-most)));
    sum += low + high;
    weights[row + u * PARTS] =
      vec4<u32>(pack2x16float(low.xy), pack2x16float(low.zw), pack2x16float(high.xy), pack2x16float(high.zw));
  //#end
  return sum.x + sum.y + sum.z + sum.w;
}

@compute @workgroup_size(SUBGROUPS * LANES)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(subgroup_id) subgroup: u32,
        @builtin(subgroup_invocation_id) own: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) grid: vec3u) {
  let h = group.x;
  let b = group.z;
  let g = h / (size.heads / size.groups);
  let q0 = (grid.y - 1u - group.y) * TQ; // the longest rows of all heads first
  var end = size.context;
  if (size.causal != 0u) { end = min(size.context, size.token0 + q0 + TQ); }
  let scale = size.scale * 1.4426950408889634; // exponentials are of base 2
  let hidden = bitcast<u32>(-1.0e30 / (sign(scale) * max(abs(scale), 1.0))); // -1e30 once scaled

  // where the rows of keys and values start in their bindings
  let k_stride = size.groups * size.head_dim / UNIT;
  let v_stride = size.groups * size.head_dim_v / UNIT;
  let k_first = b * size.context * k_stride + g * size.head_dim / UNIT;
  let v_first = b * size.context * v_stride + g * size.head_dim_v / UNIT;

  //#unroll u K_LOADS
    let i = u * THREADS + lane;
    let s = i / (DPAD / 8u);
    let d = 8u * (i % (DPAD / 8u));
    var value = vec4<u32>();
    if (s < end && d < size.head_dim) { value = octet(1u, k_first + s * k_stride, d, size.head_dim); }
    if (s < TK) { keys[s * DL + d / 8u] = value; }
  //#end
  var queries: array<Right, RQ>;
  // through the logits' memory, QT channels at a time
  //#unroll c QC
    for (var i = lane; i < TQ * QT / 8u; i += THREADS) {
      let t = q0 + i / (QT / 8u);
      let d = c * QT + 8u * (i % (QT / 8u));
      var value = vec4<u32>();
      if (t < size.tokens && d < size.head_dim) {
        value = octet(0u, ((b * size.tokens + t) * size.heads + h) * size.head_dim / UNIT, d, size.head_dim);
      }
      let at = (i / (QT / 8u)) * QL + 4u * (i % (QT / 8u));
      for (var j = 0u; j < 4u; j++) { F[at + j] = value[j]; }
    }
    workgroupBarrier();
    //#unroll kk QS
      //#unroll i QN
        queries[(c * QS + kk) * QN + i] =
          subgroupMatrixLoad<Right, col_major>(&F, (subgroup * ROWS + i * NN) * QL + kk * KK / 2u, QL);
      //#end
    //#end
    workgroupBarrier();
  //#end

  var y: array<Sum, RY>;
  //#unroll i RY
    y[i] = Sum();
  //#end
  let staging = subgroup * TK * FL;
  let row = own % ROWS;
  let part = own / ROWS;
  let mates = subgroup * LANES + row; // lanes of the same query: this one and every ROWS after it
  let column = staging + part * 8u * FL + row;
  let weights_row = (subgroup * ROWS + row) * PL + part;
  var seen = end;
  if (size.causal != 0u) { seen = min(end, size.token0 + q0 + subgroup * ROWS + row + 1u); }
  var most = -1.0e30;
  var mass = 0.0;

  for (var s0 = 0u; s0 < end; s0 += TK) {
    // the next keys and these values are on their way while logits are made
    var k_tile: array<vec4<u32>, K_LOADS>;
    var v_tile: array<vec4<u32>, V_LOADS>;
    //#unroll u K_LOADS
      let i = u * THREADS + lane;
      let s = s0 + TK + i / (DPAD / 8u);
      let d = 8u * (i % (DPAD / 8u));
      k_tile[u] = vec4<u32>();
      if (s < end && d < size.head_dim) { k_tile[u] = octet(1u, k_first + s * k_stride, d, size.head_dim); }
    //#end
    //#unroll u V_LOADS
      let i = u * THREADS + lane;
      let s = s0 + i / (VPAD / 8u);
      let e = 8u * (i % (VPAD / 8u));
      v_tile[u] = vec4<u32>();
      if (s < end && e < size.head_dim_v) { v_tile[u] = octet(2u, v_first + s * v_stride, e, size.head_dim_v); }
    //#end
    // 1. logits of the tile, transposed: K Q^T
    //#unroll j KM
      var logits: array<Sum, QN>;
      //#unroll i QN
        logits[i] = Sum();
      //#end
      //#unroll kk DS
        let left = subgroupMatrixLoad<Left, row_major>(&keys, j * MM * DL + kk * KK / 8u, DL);
        //#unroll i QN
          logits[i] = subgroupMatrixMultiplyAccumulate(left, queries[kk * QN + i], logits[i]);
        //#end
      //#end
      //#unroll i QN
        subgroupMatrixStore<row_major>(&F, staging + j * MM * FL + i * NN, logits[i], FL);
      //#end
    //#end
    if (lane == 0u) { atomicStore(&grew, 0u); }
    workgroupBarrier();
    // 2. what a query may not see; only tiles on the diagonal and at the end have such keys
    if (s0 + TK > seen) {
      for (var u = part; u < TK / 8u; u += PARTS) {
        for (var i = 0u; i < 8u; i++) {
          if (s0 + u * 8u + i >= seen) { F[staging + (u * 8u + i) * FL + row] = hidden; }
        }
      }
    }
    var sum = weigh(column, weights_row, scale, most);
    if (s0 == 0u || sum > LARGEST) { atomicStore(&grew, 1u); }
    //#unroll u K_LOADS
      let i = u * THREADS + lane;
      if (i < TK * DPAD / 8u) { keys[(i / (DPAD / 8u)) * DL + i % (DPAD / 8u)] = k_tile[u]; }
    //#end
    //#unroll u V_LOADS
      let i = u * THREADS + lane;
      if (i < TK * VPAD / 8u) { values[(i / (VPAD / 8u)) * VL + i % (VPAD / 8u)] = v_tile[u]; }
    //#end
    if (workgroupUniformLoad(&grew) != 0u) {
      // the largest logits so far, weights on them, and the outputs so far rescaled, VT channels at a time
      var larger = -1.0e30;
      for (var u = 0u; u < EIGHTS; u++) {
        let at = column + u * PARTS * 8u * FL;
        let most4 = max(logits_at(at) * scale, logits_at(at + 4u * FL) * scale);
        larger = max(larger, max(max(most4.x, most4.y), max(most4.z, most4.w)));
      }
      if (PARTS > 1u) {
        parts[lane % EXCHANGED] = larger;
        workgroupBarrier();
        for (var i = 0u; i < PARTS; i++) { larger = max(larger, parts[(mates + i * ROWS) % EXCHANGED]); }
      }
      let next = max(most, larger);
      let fade = exp2(max(most - next, -1.0e4));
      most = next;
      mass *= fade;
      sum = weigh(column, weights_row, scale, most);
      workgroupBarrier();
      //#unroll c VC
        //#unroll i RM
          //#unroll j VN
            subgroupMatrixStore<col_major>(&F, staging + j * NN * FL + i * MM, y[(c * RM + i) * VN + j], FL);
          //#end
        //#end
        workgroupBarrier();
        for (var e = part; e < VT; e += PARTS) {
          let at = staging + e * FL + row;
          F[at] = bitcast<u32>(bitcast<f32>(F[at]) * fade);
        }
        workgroupBarrier();
        //#unroll i RM
          //#unroll j VN
            y[(c * RM + i) * VN + j] = subgroupMatrixLoad<Sum, col_major>(&F, staging + j * NN * FL + i * MM, FL);
          //#end
        //#end
        workgroupBarrier();
      //#end
    }
    mass += sum;
    // 4. the weighted values
    //#unroll kk KS
      var left: array<Left, RM>;
      //#unroll i RM
        left[i] = subgroupMatrixLoad<Left, row_major>(&weights, (subgroup * ROWS + i * MM) * PL + kk * KK / 8u, PL);
      //#end
      //#unroll c VC
        //#unroll j VN
          let right = subgroupMatrixLoad<Right, row_major>(&values, kk * KK * VL + (c * VN + j) * NN / 8u, VL);
          //#unroll i RM
            y[(c * RM + i) * VN + j] = subgroupMatrixMultiplyAccumulate(left[i], right, y[(c * RM + i) * VN + j]);
          //#end
        //#end
      //#end
    //#end
  }
  // 5. divide by the query's mass
  var total = mass;
  if (PARTS > 1u) {
    parts[lane % EXCHANGED] = mass;
    workgroupBarrier();
    total = 0.0;
    for (var i = 0u; i < PARTS; i++) { total += parts[(mates + i * ROWS) % EXCHANGED]; }
  }
  workgroupBarrier();
  let t = q0 + subgroup * ROWS + row;
  let y_row = ((b * size.tokens + t) * size.heads + h) * size.head_dim_v / UNIT;
  //#unroll c VC
    //#unroll i RM
      //#unroll j VN
        subgroupMatrixStore<col_major>(&F, staging + j * NN * FL + i * MM, y[(c * RM + i) * VN + j], FL);
      //#end
    //#end
    workgroupBarrier();
    for (var u = part; u < VT / 8u; u += PARTS) {
      let e = c * VT + u * 8u;
      if (t < size.tokens && e < size.head_dim_v) {
        let at = staging + u * 8u * FL + row;
        let low = logits_at(at) / total;
        let high = logits_at(at + 4u * FL) / total;
//#if octets
        Y[y_row + e / 8u] =
          vec4<u32>(pack2x16float(low.xy), pack2x16float(low.zw), pack2x16float(high.xy), pack2x16float(high.zw));
//#else
        for (var k = 0u; k < min(8u, size.head_dim_v - e); k++) {
          Y[y_row + e + k] = f16(select(high[k % 4u], low[k % 4u], k < 4u));
        }
//#endif
      }
    }
    workgroupBarrier();
  //#end
}
