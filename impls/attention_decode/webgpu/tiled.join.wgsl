// The spans of a query and the new token, on the largest score of all. A workgroup a head.
struct Size { context: u32, heads: u32, groups: u32, head_dim: u32, head_dim_v: u32, first: u32, spans: u32, rows: u32, scale: f32 }
@group(0) @binding(0) var<uniform> size: Size;
@group(0) @binding(1) var<storage, read> Q: array<elem>;
@group(0) @binding(2) var<storage, read> k: array<elem>;
@group(0) @binding(3) var<storage, read> v: array<elem>;
@group(0) @binding(4) var<storage, read_write> parts: array<f32>;
@group(0) @binding(5) var<storage, read_write> Y: array<elem>;

var<workgroup> sums: array<f32, THREADS>;

@compute @workgroup_size(THREADS)
fn main(
  @builtin(local_invocation_index) thread: u32, @builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) count: vec3u,
) {
  for (var row = id.x; row < size.rows; row += count.x) { join_row(thread, row); }
}

fn join_row(thread: u32, row: u32) {
  let g = (row / size.heads) * size.groups + (row % size.heads) / (size.heads / size.groups);
  let width = 2u + size.head_dim_v;
  let first = row * size.spans * width;
  workgroupBarrier(); // the row before has been read
  var product = 0.0;
  for (var n = thread; n < size.head_dim; n += THREADS) {
    product = fma(size.scale * f32(Q[row * size.head_dim + n]), f32(k[g * size.head_dim + n]), product);
  }
  sums[thread] = product;
  workgroupBarrier();
  for (var half = THREADS / 2u; half > 0u; half /= 2u) {
    if (thread < half) { sums[thread] += sums[thread + half]; }
    workgroupBarrier();
  }
  let own = sums[0];
  workgroupBarrier();

  var most = own;
  for (var i = thread; i < size.spans; i += THREADS) { most = max(most, parts[first + i * width]); }
  sums[thread] = most;
  workgroupBarrier();
  for (var half = THREADS / 2u; half > 0u; half /= 2u) {
    if (thread < half) { sums[thread] = max(sums[thread], sums[thread + half]); }
    workgroupBarrier();
  }
  most = sums[0];
  workgroupBarrier();

  var total = 0.0;
  for (var i = thread; i < size.spans; i += THREADS) {
    let weight = exp(parts[first + i * width] - most);
    total = fma(weight, parts[first + i * width + 1u], total);
    parts[first + i * width] = weight; // in the place of the score
  }
  sums[thread] = total;
  storageBarrier();
  workgroupBarrier();
  for (var half = THREADS / 2u; half > 0u; half /= 2u) {
    if (thread < half) { sums[thread] += sums[thread + half]; }
    workgroupBarrier();
  }
  let weight = exp(own - most);
  total = sums[0] + weight;

  for (var e = thread; e < size.head_dim_v; e += THREADS) {
    var y = weight * f32(v[g * size.head_dim_v + e]);
    for (var i = 0u; i < size.spans; i++) { y = fma(parts[first + i * width], parts[first + i * width + 2u + e], y); }
    Y[row * size.head_dim_v + e] = elem(y / total);
  }
}
