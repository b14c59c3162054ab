// The chunked form on the matrix unit (tensor cores), steps 1 and 2 of section 6: what each chunk adds to the state, all chunks at
// once. f16 factors, f32 sums. Subgroups share a chunk of 64 tokens, in fours: each owns 16 of a slice's 64 channels (or half of their
// columns).
struct Size {
  batches: u32, tokens: u32, heads: u32, groups: u32, head_dim: u32, state: u32, chunks: u32, chunk0: u32, slices: u32,
  d_per_head: u32,
}
@group(0) @binding(0) var<uniform> size: Size;
//#if octets
@group(0) @binding(1) var<storage, read> X: array<vec4<u32>>;
@group(0) @binding(3) var<storage, read> B: array<vec4<u32>>;
//#else
@group(0) @binding(1) var<storage, read> X: array<f16>;
@group(0) @binding(3) var<storage, read> B: array<f16>;
//#endif
@group(0) @binding(2) var<storage, read> logA: array<f32>;
@group(0) @binding(7) var<storage, read_write> chunkStates: array<f32>; // (batch, chunk, head, slices * 64, NPAD)
@group(0) @binding(8) var<storage, read_write> chunkDecays: array<f32>; // (batch, chunk, head)
//#if dt
@group(0) @binding(9) var<storage, read> dt: array<f32>;
//#endif

alias Left = subgroup_matrix_left<f16, KK, MM>;
alias Right = subgroup_matrix_right<f16, NN, KK>;
alias Sum = subgroup_matrix_result<f32, NN, MM>;

const Q = 64u;
const PS = 64u;
const THREADS = SUBGROUPS * LANES;
const SHARE = SUBGROUPS / 4u; // subgroups that share 16 channels, each with its columns
const LD = 9u; // eight halves each: rows of 64 and a pad, so that neighbours lie in different banks
const BLOCK = 16u;

var<workgroup> Xs: array<vec4<u32>, Q * LD>; // weighted by what the end of the chunk still sees of a token
var<workgroup> Bs: array<vec4<u32>, Q * LD>;
var<workgroup> logs: array<f32, Q>;
var<workgroup> steps: array<f32, Q>;
var<workgroup> inBlock: array<f32, Q>; // sum behind a token to the end of its block of 16
var<workgroup> totals: array<f32, Q / BLOCK>;

fn load_x(row: u32, h: u32, p: u32) -> vec4<u32> {
//#if octets
  if (p < size.head_dim) { return X[((row * size.heads + h) * size.head_dim + p) / 8u]; }
  return vec4<u32>();
//#else
  var out: vec4<u32>;
  for (var i = 0u; i < 8u; i++) {
    if (p + i < size.head_dim) {
      out[i / 2u] |= pack2x16float(vec2f(f32(X[(row * size.heads + h) * size.head_dim + p + i]), 0.0)) << (16u * (i % 2u));
    }
  }
  return out;
//#endif
}

fn load_b(row: u32, g: u32, n: u32) -> vec4<u32> {
//#if octets
  if (n < size.state) { return B[((row * size.groups + g) * size.state + n) / 8u]; }
  return vec4<u32>();
//#else
  var out: vec4<u32>;
  for (var i = 0u; i < 8u; i++) {
    if (n + i < size.state) {
      out[i / 2u] |= pack2x16float(vec2f(f32(B[(row * size.groups + g) * size.state + n + i]), 0.0)) << (16u * (i % 2u));
    }
  }
  return out;
//#endif
}

fn scaled(packed: vec4<u32>, factor: f32) -> vec4<u32> {
  return vec4<u32>(
    pack2x16float(factor * unpack2x16float(packed.x)), pack2x16float(factor * unpack2x16float(packed.y)),
    pack2x16float(factor * unpack2x16float(packed.z)), pack2x16float(factor * unpack2x16float(packed.w)));
}

