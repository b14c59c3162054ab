// The arithmetic ceiling outside the matrix unit: eight independent chains of vec4 multiply-adds a thread.
struct Size { steps: u32 }
@group(0) @binding(0) var<uniform> size: Size;
@group(0) @binding(1) var<storage, read_write> sink: array<f32>;

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let m = vec4<elem>(elem(0.5) + elem(id.x & 7u) * elem(0.03125));
  var a = vec4<elem>(elem(1)); var b = a + elem(1); var c = a + elem(2); var d = a + elem(3);
  var e = a + elem(4); var f = a + elem(5); var g = a + elem(6); var h = a + elem(7);
  for (var i = 0u; i < size.steps; i++) {
    a = fma(a, m, m); b = fma(b, m, m); c = fma(c, m, m); d = fma(d, m, m);
    e = fma(e, m, m); f = fma(f, m, m); g = fma(g, m, m); h = fma(h, m, m);
  }
  let sum = a + b + c + d + e + f + g + h;
  let total = f32(sum.x) + f32(sum.y) + f32(sum.z) + f32(sum.w);
  if (total == 12345.678) { sink[id.x & 1023u] = total; } // never: but the compiler cannot know
}
