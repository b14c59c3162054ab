// Tiled attention on the matrix unit: f16 factors, f32 sums; steps as in tiled.webgpu.wgsl. Four subgroups share 64 queries; each owns
// 16 of them, whose factors stay in registers. WGSL gives no access to the elements of a matrix, so the softmax goes through the
// staging tile F, and the outputs are rescaled only when a row's maximum has grown by more than 8 (probabilities then stay below
// e^8, which f16 holds).
struct Size {
  batches: u32, tokens: u32, context: u32, heads: u32, groups: u32, head_dim: u32, head_dim_v: u32, token0: u32, causal: u32, scale: f32,
}
@group(0) @binding(0) var<uniform> size: Size;
//#if octets
@group(0) @binding(1) var<storage, read> Q: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read> K: array<vec4<u32>>;
@group(0) @binding(3) var<storage, read> V: array<vec4<u32>>;
@group(0) @binding(4) var<storage, read_write> Y: array<vec2<u32>>;
//#else
@group(0) @binding(1) var<storage, read> Q: array<f16>;
@group(0) @binding(2) var<storage, read> K: array<f16>;
@group(0) @binding(3) var<storage, read> V: array<f16>;
@group(0) @binding(4) var<storage, read_write> Y: array<f16>;
//#endif

alias Left = subgroup_matrix_left<f16, KK, MM>;
alias Right = subgroup_matrix_right<f16, NN, KK>;
alias Sum = subgroup_matrix_result<f32, NN, MM>;

const ROWS = 16u;
const THREADS = 4u * LANES;
const PARTS = LANES / ROWS; // lanes that share a row of the softmax
const DL = DPAD / 8u + 1u; // eight halves each, and a pad, so that neighbours lie in different banks
const VL = VPAD / 8u + 1u;
const FL = 17u; // four f32 each: 64 columns
const F_UNITS = TQ * max(FL, DL);

var<workgroup> keys: array<vec4<u32>, TK * DL>;
var<workgroup> values: array<vec4<u32>, TK * VL>;
var<workgroup> F: array<vec4<u32>, F_UNITS>; // queries at first; then logits and probabilities; outputs in the end
var<workgroup> parts: array<f32, THREADS>;
var<workgroup> grew: atomic<u32>;

//#if !octets
fn pack(row: u32, column: u32, end: u32, which: u32) -> vec4<u32> {
  var out: vec4<u32>;
  for (var i = 0u; i < 8u; i++) {
    if (column + i < end) {
      var value = f16(0);
      switch which {
        case 0u: { value = Q[row * end + column + i]; }
        case 1u: { value = K[row * end + column + i]; }
        default: { value = V[row * end + column + i]; }
      }
      out[i / 2u] |= pack2x16float(vec2f(f32(value), 0.0)) << (16u * (i % 2u));
    }
  }
  return out;
}
//#endif

