// What the kernels of the chunked form on the matrix unit share; put in front of each. Names in capitals are constants of the adapter's
// shapes (webgpu.ts). A kernel binds what it uses.
struct Size {
  batches: u32, tokens: u32, heads: u32, groups: u32, head_dim: u32, state: u32, chunks: u32, block0: u32, slices: u32,
  d_per_head: u32, blocks: u32, walk_chunks: u32, chunk_states: u32,
}
@group(0) @binding(0) var<uniform> size: Size;
//#if octets
@group(0) @binding(1) var<storage, read> X: array<vec4<u32>>;
@group(0) @binding(3) var<storage, read> B: array<vec4<u32>>;
@group(0) @binding(4) var<storage, read> C: array<vec4<u32>>;
//#else
@group(0) @binding(1) var<storage, read> X: array<f16>;
@group(0) @binding(3) var<storage, read> B: array<f16>;
@group(0) @binding(4) var<storage, read> C: array<f16>;
//#endif
@group(0) @binding(2) var<storage, read> logA: array<f32>;

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
