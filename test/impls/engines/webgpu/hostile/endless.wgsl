// Ends when a counter passes what a u32 holds: never.
@group(0) @binding(0) var<storage, read_write> Y: array<f32>;

@compute @workgroup_size(1)
fn main() {
  var i = 0u;
  loop {
    i = i + 1u;
    Y[i & 15u] = Y[(i * 7u) & 15u] + 1.0;
    if (i > 0xfffffffeu && Y[0] < 0.0) { break; }
  }
}
