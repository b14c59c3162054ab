// y = silu(bias + sum of taps): a thread walks runs of SPAN tokens of one channel. The last inputs stay in registers, newest first.
@group(0) @binding(6) var<storage, read> weight: array<f32>;
@group(0) @binding(7) var<storage, read_write> Y: array<elem>;
//#if bias
@group(0) @binding(8) var<storage, read> bias: array<f32>;
//#endif

fn silu_of(v: f32) -> f32 {
  let fade = exp(-abs(v)); // of the absolute value: an overflow to infinity would be undefined
  return v * select(fade, 1.0, v >= 0.0) / (1.0 + fade);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let channel = id.x;
  let b = id.z;
  if (channel >= size.channels) { return; }
  var taps = array<f32, WIDTH>();
  for (var j = 0u; j < WIDTH; j++) { taps[j] = weight[channel * WIDTH + PAST - j]; }
  var start = 0.0;
//#if bias
  start = bias[channel];
//#endif
  for (var t0 = id.y * SPAN; t0 < size.tokens; t0 += groups.y * SPAN) {
    var seen = array<f32, WIDTH>();
    for (var j = 0u; j < PAST; j++) { seen[j] = input_at(b, i32(t0) - 1 - i32(j), channel); }
    for (var t = t0; t < min(t0 + SPAN, size.tokens); t++) {
      for (var j = PAST; j > 0u; j--) { seen[j] = seen[j - 1u]; }
      seen[0] = input_at(b, i32(t), channel);
      let back = reach(b, i32(t));
      var y = start;
      for (var j = 0u; j < WIDTH; j++) { y = select(y, fma(taps[j], seen[j], y), j <= back); }
//#if silu
      y = silu_of(y);
//#endif
      Y[(b * size.tokens + t) * size.channels + channel] = elem(y);
    }
  }
}
