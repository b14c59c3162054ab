// Materialised attention, step 1: logits = scale Q K^T of some heads into memory; hidden pairs get a large negative number.
struct Size {
  batches: u32, tokens: u32, context: u32, heads: u32, groups: u32, head_dim: u32, head_dim_v: u32, token0: u32, causal: u32, scale: f32,
  pair0: u32,
}
@group(0) @binding(0) var<uniform> size: Size;
@group(0) @binding(1) var<storage, read> Q: array<elem>;
@group(0) @binding(2) var<storage, read> K: array<elem>;
@group(0) @binding(3) var<storage, read_write> logits: array<f32>;
//#if spans
@group(0) @binding(4) var<storage, read> spans: array<vec2u>; // first key and end of each query
//#endif

const TILE = 32u;
const DEPTH = 16u;
var<workgroup> Qs: array<f32, TILE * (DEPTH + 1u)>;
var<workgroup> Ks: array<f32, TILE * (DEPTH + 1u)>;

@compute @workgroup_size(16, 16)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(local_invocation_id) id: vec3u, @builtin(workgroup_id) group: vec3u) {
  let pair = size.pair0 + group.z; // batch and head
  let b = pair / size.heads;
  let h = pair % size.heads;
  let g = h / (size.heads / size.groups);
  let t0 = group.y * TILE;
  let s0 = group.x * TILE;
  var sum = array<f32, 4>();
  for (var d0 = 0u; d0 < size.head_dim; d0 += DEPTH) {
    workgroupBarrier();
    for (var i = lane; i < TILE * DEPTH; i += 256u) {
      let row = i / DEPTH;
      let d = d0 + i % DEPTH;
      var q = 0.0;
      var k = 0.0;
      if (t0 + row < size.tokens && d < size.head_dim) { q = f32(Q[((b * size.tokens + t0 + row) * size.heads + h) * size.head_dim + d]); }
      if (s0 + row < size.context && d < size.head_dim) {
        k = f32(K[((b * size.context + s0 + row) * size.groups + g) * size.head_dim + d]);
      }
      Qs[row * (DEPTH + 1u) + i % DEPTH] = q;
      Ks[row * (DEPTH + 1u) + i % DEPTH] = k;
    }
    workgroupBarrier();
    for (var d = 0u; d < DEPTH; d++) {
      let q0 = Qs[id.y * (DEPTH + 1u) + d];
      let q1 = Qs[(id.y + 16u) * (DEPTH + 1u) + d];
      let k0 = Ks[id.x * (DEPTH + 1u) + d];
      let k1 = Ks[(id.x + 16u) * (DEPTH + 1u) + d];
      sum[0] = fma(q0, k0, sum[0]);
      sum[1] = fma(q0, k1, sum[1]);
      sum[2] = fma(q1, k0, sum[2]);
      sum[3] = fma(q1, k1, sum[3]);
    }
  }
  for (var i = 0u; i < 4u; i++) {
    let t = t0 + id.y + 16u * (i / 2u);
    let s = s0 + id.x + 16u * (i % 2u);
    if (t < size.tokens && s < size.context) {
//#if spans
      let span = spans[b * size.tokens + t];
      let seen = s >= span.x && s < span.y;
//#else
      let seen = size.causal == 0u || s <= size.token0 + t;
//#endif
      logits[(group.z * size.tokens + t) * size.context + s] = select(-3.0e38, sum[i] * size.scale, seen);
    }
  }
}
