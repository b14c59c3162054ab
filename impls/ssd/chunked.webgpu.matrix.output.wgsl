// The chunked form on the matrix unit, step 4 of section 6: outputs of all chunks at once, from the tokens of the chunk and from the
// state before it. f16 factors, f32 sums. Subgroups share 64 tokens, in fours: each owns 16 rows of every product (or half of their
// columns), and the matrices right of the diagonal block are never made. WGSL gives no access to the elements of a matrix: whatever is elementwise goes
// through a staging tile of f32, a few elements at a time.
struct Size {
  batches: u32, tokens: u32, heads: u32, groups: u32, head_dim: u32, state: u32, chunks: u32, chunk0: u32, slices: u32,
  d_per_head: u32,
}
@group(0) @binding(0) var<uniform> size: Size;
//#if octets
@group(0) @binding(1) var<storage, read> X: array<vec4<u32>>;
@group(0) @binding(3) var<storage, read> B: array<vec4<u32>>;
@group(0) @binding(4) var<storage, read> C: array<vec4<u32>>;
@group(0) @binding(5) var<storage, read_write> Y: array<vec2<u32>>;
//#if z
@group(0) @binding(10) var<storage, read> z: array<vec2<u32>>;
//#endif
//#else
@group(0) @binding(1) var<storage, read> X: array<f16>;
@group(0) @binding(3) var<storage, read> B: array<f16>;
@group(0) @binding(4) var<storage, read> C: array<f16>;
@group(0) @binding(5) var<storage, read_write> Y: array<f16>;
//#if z
@group(0) @binding(10) var<storage, read> z: array<f16>;
//#endif
//#endif
@group(0) @binding(2) var<storage, read> logA: array<f32>;
@group(0) @binding(6) var<storage, read> startStates: array<vec4<u32>>; // (batch, chunk, head, slices * 64, NPAD), f16
//#if dt
@group(0) @binding(8) var<storage, read> dt: array<f32>;
//#endif
//#if D
@group(0) @binding(9) var<storage, read> D: array<f32>;
//#endif

alias Left = subgroup_matrix_left<f16, KK, MM>;
alias Right = subgroup_matrix_right<f16, NN, KK>;
alias Sum = subgroup_matrix_result<f32, NN, MM>;

const Q = 64u;
const PS = 64u;
const THREADS = SUBGROUPS * LANES;
const SHARE = SUBGROUPS / 4u; // subgroups that share 16 rows, each with its columns
const LD = 9u; // eight halves each: rows of 64 and a pad, so that neighbours lie in different banks
const FD = 17u; // four f32 each
const BLOCK = 16u;
const STATE_SCALE = 16.0;

// C, B, X and the state before the chunk (channel, n); the staging tile takes the place of C and B, the masked scores that of the state
const AT_B = Q * LD;
const AT_X = 2u * Q * LD;
const AT_S = 3u * Q * LD;
var<workgroup> pool: array<vec4<u32>, 4u * Q * LD>;
var<workgroup> logs: array<f32, Q>;
var<workgroup> steps: array<f32, Q>;
var<workgroup> inner: array<f32, Q * BLOCK>; // sums over (s, q] within a block
var<workgroup> prefix: array<f32, Q>; // sum from the start of a token's block to it

//#if !octets
fn pack(row: u32, column: u32, end: u32, which: u32) -> vec4<u32> {
  var out: vec4<u32>;
  for (var i = 0u; i < 8u; i++) {
    if (column + i < end) {
      var value = f16(0);
      switch which {
        case 0u: { value = X[row * size.head_dim + column + i]; }
        case 1u: { value = B[row * size.state + column + i]; }
        default: { value = C[row * size.state + column + i]; }
      }
      out[i / 2u] |= pack2x16float(vec2f(f32(value), 0.0)) << (16u * (i % 2u));
    }
  }
  return out;
}
//#endif

