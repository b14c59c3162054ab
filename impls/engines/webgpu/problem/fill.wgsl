// Every output word a NaN (two in f16), so that an element that is never written is found.
struct Size { total: u32, word: u32 }
@group(0) @binding(0) var<uniform> size: Size;
@group(0) @binding(1) var<storage, read_write> T: array<u32>;

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < size.total; i += grid.x * 256u) { T[i] = size.word; }
}
