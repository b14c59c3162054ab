// A span of keys for one query: scores, their softmax within the span, the weighted values (Flash-Decoding). A workgroup a head and span.
struct Size { context: u32, heads: u32, groups: u32, head_dim: u32, head_dim_v: u32, first: u32, spans: u32, rows: u32, scale: f32 }
@group(0) @binding(0) var<uniform> size: Size;
@group(0) @binding(1) var<storage, read> Q: array<elem>;
@group(0) @binding(2) var<storage, read> K: array<elem>;
@group(0) @binding(3) var<storage, read> V: array<elem>;
// Of each span: the largest score, the sum of weights, weighted values; [row][span][2 + head_dim_v], a row being a head of a batch.
@group(0) @binding(4) var<storage, read_write> parts: array<f32>;

var<workgroup> query: array<f32, CHANNELS>;
var<workgroup> weights: array<f32, SPAN>;
var<workgroup> sums: array<f32, THREADS>;

@compute @workgroup_size(THREADS)
fn main(
  @builtin(local_invocation_index) thread: u32, @builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) count: vec3u,
) {
  for (var row = id.y; row < size.rows; row += count.y) {
    span_of_row(thread, row, id.x);
  }
}

fn span_of_row(thread: u32, row: u32, span: u32) {
  let b = row / size.heads;
  let g = (row % size.heads) / (size.heads / size.groups);
  let s0 = size.first + span * SPAN;
  let keys = min(SPAN, size.context - s0);
  let at = (b * size.context + s0) * size.groups + g;
  let part = (row * size.spans + span) * (2u + size.head_dim_v);
  workgroupBarrier(); // the row before has been read
  for (var n = thread; n < size.head_dim; n += THREADS) { query[n] = size.scale * f32(Q[row * size.head_dim + n]); }
  workgroupBarrier();

  // 1. scores: a thread a key
  var most = -3.0e38;
  for (var s = thread; s < keys; s += THREADS) {
    let key = (at + s * size.groups) * size.head_dim;
    var score = 0.0;
    for (var n = 0u; n < size.head_dim; n++) { score = fma(query[n], f32(K[key + n]), score); }
    weights[s] = score;
    most = max(most, score);
  }
  sums[thread] = most;
  workgroupBarrier();
  for (var half = THREADS / 2u; half > 0u; half /= 2u) {
    if (thread < half) { sums[thread] = max(sums[thread], sums[thread + half]); }
    workgroupBarrier();
  }
  let largest = sums[0];
  workgroupBarrier();

  // 2. weights
  var sum = 0.0;
  for (var s = thread; s < keys; s += THREADS) {
    let weight = exp(weights[s] - largest);
    weights[s] = weight;
    sum += weight;
  }
  sums[thread] = sum;
  workgroupBarrier();
  for (var half = THREADS / 2u; half > 0u; half /= 2u) {
    if (thread < half) { sums[thread] += sums[thread + half]; }
    workgroupBarrier();
  }
  if (thread == 0u) {
    parts[part] = largest;
    parts[part + 1u] = sums[0];
  }
  workgroupBarrier();

  // 3. values: WIDTH threads are neighbouring channels, as many keys at a time as there are such rows of threads
  for (var e0 = 0u; e0 < size.head_dim_v; e0 += WIDTH) {
    let e = e0 + thread % WIDTH;
    var y = 0.0;
    if (e < size.head_dim_v) {
      for (var s = thread / WIDTH; s < keys; s += THREADS / WIDTH) {
        y = fma(weights[s], f32(V[(at + s * size.groups) * size.head_dim_v + e]), y);
      }
    }
    sums[thread] = y;
    workgroupBarrier();
    for (var half = THREADS / 2u; half >= WIDTH; half /= 2u) {
      if (thread < half) { sums[thread] += sums[thread + half]; }
      workgroupBarrier();
    }
    if (thread < WIDTH && e < size.head_dim_v) { parts[part + 2u + e] = sums[thread]; }
    workgroupBarrier();
  }
}
