// The chunked form on the matrix unit, step 4 of section 6: outputs of a block of 64 tokens of one head, from the tokens of its chunk
// and from the state before the chunk. f16 factors, f32 sums. WGSL gives no access to the elements of a matrix: decays are
// multiplied into the factors on their way to workgroup memory, so that one sum takes both products and only that is staged in f32.
//#if octets
@group(0) @binding(5) var<storage, read_write> Y: array<vec2<u32>>;
//#if z
@group(0) @binding(10) var<storage, read> z: array<vec2<u32>>;
//#endif
//#else
@group(0) @binding(5) var<storage, read_write> Y: array<f16>;
//#if z
@group(0) @binding(10) var<storage, read> z: array<f16>;
//#endif
//#endif
@group(0) @binding(6) var<storage, read> startStates: array<vec4<u32>>; // (batch, chunk, head, slices * 64, NPAD), f16
@group(0) @binding(7) var<storage, read> scores: array<vec4f>; // (batch, group, block, source block of the chunk, 64, 64)
//#if D
@group(0) @binding(9) var<storage, read> D: array<f32>;
//#endif

const FD = 17u; // four f32 each
const BLOCK = 16u;
const STATE_SCALE = 16.0;

// Two tiles at a time: masked scores and X, then C and the state before the chunk (channel, n), then both the staging tile. Tables of
// tokens lie in the pads. 18 KiB: all workgroups of a multiprocessor of an H200 share 48, and one alone cannot hide what it waits for.
const AT_RIGHT = Q * LD;
var<workgroup> pool: array<vec4<u32>, 2u * Q * LD>;

// of the source block, an octet of tokens in two: decays, dt, and products of decays from the start of a token's octet to it
const AT_DECAYS = 8u;
const AT_STEPS = 16u * LD + 8u;
const AT_UNTIL = 32u * LD + 8u;

fn table(at: u32, index: u32) -> vec4f {
  return bitcast<vec4f>(pool[at + index * LD]);
}

fn load_state(place: u32, row: u32, n: u32) -> vec4<u32> {
  if (n >= NPAD) { return vec4<u32>(); }
  return startStates[((place * PS + row) * NPAD + n) / 8u];
}

