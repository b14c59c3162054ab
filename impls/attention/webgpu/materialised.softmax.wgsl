// Materialised attention, step 2: each row of logits becomes probabilities, in place. One workgroup a row.
struct Size { rows: u32, context: u32 }
@group(0) @binding(0) var<uniform> size: Size;
@group(0) @binding(1) var<storage, read_write> logits: array<f32>;
var<workgroup> parts: array<f32, 256>;

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) grid: vec3u) {
  let row = group.y * grid.x + group.x;
  if (row >= size.rows) { return; }
  let start = row * size.context;
  var most = -3.0e38;
  for (var s = lane; s < size.context; s += 256u) { most = max(most, logits[start + s]); }
  parts[lane] = most;
  for (var half = 128u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { parts[lane] = max(parts[lane], parts[lane + half]); }
  }
  workgroupBarrier();
  most = parts[0];
  workgroupBarrier();
  var mass = 0.0;
  for (var s = lane; s < size.context; s += 256u) {
    var p = 0.0;
    if (logits[start + s] > -2.9e38) { p = exp(max(logits[start + s] - most, -1.0e4)); }
    logits[start + s] = p;
    mass += p;
  }
  parts[lane] = mass;
  for (var half = 128u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { parts[lane] += parts[lane + half]; }
  }
  workgroupBarrier();
  mass = select(parts[0], 1.0, parts[0] == 0.0); // a query that sees nothing: its weights are 0
  for (var s = lane; s < size.context; s += 256u) { logits[start + s] /= mass; }
}