@compute @workgroup_size(SUBGROUPS * LANES)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(subgroup_id) subgroup: u32, @builtin(workgroup_id) group: vec3u) {
  let slice = group.x % size.slices;
  let h = group.x / size.slices;
  let b = group.z;
  let g = h / (size.heads / size.groups);
  let t0 = (size.chunk0 + group.y) * Q;
  let place = (b * size.chunks + group.y) * size.heads + h;

  // all loads are under way before the first is used
  var x: array<vec4<u32>, LOADS>;
  //#unroll u LOADS
    let t = t0 + (u * THREADS + lane) / 8u;
    x[u] = vec4<u32>();
    if (t < size.tokens) { x[u] = load_x(b * size.tokens + t, h, slice * PS + 8u * (lane % 8u)); }
  //#end
  var logOwn = 0.0;
  var stepOwn = 1.0;
  if (lane < Q && t0 + lane < size.tokens) {
    let token = (b * size.tokens + t0 + lane) * size.heads + h;
    logOwn = max(logA[token], -1.0e4);
//#if dt
    stepOwn = dt[token];
//#endif
  }
  var values: array<vec4<u32>, LOADS>;
  //#unroll u LOADS
    let row = (u * THREADS + lane) / 8u;
    values[u] = vec4<u32>();
    if (8u * (lane % 8u) < NT && t0 + row < size.tokens) { values[u] = load_b(b * size.tokens + t0 + row, g, 8u * (lane % 8u)); }
  //#end
  if (lane < Q) {
    logs[lane] = logOwn;
    steps[lane] = stepOwn;
  }
  workgroupBarrier();
  if (lane < Q) {
    let row = lane % BLOCK;
    var sum = 0.0;
    //#unroll k FIFTEEN
      if (row + k + 1u < BLOCK) { sum += logs[lane + k + 1u]; }
    //#end
    inBlock[lane] = sum;
    if (row == 0u) { totals[lane / BLOCK] = sum + logs[lane]; }
  }
  workgroupBarrier();
  //#unroll u LOADS
    let row = (u * THREADS + lane) / 8u;
    var after = inBlock[row];
    //#unroll k BLOCKS
      if (k > row / BLOCK) { after += totals[k]; }
    //#end
    Xs[row * LD + lane % 8u] = scaled(x[u], exp(after) * steps[row]);
  //#end
  if (lane == 0u && slice == 0u) { chunkDecays[place] = exp(totals[0] + totals[1] + totals[2] + totals[3]); }

  for (var n0 = 0u; n0 < NPAD; n0 += NT) {
    if (n0 > 0u) {
      //#unroll u LOADS
        let row = (u * THREADS + lane) / 8u;
        if (8u * (lane % 8u) < NT && t0 + row < size.tokens) {
          values[u] = load_b(b * size.tokens + t0 + row, g, n0 + 8u * (lane % 8u));
        }
      //#end
      workgroupBarrier();
    }
    //#unroll u LOADS
      Bs[(u * THREADS + lane) / 8u * LD + lane % 8u] = values[u];
    //#end
    workgroupBarrier();
    var S: array<Sum, RN>;
    //#unroll i RN
      S[i] = Sum();
    //#end
    //#unroll kk QS
      //#unroll i RM
        let left = subgroupMatrixLoad<Left, col_major>(&Xs, kk * KK * LD + (subgroup / SHARE * 16u + i * MM) / 8u, LD);
        //#unroll j NC
          let right = subgroupMatrixLoad<Right, row_major>(&Bs, kk * KK * LD + (subgroup % SHARE * NC + j) * NN / 8u, LD);
          S[i * NC + j] = subgroupMatrixMultiplyAccumulate(left, right, S[i * NC + j]);
        //#end
      //#end
    //#end
    //#unroll i RM
      let row = (place * size.slices + slice) * PS + subgroup / SHARE * 16u + i * MM;
      //#unroll j NC
        subgroupMatrixStore<row_major>(&chunkStates, row * NPAD + n0 + (subgroup % SHARE * NC + j) * NN, S[i * NC + j], NPAD);
      //#end
    //#end
  }
}
