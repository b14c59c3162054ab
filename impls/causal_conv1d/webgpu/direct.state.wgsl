// The last inputs of each channel, oldest first; zeros where they belong to another document than the last token.
@group(0) @binding(9) var<storage, read_write> finalState: array<elem>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let channel = id.x;
  if (channel >= size.channels) { return; }
  let last = i32(size.tokens) - 1;
  let kept = reach(id.z, last);
  for (var j = 0u; j < PAST; j++) {
    let back = PAST - 1u - j;
    var x = 0.0;
    if (back <= kept) { x = input_at(id.z, last - i32(back), channel); }
    finalState[(id.z * size.channels + channel) * PAST + j] = elem(x);
  }
}