@compute @workgroup_size(4 * LANES)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(subgroup_id) subgroup: u32,
        @builtin(subgroup_invocation_id) own: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) grid: vec3u) {
  let h = group.y;
  let b = group.z;
  let g = h / (size.heads / size.groups);
  let q0 = (grid.x - 1u - group.x) * TQ; // the longest rows first
  let first = subgroup * ROWS;
  var end = size.context;
  if (size.causal != 0u) { end = min(size.context, size.token0 + q0 + TQ); }

  for (var i = lane; i < TQ * DPAD / 8u; i += THREADS) {
    let t = q0 + i / (DPAD / 8u);
    let d = 8u * (i % (DPAD / 8u));
    var value = vec4<u32>();
    if (t < size.tokens && d < size.head_dim) {
      let source = (b * size.tokens + t) * size.heads + h;
//#if octets
      value = Q[(source * size.head_dim + d) / 8u];
//#else
      value = pack(source, d, size.head_dim, 0u);
//#endif
    }
    F[(i / (DPAD / 8u)) * DL + d / 8u] = value;
  }
  workgroupBarrier();
  var queries: array<Left, RD>;
  //#unroll i RM
    //#unroll kk DS
      queries[i * DS + kk] = subgroupMatrixLoad<Left, row_major>(&F, (first + i * MM) * DL + kk * KK / 8u, DL);
    //#end
  //#end
  var y: array<Sum, RP>;
  //#unroll i RP
    y[i] = Sum();
  //#end
  let row = own / PARTS; // of the softmax
  let part = own % PARTS;
  let at_row = (first + row) * FL;
  let token = size.token0 + q0 + first + row;
  var seen = size.context;
  if (size.causal != 0u) { seen = min(seen, token + 1u); }
  var most = -3.0e38;
  var mass = 0.0;

  for (var s0 = 0u; s0 < end; s0 += TK) {
    // all loads are under way before the first is stored
    var k_tile: array<vec4<u32>, K_LOADS>;
    var v_tile: array<vec4<u32>, V_LOADS>;
    //#unroll u K_LOADS
      let i = u * THREADS + lane;
      let s = s0 + i / (DPAD / 8u);
      let d = 8u * (i % (DPAD / 8u));
      k_tile[u] = vec4<u32>();
      if (i < TK * DPAD / 8u && s < size.context && d < size.head_dim) {
        let source = (b * size.context + s) * size.groups + g;
//#if octets
        k_tile[u] = K[(source * size.head_dim + d) / 8u];
//#else
        k_tile[u] = pack(source, d, size.head_dim, 1u);
//#endif
      }
    //#end
    //#unroll u V_LOADS
      let i = u * THREADS + lane;
      let s = s0 + i / (VPAD / 8u);
      let e = 8u * (i % (VPAD / 8u));
      v_tile[u] = vec4<u32>();
      if (i < TK * VPAD / 8u && s < size.context && e < size.head_dim_v) {
        let source = (b * size.context + s) * size.groups + g;
//#if octets
        v_tile[u] = V[(source * size.head_dim_v + e) / 8u];
//#else
        v_tile[u] = pack(source, e, size.head_dim_v, 2u);
//#endif
      }
    //#end
    workgroupBarrier();
    if (lane == 0u) { atomicStore(&grew, 0u); }
    //#unroll u K_LOADS
      let i = u * THREADS + lane;
      if (i < TK * DPAD / 8u) { keys[(i / (DPAD / 8u)) * DL + i % (DPAD / 8u)] = k_tile[u]; }
    //#end
    //#unroll u V_LOADS
      let i = u * THREADS + lane;
      if (i < TK * VPAD / 8u) { values[(i / (VPAD / 8u)) * VL + i % (VPAD / 8u)] = v_tile[u]; }
    //#end
    workgroupBarrier();
    // 1. logits of the tile
    var logits: array<Sum, RG>;
    //#unroll i RG
      logits[i] = Sum();
    //#end
    //#unroll kk DS
      //#unroll j GC
        let right = subgroupMatrixLoad<Right, col_major>(&keys, j * NN * DL + kk * KK / 8u, DL);
        //#unroll i RM
          logits[i * GC + j] = subgroupMatrixMultiplyAccumulate(queries[i * DS + kk], right, logits[i * GC + j]);
        //#end
      //#end
    //#end
    //#unroll i RM
      //#unroll j GC
        subgroupMatrixStore<row_major>(&F, (first + i * MM) * FL + j * NN / 4u, logits[i * GC + j], FL);
      //#end
    //#end
    workgroupBarrier();
    // 2. the largest logit of each row of the tile; a lane's columns come in eights
    var low: array<vec4f, EIGHTS>;
    var high: array<vec4f, EIGHTS>;
    var tile_most = -3.0e38;
    //#unroll u EIGHTS
      let octet = u * PARTS + part;
      let s = s0 + octet * 8u;
      let near = vec4u(s, s + 1u, s + 2u, s + 3u) < vec4u(seen);
      let far = vec4u(s + 4u, s + 5u, s + 6u, s + 7u) < vec4u(seen);
      low[u] = select(vec4f(-3.0e38), bitcast<vec4f>(F[at_row + octet * 2u]) * size.scale, near);
      high[u] = select(vec4f(-3.0e38), bitcast<vec4f>(F[at_row + octet * 2u + 1u]) * size.scale, far);
      let larger = max(low[u], high[u]);
      tile_most = max(tile_most, max(max(larger.x, larger.y), max(larger.z, larger.w)));
    //#end
    parts[lane] = tile_most;
    workgroupBarrier();
    for (var i = 0u; i < PARTS; i++) { tile_most = max(tile_most, parts[lane - part + i]); }
    // 3. probabilities, on the maximum of an earlier tile while that is near enough
    var fade = 1.0;
    if (tile_most > most + 8.0) {
      fade = exp(max(most - tile_most, -1.0e4));
      most = tile_most;
      if (s0 > 0u) { atomicStore(&grew, 1u); }
    }
    mass *= fade;
    let rescales = workgroupUniformLoad(&grew) != 0u;
    if (rescales) {
      // outputs so far, through the staging tile: 64 columns at a time
      //#unroll c VC
        //#unroll i RM
          //#unroll j PC
            subgroupMatrixStore<row_major>(&F, (first + i * MM) * FL + j * NN / 4u, y[(c * RM + i) * PC + j], FL);
          //#end
        //#end
        workgroupBarrier();
        for (var i = part; i < 16u; i += PARTS) {
          F[at_row + i] = bitcast<vec4<u32>>(bitcast<vec4f>(F[at_row + i]) * fade);
        }
        workgroupBarrier();
        //#unroll i RM
          //#unroll j PC
            y[(c * RM + i) * PC + j] = subgroupMatrixLoad<Sum, row_major>(&F, (first + i * MM) * FL + j * NN / 4u, FL);
          //#end
        //#end
        workgroupBarrier();
      //#end
    }
    //#unroll u EIGHTS
      let octet = u * PARTS + part;
      let p = exp(max(low[u] - most, vec4f(-1.0e4))) * select(vec4f(), vec4f(1.0), low[u] > vec4f(-2.0e38));
      let r = exp(max(high[u] - most, vec4f(-1.0e4))) * select(vec4f(), vec4f(1.0), high[u] > vec4f(-2.0e38));
      let packed = vec4<u32>(pack2x16float(p.xy), pack2x16float(p.zw), pack2x16float(r.xy), pack2x16float(r.zw));
      // the mass of what is multiplied, rounded as it is
      let sums = unpack2x16float(packed.x) + unpack2x16float(packed.y) + unpack2x16float(packed.z) + unpack2x16float(packed.w);
      mass += sums.x + sums.y;
      F[at_row + octet] = packed;
    //#end
    workgroupBarrier();
    // 4. the weighted values
    //#unroll kk KS
      //#unroll i RM
        let left = subgroupMatrixLoad<Left, row_major>(&F, (first + i * MM) * FL + kk * KK / 8u, FL);
        //#unroll c VC
          //#unroll j PC
            let right = subgroupMatrixLoad<Right, row_major>(&values, kk * KK * VL + (c * PC + j) * NN / 8u, VL);
            y[(c * RM + i) * PC + j] = subgroupMatrixMultiplyAccumulate(left, right, y[(c * RM + i) * PC + j]);
          //#end
        //#end
      //#end
    //#end
  }
  // 5. divide by the row's mass
  workgroupBarrier();
  parts[lane] = mass;
  workgroupBarrier();
  var total = 0.0;
  for (var i = 0u; i < PARTS; i++) { total += parts[lane - part + i]; }
  //#unroll c VC
    workgroupBarrier();
    //#unroll i RM
      //#unroll j PC
        subgroupMatrixStore<row_major>(&F, (first + i * MM) * FL + j * NN / 4u, y[(c * RM + i) * PC + j], FL);
      //#end
    //#end
    workgroupBarrier();
    for (var i = part; i < min(16u, VPAD / 4u - c * 16u); i += PARTS) {
      let t = q0 + first + row;
      let e = c * 64u + 4u * i;
      if (t < size.tokens && e < size.head_dim_v) {
        let value = bitcast<vec4f>(F[at_row + i]) / total;
        let at = ((b * size.tokens + t) * size.heads + h) * size.head_dim_v + e;
//#if octets
        Y[at / 4u] = vec2<u32>(pack2x16float(value.xy), pack2x16float(value.zw));
//#else
        for (var k = 0u; k < 4u; k++) { if (e + k < size.head_dim_v) { Y[at + k] = f16(value[k]); } }
//#endif
      }
    }
  //#end
}
