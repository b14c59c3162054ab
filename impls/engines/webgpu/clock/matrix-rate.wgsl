// The ceiling of the matrix unit: four independent products a step and subgroup, factors from workgroup memory.
struct Size { steps: u32 }
@group(0) @binding(0) var<uniform> size: Size;
@group(0) @binding(1) var<storage, read_write> sink: array<f32>;
var<workgroup> factors: array<f16, 4096>;
var<workgroup> sums: array<f32, 4 * MM * NN>;

@compute @workgroup_size(4 * LANES)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u) {
  for (var i = lane; i < 4096u; i += 4u * LANES) { factors[i] = f16(f32((i * 7u + group.x) & 15u) * 0.0625); }
  workgroupBarrier();
  let warp = lane / LANES;
  let l0 = subgroupMatrixLoad<subgroup_matrix_left<f16, KK, MM>, row_major>(&factors, warp * 64u, KK);
  let l1 = subgroupMatrixLoad<subgroup_matrix_left<f16, KK, MM>, row_major>(&factors, 512u + warp * 64u, KK);
  let r0 = subgroupMatrixLoad<subgroup_matrix_right<f16, NN, KK>, row_major>(&factors, 1024u, NN);
  let r1 = subgroupMatrixLoad<subgroup_matrix_right<f16, NN, KK>, row_major>(&factors, 2048u, NN);
  var c00 = subgroup_matrix_result<f32, NN, MM>(0.0);
  var c01 = subgroup_matrix_result<f32, NN, MM>(0.0);
  var c10 = subgroup_matrix_result<f32, NN, MM>(0.0);
  var c11 = subgroup_matrix_result<f32, NN, MM>(0.0);
  for (var i = 0u; i < size.steps; i++) {
    c00 = subgroupMatrixMultiplyAccumulate(l0, r0, c00);
    c01 = subgroupMatrixMultiplyAccumulate(l0, r1, c01);
    c10 = subgroupMatrixMultiplyAccumulate(l1, r0, c10);
    c11 = subgroupMatrixMultiplyAccumulate(l1, r1, c11);
  }
  let at = warp * MM * NN;
  subgroupMatrixStore<row_major>(&sums, at, c00, NN);
  workgroupBarrier();
  var total = sums[at];
  workgroupBarrier();
  subgroupMatrixStore<row_major>(&sums, at, c01, NN);
  workgroupBarrier();
  total += sums[at];
  workgroupBarrier();
  subgroupMatrixStore<row_major>(&sums, at, c10, NN);
  workgroupBarrier();
  total += sums[at];
  workgroupBarrier();
  subgroupMatrixStore<row_major>(&sums, at, c11, NN);
  workgroupBarrier();
  if (lane == 0u) { sink[group.x] = total + sums[at]; }
}
