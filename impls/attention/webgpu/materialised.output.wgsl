// Materialised attention, step 3: Y = P V of some heads.
struct Size {
  batches: u32, tokens: u32, context: u32, heads: u32, groups: u32, head_dim: u32, head_dim_v: u32, token0: u32, causal: u32, scale: f32,
  pair0: u32,
}
@group(0) @binding(0) var<uniform> size: Size;
@group(0) @binding(1) var<storage, read> P: array<f32>;
@group(0) @binding(2) var<storage, read> V: array<elem>;
@group(0) @binding(3) var<storage, read_write> Y: array<elem>;

const TILE = 32u;
const DEPTH = 16u;
var<workgroup> Ps: array<f32, TILE * (DEPTH + 1u)>;
var<workgroup> Vs: array<f32, DEPTH * TILE>;

@compute @workgroup_size(16, 16)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(local_invocation_id) id: vec3u, @builtin(workgroup_id) group: vec3u) {
  let pair = size.pair0 + group.z;
  let b = pair / size.heads;
  let h = pair % size.heads;
  let g = h / (size.heads / size.groups);
  let t0 = group.y * TILE;
  let e0 = group.x * TILE;
  var sum = array<f32, 4>();
  for (var s0 = 0u; s0 < size.context; s0 += DEPTH) {
    workgroupBarrier();
    for (var i = lane; i < TILE * DEPTH; i += 256u) {
      let t = t0 + i / DEPTH;
      let s = s0 + i % DEPTH;
      var p = 0.0;
      if (t < size.tokens && s < size.context) { p = P[(group.z * size.tokens + t) * size.context + s]; }
      Ps[(i / DEPTH) * (DEPTH + 1u) + i % DEPTH] = p;
      let row = s0 + i / TILE;
      let e = e0 + i % TILE;
      var v = 0.0;
      if (row < size.context && e < size.head_dim_v) { v = f32(V[((b * size.context + row) * size.groups + g) * size.head_dim_v + e]); }
      Vs[i] = v;
    }
    workgroupBarrier();
    for (var s = 0u; s < DEPTH; s++) {
      let p0 = Ps[id.y * (DEPTH + 1u) + s];
      let p1 = Ps[(id.y + 16u) * (DEPTH + 1u) + s];
      let v0 = Vs[s * TILE + id.x];
      let v1 = Vs[s * TILE + id.x + 16u];
      sum[0] = fma(p0, v0, sum[0]);
      sum[1] = fma(p0, v1, sum[1]);
      sum[2] = fma(p1, v0, sum[2]);
      sum[3] = fma(p1, v1, sum[3]);
    }
  }
  for (var i = 0u; i < 4u; i++) {
    let t = t0 + id.y + 16u * (i / 2u);
    let e = e0 + id.x + 16u * (i % 2u);
    if (t < size.tokens && e < size.head_dim_v) {
      Y[((b * size.tokens + t) * size.heads + h) * size.head_dim_v + e] = elem(sum[i]);
    }
  }
}
