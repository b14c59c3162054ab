// What comes after the sum of an output, put in front of kernels that write Y: the skip connection D X, then the gate silu(z).
//#if D
@group(0) @binding(9) var<storage, read> D: array<f32>;
//#endif
//#if z
@group(0) @binding(10) var<storage, read> z: array<elem>;
//#endif

//#if D
fn skip(h: u32, p: u32) -> f32 { return D[select(h * size.head_dim + p, h, size.d_per_head != 0u)]; }
//#endif

fn silu(gate: f32) -> f32 {
  let fade = exp(-abs(gate)); // of the absolute value: an overflow to infinity would be undefined
  return gate * select(fade, 1.0, gate >= 0.0) / (1.0 + fade);
}
