// The twin of impls/random.ts and impls/tensor.ts: u32 arithmetic and exact scalings only, so bit-identical on every adapter.
// `total` elements from row0, col0 on, to the places from `at` on.
struct Size { total: u32, at: u32, row0: u32, col0: u32, cols: u32, k0: u32, k1: u32, last: u32, distribution: u32, bits: u32 }
@group(0) @binding(0) var<uniform> size: Size;
@group(0) @binding(1) var<storage, read_write> T: array<elem>;

fn power_of_two(k: i32) -> f32 {
  // below 2^-126 the value is denormal: zero, within the bound's floor
  return select(0.0, bitcast<f32>(u32(k + 127) << 23u), k > -127);
}

fn magnitude(h: u32) -> f32 {
  return f32(2u * (h >> (33u - size.bits)) + 1u) * power_of_two(-i32(size.bits));
}

fn mostly_positive(h: u32) -> f32 {
  return select(magnitude(h), -magnitude(h), (h & 7u) == 0u);
}

fn order(i: u32) -> i32 {
  // [5,1,3,0,4,2,6,7], one octal digit each
  return i32((0x76240315u >> (4u * (i & 7u))) & 15u);
}

// Equal weights stand 61 columns apart.
fn weight_column(col: u32) -> u32 {
  return col / size.last * 61u + (col % size.last) % 61u;
}

fn weight_halvings() -> i32 {
  var halvings = 0;
  while (halvings < 16 && (1u << u32(2 * halvings)) < size.last) { halvings++; }
  return halvings;
}

fn log_index(place: u32) -> f32 {
  let octave = firstLeadingBit(place + 1u);
  return 0.6875 * (f32(octave) + f32(place + 1u) * power_of_two(-i32(octave)) - 1.0);
}

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < size.total; i += grid.x * 256u) {
    let row = size.row0 + (size.col0 + i) / size.cols;
    let col = (size.col0 + i) % size.cols;
    let place = select(col, weight_column(col), size.distribution == 7u);
    let h = mix32(mix32(mix32(place + size.k0) ^ row) + size.k1);
    var value = 0.0;
    switch size.distribution {
      case 0u: { value = mostly_positive(h); }
      case 1u: { value = 8.0 * select(-magnitude(h), magnitude(h), (h & 1u) == 0u); }
      case 2u: { value = bitcast<f32>(0x3a000000u + (h >> 6u)); }
      case 3u: { value = -bitcast<f32>(0x3a000000u + (h >> 6u)) * power_of_two(4 - 2 * order(col)); }
      case 4u: { value = -f32(col % size.last + 1u) * power_of_two(-2 * order(col / size.last)); }
      case 6u: { value = select(-magnitude(h), magnitude(h), (h & 1u) == 0u); }
      case 7u: { value = select(-magnitude(h), magnitude(h), (h & 1u) == 0u) * power_of_two(-weight_halvings()); }
      case 8u: { value = -(2.0 + f32(h >> 10u) * power_of_two(-20)); }
      case 9u: { value = log_index(col % size.last); }
      default: {
        let channel = col / size.last;
        value = mostly_positive(h) * power_of_two(-i32((col % size.last) >> (6u + (channel & 7u))));
      }
    }
    T[size.at + i] = elem(value);
  }
}
