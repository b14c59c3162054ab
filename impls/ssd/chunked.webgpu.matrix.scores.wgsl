// The chunked form on the matrix unit, first half of step 4 of section 6: the scores C B^T of blocks of 64 tokens with blocks of the
// same chunk. They belong to a group: all its heads read them. f16 factors, f32 sums.
struct Size {
  batches: u32, tokens: u32, heads: u32, groups: u32, head_dim: u32, state: u32, chunks: u32, block0: u32, slices: u32,
  d_per_head: u32, blocks: u32,
}
@group(0) @binding(0) var<uniform> size: Size;
//#if octets
@group(0) @binding(3) var<storage, read> B: array<vec4<u32>>;
@group(0) @binding(4) var<storage, read> C: array<vec4<u32>>;
//#else
@group(0) @binding(3) var<storage, read> B: array<f16>;
@group(0) @binding(4) var<storage, read> C: array<f16>;
//#endif
@group(0) @binding(7) var<storage, read_write> scores: array<f32>; // (batch, group, block, source block of the chunk, 64, 64)

alias Left = subgroup_matrix_left<f16, KK, MM>;
alias Right = subgroup_matrix_right<f16, NN, KK>;
alias Sum = subgroup_matrix_result<f32, NN, MM>;

const Q = 64u;
const THREADS = SUBGROUPS * LANES;
const SHARE = SUBGROUPS / 4u; // subgroups that share 16 rows, each with its columns
const LD = 9u; // eight halves each: rows of 64 and a pad, so that neighbours lie in different banks

var<workgroup> Cs: array<vec4<u32>, Q * LD>;
var<workgroup> Bs: array<vec4<u32>, Q * LD>;

//#if !octets
fn pack(row: u32, n: u32, of_c: bool) -> vec4<u32> {
  var out: vec4<u32>;
  for (var i = 0u; i < 8u; i++) {
    if (n + i < size.state) {
      let at = row * size.state + n + i;
      var value = 0.0;
      if (of_c) { value = f32(C[at]); } else { value = f32(B[at]); }
      out[i / 2u] |= pack2x16float(vec2f(value, 0.0)) << (16u * (i % 2u));
    }
  }
  return out;
}
//#endif

@compute @workgroup_size(SUBGROUPS * LANES)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(subgroup_id) subgroup: u32, @builtin(workgroup_id) group: vec3u) {
  let source_block = group.x % size.blocks;
  let g = group.x / size.blocks;
  let b = group.z;
  let block = group.y;
  if (source_block > block % size.blocks) { return; }
  let t0 = (size.block0 + block) * Q;
  let s0 = (size.block0 + block - block % size.blocks + source_block) * Q;
  let first = subgroup / SHARE * 16u;
  let share = subgroup % SHARE;

  var sums: array<Sum, RG>;
  //#unroll i RG
    sums[i] = Sum();
  //#end
  for (var n0 = 0u; n0 < NPAD; n0 += NT) {
    var c: array<vec4<u32>, LOADS>;
    var bs: array<vec4<u32>, LOADS>;
    //#unroll u LOADS
      let row = (u * THREADS + lane) / 8u;
      let n = n0 + 8u * (lane % 8u);
      c[u] = vec4<u32>();
      bs[u] = vec4<u32>();
      if (8u * (lane % 8u) < NT && n < size.state) {
        let target_row = (b * size.tokens + t0 + row) * size.groups + g;
        let source_row = (b * size.tokens + s0 + row) * size.groups + g;
//#if octets
        if (t0 + row < size.tokens) { c[u] = C[(target_row * size.state + n) / 8u]; }
        if (s0 + row < size.tokens) { bs[u] = B[(source_row * size.state + n) / 8u]; }
//#else
        if (t0 + row < size.tokens) { c[u] = pack(target_row, n, true); }
        if (s0 + row < size.tokens) { bs[u] = pack(source_row, n, false); }
//#endif
      }
    //#end
    if (n0 > 0u) { workgroupBarrier(); }
    //#unroll u LOADS
      let at = (u * THREADS + lane) / 8u * LD + lane % 8u;
      Cs[at] = c[u];
      Bs[at] = bs[u];
    //#end
    workgroupBarrier();
    //#unroll kk KS
      //#unroll i RM
        let left = subgroupMatrixLoad<Left, row_major>(&Cs, (first + i * MM) * LD + kk * KK / 8u, LD);
        //#unroll j GC
          let right = subgroupMatrixLoad<Right, col_major>(&Bs, (share * GC + j) * NN * LD + kk * KK / 8u, LD);
          sums[i * GC + j] = subgroupMatrixMultiplyAccumulate(left, right, sums[i * GC + j]);
        //#end
      //#end
    //#end
  }
  let place = ((b * size.groups + g) * size.chunks * size.blocks + block) * size.blocks + source_block;
  //#unroll i RM
    //#unroll j GC
      subgroupMatrixStore<row_major>(&scores, (place * Q + first + i * MM) * Q + (share * GC + j) * NN, sums[i * GC + j], Q);
    //#end
  //#end
}
