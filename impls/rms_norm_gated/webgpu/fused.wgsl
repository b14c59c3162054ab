// The gated norm: a workgroup norms one group of channels of one token, then the same group of a later one.
struct Size { rows: u32, groups: u32, channels: u32, eps: f32 }
@group(0) @binding(0) var<uniform> size: Size;
@group(0) @binding(1) var<storage, read> X: array<elem>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read_write> Y: array<elem>;
//#if bias
@group(0) @binding(4) var<storage, read> bias: array<f32>;
//#endif
//#if z
@group(0) @binding(5) var<storage, read> z: array<elem>;
//#endif

var<workgroup> sums: array<f32, THREADS>;

//#if z
fn silu_of(v: f32) -> f32 {
  let fade = exp(-abs(v)); // of the absolute value: an overflow to infinity would be undefined
  return v * select(fade, 1.0, v >= 0.0) / (1.0 + fade);
}
//#endif

// What is normed.
fn normed(at: u32) -> f32 {
//#if gateFirst
  return f32(X[at]) * silu_of(f32(z[at]));
//#else
  return f32(X[at]);
//#endif
}

@compute @workgroup_size(THREADS)
fn main(
  @builtin(local_invocation_index) thread: u32, @builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) count: vec3u,
) {
  let channel = id.x * size.channels;
  for (var row = id.y; row < size.rows; row += count.y) {
    let first = row * size.groups * size.channels + channel;
    var sum = 0.0;
    for (var i = thread; i < size.channels; i += THREADS) {
      let value = normed(first + i);
      sum = fma(value, value, sum);
    }
    workgroupBarrier(); // the row before has been read
    sums[thread] = sum;
    workgroupBarrier();
    for (var half = THREADS / 2u; half > 0u; half /= 2u) {
      if (thread < half) { sums[thread] += sums[thread + half]; }
      workgroupBarrier();
    }
    let inverse = 1.0 / sqrt(sums[0] / f32(size.channels) + size.eps);
    for (var i = thread; i < size.channels; i += THREADS) {
      var y = normed(first + i) * inverse * weight[channel + i];
//#if bias
      y += bias[channel + i];
//#endif
//#if gateLast
      y *= silu_of(f32(z[first + i]));
//#endif
      Y[first + i] = elem(y);
    }
  }
}