@compute @workgroup_size(SUBGROUPS * LANES)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(subgroup_id) subgroup: u32,
        @builtin(subgroup_invocation_id) own: u32, @builtin(workgroup_id) group: vec3u) {
  let slice = group.x % size.slices;
  let h = group.x / size.slices;
  let b = group.z;
  let g = h / (size.heads / size.groups);
  let t0 = (size.chunk0 + group.y) * Q;
  let place = (b * size.chunks + group.y) * size.heads + h;
  let p0 = slice * PS;
  let block = subgroup / SHARE; // of own rows
  let share = subgroup % SHARE;
  let first = block * BLOCK;

  // all loads are under way before the first is used
  var logOwn = 0.0;
  var stepOwn = 1.0;
  if (lane < Q && t0 + lane < size.tokens) {
    let token = (b * size.tokens + t0 + lane) * size.heads + h;
    logOwn = max(logA[token], -1.0e4);
//#if dt
    stepOwn = dt[token];
//#endif
  }
  var x: array<vec4<u32>, LOADS>;
  //#unroll u LOADS
    let t = t0 + (u * THREADS + lane) / 8u;
    let p = p0 + 8u * (lane % 8u);
    x[u] = vec4<u32>();
    if (t < size.tokens && p < size.head_dim) {
//#if octets
      x[u] = X[(((b * size.tokens + t) * size.heads + h) * size.head_dim + p) / 8u];
//#else
      x[u] = pack((b * size.tokens + t) * size.heads + h, p, size.head_dim, 0u);
//#endif
    }
  //#end

  // scores C B^T, and C S for what earlier chunks give
  var scores: array<Sum, RG>;
  //#unroll i RG
    scores[i] = Sum();
  //#end
  var y: array<Sum, RP>;
  //#unroll i RP
    y[i] = Sum();
  //#end
  for (var n0 = 0u; n0 < NPAD; n0 += NT) {
    if (n0 > 0u) { workgroupBarrier(); }
    var c: array<vec4<u32>, LOADS>;
    var bs: array<vec4<u32>, LOADS>;
    var s: array<vec4<u32>, LOADS>;
    //#unroll u LOADS
      let row = (u * THREADS + lane) / 8u;
      let n = n0 + 8u * (lane % 8u);
      c[u] = vec4<u32>();
      bs[u] = vec4<u32>();
      s[u] = vec4<u32>();
      if (8u * (lane % 8u) < NT) {
        if (t0 + row < size.tokens && n < size.state) {
          let source = (b * size.tokens + t0 + row) * size.groups + g;
//#if octets
          c[u] = C[(source * size.state + n) / 8u];
          bs[u] = B[(source * size.state + n) / 8u];
//#else
          c[u] = pack(source, n, size.state, 2u);
          bs[u] = pack(source, n, size.state, 1u);
//#endif
        }
        s[u] = startStates[(((place * size.slices + slice) * PS + row) * NPAD + n) / 8u];
      }
    //#end
    if (n0 == 0u) {
      // decays inside the chunk, while the tiles are on their way
      if (lane < Q) {
        logs[lane] = logOwn;
        steps[lane] = stepOwn;
      }
      workgroupBarrier();
      if (lane < Q) {
        let row = lane % BLOCK;
        var sum = 0.0;
        //#unroll k SIXTEEN
          if (k <= row) {
            inner[lane * BLOCK + row - k] = sum;
            sum += logs[lane - k];
          }
        //#end
        prefix[lane] = sum;
      }
      //#unroll u LOADS
        pool[AT_X + (u * THREADS + lane) / 8u * LD + lane % 8u] = x[u];
      //#end
    }
    //#unroll u LOADS
      let at = (u * THREADS + lane) / 8u * LD + lane % 8u;
      pool[at] = c[u];
      pool[AT_B + at] = bs[u];
      pool[AT_S + at] = s[u];
    //#end
    workgroupBarrier();
    //#unroll kk KS
      //#unroll i RM
        let left = subgroupMatrixLoad<Left, row_major>(&pool, (first + i * MM) * LD + kk * KK / 8u, LD);
        //#unroll j GC
          let column = (share * GC + j) * NN;
          if (column < first + BLOCK) {
            let right = subgroupMatrixLoad<Right, col_major>(&pool, AT_B + column * LD + kk * KK / 8u, LD);
            scores[i * GC + j] = subgroupMatrixMultiplyAccumulate(left, right, scores[i * GC + j]);
          }
        //#end
        //#unroll j PC
          let right = subgroupMatrixLoad<Right, col_major>(&pool, AT_S + (share * PC + j) * NN * LD + kk * KK / 8u, LD);
          y[i * PC + j] = subgroupMatrixMultiplyAccumulate(left, right, y[i * PC + j]);
        //#end
      //#end
    //#end
  }
  workgroupBarrier();

  // the mask L, lower triangular; dt belongs to the source token
  //#unroll i RM
    //#unroll j GC
      let column = (share * GC + j) * NN;
      if (column < first + BLOCK) {
        subgroupMatrixStore<row_major>(&pool, (first + i * MM) * FD + column / 4u, scores[i * GC + j], FD);
      }
    //#end
  //#end
  let octet = own % 8u; // of source tokens
  let source_block = octet / 2u; // their block
  var between = 0.0;
  var before = 0.0;
  //#unroll k BLOCKS
    let total = prefix[k * BLOCK + BLOCK - 1u];
    if (k > source_block && k < block) { between += total; }
    if (k < block) { before += total; }
  //#end
  var since: array<f32, 8>;
  var step: array<f32, 8>;
  //#unroll k EIGHT
    let s = octet * 8u + k;
    since[k] = inner[(source_block * BLOCK + BLOCK - 1u) * BLOCK + s % BLOCK] + between;
    step[k] = steps[s];
  //#end
  workgroupBarrier();
  //#unroll u OCTETS
    let q = first + ((u * SHARE + share) * LANES + own) / 8u;
    if (source_block <= block) {
      let low = bitcast<vec4f>(pool[q * FD + octet * 2u]);
      let high = bitcast<vec4f>(pool[q * FD + octet * 2u + 1u]);
      var masked = array<f32, 8>(low.x, low.y, low.z, low.w, high.x, high.y, high.z, high.w);
      let until = prefix[q];
      //#unroll k EIGHT
        let s = octet * 8u + k;
        var sum = since[k] + until;
        if (source_block == block) { sum = inner[q * BLOCK + s % BLOCK]; }
        masked[k] = select(0.0, masked[k] * step[k] * exp(select(0.0, sum, s <= q)), s <= q);
      //#end
      pool[AT_S + q * LD + octet] = vec4<u32>(
        pack2x16float(vec2f(masked[0], masked[1])), pack2x16float(vec2f(masked[2], masked[3])),
        pack2x16float(vec2f(masked[4], masked[5])), pack2x16float(vec2f(masked[6], masked[7])));
    }
  //#end
  workgroupBarrier();

  // what earlier chunks give has decayed since the start of this one
  //#unroll i RM
    //#unroll j PC
      subgroupMatrixStore<row_major>(&pool, (first + i * MM) * FD + (share * PC + j) * NN / 4u, y[i * PC + j], FD);
      y[i * PC + j] = Sum();
    //#end
  //#end
  //#unroll kk QS
    if (kk * KK < first + BLOCK) {
      //#unroll i RM
        let left = subgroupMatrixLoad<Left, row_major>(&pool, AT_S + (first + i * MM) * LD + kk * KK / 8u, LD);
        //#unroll j PC
          let right = subgroupMatrixLoad<Right, row_major>(&pool, AT_X + kk * KK * LD + (share * PC + j) * NN / 8u, LD);
          y[i * PC + j] = subgroupMatrixMultiplyAccumulate(left, right, y[i * PC + j]);
        //#end
      //#end
    }
  //#end
  workgroupBarrier();
  var inherited: array<vec4f, ITEMS>;
  //#unroll u ITEMS
    let q = first + ((u * SHARE + share) * LANES + own) / 16u;
    inherited[u] = bitcast<vec4f>(pool[q * FD + own % 16u]) * (STATE_SCALE * exp(before + prefix[q]));
  //#end
  workgroupBarrier();
  //#unroll i RM
    //#unroll j PC
      subgroupMatrixStore<row_major>(&pool, (first + i * MM) * FD + (share * PC + j) * NN / 4u, y[i * PC + j], FD);
    //#end
  //#end
  workgroupBarrier();
  //#unroll u ITEMS
    let q = first + ((u * SHARE + share) * LANES + own) / 16u;
    let quad = own % 16u;
    let t = t0 + q;
    let p = p0 + 4u * quad;
    if (t < size.tokens && p < size.head_dim) {
      var value = inherited[u] + bitcast<vec4f>(pool[q * FD + quad]);
      let at = ((b * size.tokens + t) * size.heads + h) * size.head_dim + p;
//#if D
      let pair = pool[AT_X + q * LD + quad / 2u];
      let two = select(pair.xy, pair.zw, quad % 2u == 1u);
      let source = vec4f(unpack2x16float(two.x), unpack2x16float(two.y));
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
