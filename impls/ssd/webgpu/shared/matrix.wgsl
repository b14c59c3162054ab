// What the kernels of the chunked form on the matrix unit share; put in front of each. Names in capitals are constants of the adapter's
// shapes (tiles.ts). A kernel binds what it uses.
struct Size {
  batches: u32, tokens: u32, heads: u32, groups: u32, head_dim: u32, state: u32, chunks: u32, block0: u32, slices: u32,
  d_per_head: u32, blocks: u32, walk_chunks: u32, chunk_states: u32,
}
@group(0) @binding(0) var<uniform> size: Size;
//#if octets
alias Halves = array<vec4<u32>>; // eight an element
//#else
alias Halves = array<f16>;
//#endif
@group(0) @binding(1) var<storage, read> X: Halves;
@group(0) @binding(2) var<storage, read> logA: array<f32>;
@group(0) @binding(3) var<storage, read> B: Halves;
@group(0) @binding(4) var<storage, read> C: Halves;
//#if dt
@group(0) @binding(8) var<storage, read> dt: array<f32>;
//#endif

alias Left = subgroup_matrix_left<f16, KK, MM>;
alias Right = subgroup_matrix_right<f16, NN, KK>;
alias Sum = subgroup_matrix_result<f32, NN, MM>;

const Q = 64u;
const PS = 64u;
const THREADS = SUBGROUPS * LANES;
const SHARE = SUBGROUPS / 4u; // subgroups that share 16 rows (channels, or tokens), each with its columns
const LD = 9u; // eight halves each: rows of 64 and a pad, so that neighbours lie in different banks

fn scaled(packed: vec4<u32>, factor: f32) -> vec4<u32> {
  return vec4<u32>(
    pack2x16float(factor * unpack2x16float(packed.x)), pack2x16float(factor * unpack2x16float(packed.y)),
    pack2x16float(factor * unpack2x16float(packed.z)), pack2x16float(factor * unpack2x16float(packed.w)));
}

fn octet_of(low: vec4f, high: vec4f) -> vec4<u32> {
  return vec4<u32>(pack2x16float(low.xy), pack2x16float(low.zw), pack2x16float(high.xy), pack2x16float(high.zw));
}

// eight halves of a row of `width`, from `column` on; zeros behind its end
fn load(tensor: ptr<storage, Halves>, row: u32, column: u32, width: u32) -> vec4<u32> {
  var out: vec4<u32>;
//#if octets
  if (column < width) { out = (*tensor)[(row * width + column) / 8u]; }
//#else
  for (var i = 0u; i < 8u; i++) {
    if (column + i < width) {
      out[i / 2u] |= pack2x16float(vec2f(f32((*tensor)[row * width + column + i]), 0.0)) << (16u * (i % 2u));
    }
  }
//#endif
  return out;
}

// rows of X belong to heads, those of B and C to groups
fn load_x(token: u32, h: u32, p: u32) -> vec4<u32> { return load(&X, token * size.heads + h, p, size.head_dim); }
fn load_b(token: u32, g: u32, n: u32) -> vec4<u32> { return load(&B, token * size.groups + g, n, size.state); }
fn load_c(token: u32, g: u32, n: u32) -> vec4<u32> { return load(&C, token * size.groups + g, n, size.state); }

// log of the decay and dt of a token; of a token from `end` on what changes nothing
fn load_own(b: u32, t: u32, end: u32, h: u32) -> vec2f {
  if (t >= end) { return vec2f(0.0, 1.0); }
  let token = (b * size.tokens + t) * size.heads + h;
//#if dt
  return vec2f(max(logA[token], -1.0e4), dt[token]);
//#else
  return vec2f(max(logA[token], -1.0e4), 1.0);
//#endif
}