@compute @workgroup_size(SUBGROUPS * LANES)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(subgroup_id) subgroup: u32, @builtin(workgroup_id) group: vec3u) {
  let slice = group.x % size.slices;
  let h = group.x / size.slices;
  let b = group.z;
  let g = h / (size.heads / size.groups);
  let block = group.y;
//#if single
  const in_chunk = 0u;
//#else
  let in_chunk = block % size.blocks;
//#endif
  let t0 = (size.block0 + block) * Q;
  let place = (b * size.chunks + block / size.blocks) * size.heads + h;
  let p0 = slice * PS;
  let first = subgroup / SHARE * BLOCK; // of own rows
  let share = subgroup % SHARE;
  let octet = lane % 8u;

  var y: array<Sum, RP>;
  //#unroll i RP
    y[i] = Sum();
  //#end
  // product of decays from the end of the source block to a row
  var reach: array<f32, LOADS>;
  //#unroll u LOADS
    reach[u] = 1.0;
  //#end
  var c: array<vec4<u32>, LOADS>;
  var s: array<vec4<u32>, LOADS>;

  // source blocks of the chunk, from the own one backwards
//#if single
  {
    const back = 0u;
//#else
  for (var back = 0u; back <= in_chunk; back++) {
//#endif
    let s0 = t0 - back * Q;
    // all loads are under way before the first is used
    var logs: array<f32, 8>;
    var own_steps: array<f32, 8>;
    if (lane < 8u) {
      //#unroll k EIGHT
        let t = s0 + lane * 8u + k;
        logs[k] = 0.0;
        own_steps[k] = 1.0;
        if (t < size.tokens) {
          let token = (b * size.tokens + t) * size.heads + h;
          logs[k] = max(logA[token], -1.0e4);
//#if dt
          own_steps[k] = dt[token];
//#endif
        }
      //#end
    }
    var x: array<vec4<u32>, LOADS>;
    //#unroll u LOADS
      let row = (u * THREADS + lane) / 8u;
      let t = s0 + row;
      let p = p0 + 8u * octet;
      x[u] = vec4<u32>();
      if (t < size.tokens && p < size.head_dim) {
        x[u] = load_x(b * size.tokens + t, h, p);
      }
    //#end
    if (back > 0u) { workgroupBarrier(); }
    if (lane < 8u) {
      var product = 1.0;
      var products: array<f32, 8>;
      //#unroll k EIGHT
        logs[k] = exp(logs[k]);
        product *= logs[k];
        products[k] = product;
      //#end
      let at = 2u * lane * LD;
      pool[AT_DECAYS + at] = bitcast<vec4<u32>>(vec4f(logs[0], logs[1], logs[2], logs[3]));
      pool[AT_DECAYS + at + LD] = bitcast<vec4<u32>>(vec4f(logs[4], logs[5], logs[6], logs[7]));
      pool[AT_STEPS + at] = bitcast<vec4<u32>>(vec4f(own_steps[0], own_steps[1], own_steps[2], own_steps[3]));
      pool[AT_STEPS + at + LD] = bitcast<vec4<u32>>(vec4f(own_steps[4], own_steps[5], own_steps[6], own_steps[7]));
      pool[AT_UNTIL + at] = bitcast<vec4<u32>>(vec4f(products[0], products[1], products[2], products[3]));
      pool[AT_UNTIL + at + LD] = bitcast<vec4<u32>>(vec4f(products[4], products[5], products[6], products[7]));
    }
    //#unroll u LOADS
      pool[AT_RIGHT + (u * THREADS + lane) / 8u * LD + octet] = x[u];
    //#end
    var low: array<vec4f, LOADS>;
    var high: array<vec4f, LOADS>;
    //#unroll u LOADS
      let row = (u * THREADS + lane) / 8u;
      low[u] = vec4f();
      high[u] = vec4f();
      if (back > 0u || octet * 8u <= row) {
        let pair = ((b * size.groups + g) * size.chunks * size.blocks + block) * size.blocks + in_chunk - back;
        low[u] = scores[(pair * Q + row) * (Q / 4u) + 2u * octet];
        high[u] = scores[(pair * Q + row) * (Q / 4u) + 2u * octet + 1u];
      }
    //#end
    workgroupBarrier();

    // the mask L as products of decays; dt belongs to the source token
    let decay_low = table(AT_DECAYS, octet * 2u);
    let decay_high = table(AT_DECAYS, octet * 2u + 1u);
    let step_low = table(AT_STEPS, octet * 2u);
    let step_high = table(AT_STEPS, octet * 2u + 1u);
    let decay = array<f32, 8>(
      decay_low.x, decay_low.y, decay_low.z, decay_low.w, decay_high.x, decay_high.y, decay_high.z, decay_high.w);
    let step = array<f32, 8>(
      step_low.x, step_low.y, step_low.z, step_low.w, step_high.x, step_high.y, step_high.z, step_high.w);
    var factor: array<f32, LOADS>; // from the end of the own octet of sources to a row
    //#unroll u LOADS
      factor[u] = reach[u];
      if (back == 0u) {
        let row = (u * THREADS + lane) / 8u;
        reach[u] = table(AT_UNTIL, row / 4u)[row % 4u];
        factor[u] = select(1.0, reach[u], octet < row / 8u);
      }
    //#end
    //#unroll k EIGHT
      let total = table(AT_UNTIL, 2u * k + 1u).w;
      //#unroll u LOADS
        let row = (u * THREADS + lane) / 8u;
        let is_before = back > 0u || k < row / 8u;
        if (is_before && k > octet) { factor[u] *= total; }
        if (is_before) { reach[u] *= total; }
      //#end
    //#end
    //#unroll u LOADS
      let row = (u * THREADS + lane) / 8u;
      var masked = array<f32, 8>(low[u].x, low[u].y, low[u].z, low[u].w, high[u].x, high[u].y, high[u].z, high[u].w);
      //#unroll k EIGHT
        let sees = back > 0u || octet * 8u + 7u - k <= row;
        masked[7u - k] = select(0.0, masked[7u - k] * (step[7u - k] * factor[u]), sees);
        factor[u] = select(factor[u], factor[u] * decay[7u - k], sees);
      //#end
      pool[row * LD + octet] = vec4<u32>(
        pack2x16float(vec2f(masked[0], masked[1])), pack2x16float(vec2f(masked[2], masked[3])),
        pack2x16float(vec2f(masked[4], masked[5])), pack2x16float(vec2f(masked[6], masked[7])));
    //#end
    if (back == in_chunk) {
      //#unroll u LOADS
        let row = (u * THREADS + lane) / 8u;
        c[u] = vec4<u32>();
        if (t0 + row < size.tokens) { c[u] = load_c(b * size.tokens + t0 + row, g, 8u * octet); }
        s[u] = load_state(place * size.slices + slice, row, 8u * octet);
      //#end
    }
    workgroupBarrier();
    //#unroll kk QS
      if (back > 0u || kk * KK < first + BLOCK) {
        //#unroll i RM
          let left = subgroupMatrixLoad<Left, row_major>(&pool, (first + i * MM) * LD + kk * KK / 8u, LD);
          //#unroll j PC
            let right = subgroupMatrixLoad<Right, row_major>(&pool, AT_RIGHT + kk * KK * LD + (share * PC + j) * NN / 8u, LD);
            y[i * PC + j] = subgroupMatrixMultiplyAccumulate(left, right, y[i * PC + j]);
          //#end
        //#end
      }
    //#end
  }

  // what earlier chunks give: C, decayed since the start of this one, times their state
  //#unroll i RP
    y[i] = subgroupMatrixScalarMultiply(y[i], 1.0 / STATE_SCALE);
  //#end
  for (var n0 = 0u; n0 < NPAD; n0 += NT) {
    workgroupBarrier();
    //#unroll u LOADS
      let row = (u * THREADS + lane) / 8u;
      pool[row * LD + octet] = scaled(c[u], reach[u]);
      pool[AT_RIGHT + row * LD + octet] = s[u];
    //#end
    workgroupBarrier();
    if (n0 + NT < NPAD) {
      //#unroll u LOADS
        let row = (u * THREADS + lane) / 8u;
        c[u] = vec4<u32>();
        if (t0 + row < size.tokens) { c[u] = load_c(b * size.tokens + t0 + row, g, n0 + NT + 8u * octet); }
        s[u] = load_state(place * size.slices + slice, row, n0 + NT + 8u * octet);
      //#end
    }
    //#unroll kk KS
      //#unroll i RM
        let left = subgroupMatrixLoad<Left, row_major>(&pool, (first + i * MM) * LD + kk * KK / 8u, LD);
        //#unroll j PC
          let right = subgroupMatrixLoad<Right, col_major>(&pool, AT_RIGHT + (share * PC + j) * NN * LD + kk * KK / 8u, LD);
          y[i * PC + j] = subgroupMatrixMultiplyAccumulate(left, right, y[i * PC + j]);
        //#end
      //#end
    //#end
  }
  workgroupBarrier();
  //#unroll i RM
    //#unroll j PC
      subgroupMatrixStore<row_major>(&pool, (first + i * MM) * FD + (share * PC + j) * NN / 4u, y[i * PC + j], FD);
    //#end
  //#end
  workgroupBarrier();
  //#unroll u ITEMS
    let q = (u * THREADS + lane) / 16u;
    let quad = lane % 16u;
    let t = t0 + q;
    let p = p0 + 4u * quad;
    if (t < size.tokens && p < size.head_dim) {
      var value = STATE_SCALE * bitcast<vec4f>(pool[q * FD + quad]);
      let at = ((b * size.tokens + t) * size.heads + h) * size.head_dim + p;
//#if D
//#if octets
      let eight = X[at / 8u];
      let two = select(eight.xy, eight.zw, quad % 2u == 1u);
      let source = vec4f(unpack2x16float(two.x), unpack2x16float(two.y));
//#else
      var source = vec4f();
      for (var i = 0u; i < 4u; i++) { if (p + i < size.head_dim) { source[i] = f32(X[at + i]); } }
//#endif
      for (var i = 0u; i < 4u; i++) {
        value[i] += D[select(min(h * size.head_dim + p + i, size.heads * size.head_dim - 1u), h, size.d_per_head != 0u)] * source[i];
      }
//#endif
//#if z
//#if octets
      let gates = z[at / 4u];
      let gate = vec4f(unpack2x16float(gates.x), unpack2x16float(gates.y));
//#else
      var gate = vec4f();
      for (var i = 0u; i < 4u; i++) { if (p + i < size.head_dim) { gate[i] = f32(z[at + i]); } }
//#endif
      let fade = exp(-abs(gate)); // of the absolute value: an overflow to infinity would be undefined
      value *= gate * select(fade, vec4f(1.0), gate >= vec4f()) / (1.0 + fade);
//#endif
//#if octets
      Y[at / 4u] = vec2<u32>(pack2x16float(value.xy), pack2x16float(value.zw));
//#else
      for (var i = 0u; i < 4u; i++) { if (p + i < size.head_dim) { Y[at + i] = f16(value[i]); } }
//#endif
    }
  //#end
}
