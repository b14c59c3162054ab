// u of one batch, some channels and some tokens, from (t, channel) to (channel, t), or outputs back: 32 x 32 tiles, so that both
// sides move whole cache lines.
struct Size { tokens: u32, channels: u32, channel0: u32, count: u32, length: u32, token0: u32, row0: u32 }
@group(0) @binding(0) var<uniform> size: Size;
//#if back
@group(0) @binding(1) var<storage, read> lanes: array<f32>;
@group(0) @binding(2) var<storage, read_write> Y: array<elem>;
//#else
@group(0) @binding(1) var<storage, read> u: array<elem>;
@group(0) @binding(2) var<storage, read_write> lanes: array<f32>;
//#endif
var<workgroup> tile: array<f32, 32u * 33u>;

@compute @workgroup_size(32, 8)
fn main(@builtin(local_invocation_id) id: vec3u, @builtin(workgroup_id) group: vec3u) {
  let t0 = group.x * 32u;
  let c0 = group.y * 32u;
  for (var i = id.y; i < 32u; i += 8u) {
//#if back
    let t = t0 + id.x;
    let c = c0 + i;
    if (t < size.tokens && c < size.count) { tile[i * 33u + id.x] = lanes[c * size.length + size.token0 + t]; }
//#else
    let t = t0 + i;
    let c = c0 + id.x;
    if (t < size.tokens && c < size.count) { tile[i * 33u + id.x] = f32(u[(size.row0 + t) * size.channels + size.channel0 + c]); }
//#endif
  }
  workgroupBarrier();
  for (var i = id.y; i < 32u; i += 8u) {
//#if back
    let t = t0 + i;
    let c = c0 + id.x;
    if (t < size.tokens && c < size.count) { Y[(size.row0 + t) * size.channels + size.channel0 + c] = elem(tile[id.x * 33u + i]); }
//#else
    let t = t0 + id.x;
    let c = c0 + i;
    if (t < size.tokens && c < size.count) { lanes[c * size.length + size.token0 + t] = tile[id.x * 33u + i]; }
//#endif
  }
}
