// Checked lanes, one a row of the grid: values, or sums over the channels of a head with weights +-1. The sums carry their own
// rounding error (two-sum), so that a projection is as exact as one made on the host in float64. `zero` is 0, but no compiler
// knows: some fold (sum - (total - back)) to nothing otherwise.
struct Job { offset: u32, stride: u32, count: u32, terms: u32, term_stride: u32, projected: u32, out: u32, k0: u32, k1: u32, zero: u32 }
@group(0) @binding(0) var<storage, read> jobs: array<Job>;
@group(0) @binding(1) var<storage, read> T: array<elem>;
@group(0) @binding(2) var<storage, read_write> lanes: array<vec2f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  let job = jobs[id.y];
  for (var i = id.x; i < job.count; i += grid.x * 64u) {
    var sum = 0.0;
    var lost = 0.0;
    for (var term = 0u; term < job.terms; term++) {
      var value = f32(T[job.offset + i * job.stride + term * job.term_stride]);
      if (job.projected != 0u && (mix32(mix32(mix32(term + job.k0)) + job.k1) & 1u) != 0u) { value = -value; }
      let total = bitcast<f32>(bitcast<u32>(sum + value) ^ job.zero);
      let back = bitcast<f32>(bitcast<u32>(total - sum) ^ job.zero);
      lost += (sum - (total - back)) + (value - back);
      sum = total;
    }
    lanes[job.out + i] = vec2f(sum, lost);
  }
}
