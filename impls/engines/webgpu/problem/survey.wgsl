// Over all elements of one output: how many are not finite, where the first is, and a hash of all bits that does not depend on
// the order of the threads. Bit patterns are tested, since WGSL lets a compiler assume that NaN does not exist.
struct Size { total: u32 }
@group(0) @binding(0) var<uniform> size: Size;
@group(0) @binding(1) var<storage, read> T: array<u32>;
@group(0) @binding(2) var<storage, read_write> found: array<atomic<u32>, 4>;

fn note(index: u32) {
  atomicAdd(&found[0], 1u);
  atomicMin(&found[1], index);
}

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  var hash = 0u;
//#if f16
  for (var i = id.x; i < (size.total + 1u) / 2u; i += grid.x * 256u) {
    var word = T[i];
    if (2u * i + 1u == size.total) { word &= 0xffffu; } // an odd tail: the upper half is padding
    if ((word & 0x7c00u) == 0x7c00u) { note(2u * i); }
    if ((word & 0x7c000000u) == 0x7c000000u) { note(2u * i + 1u); }
    hash += mix32(word ^ mix32(i));
  }
//#else
  for (var i = id.x; i < size.total; i += grid.x * 256u) {
    let word = T[i];
    if ((word & 0x7f800000u) == 0x7f800000u) { note(i); }
    hash += mix32(word ^ mix32(i));
  }
//#endif
  atomicAdd(&found[2], hash);
}
