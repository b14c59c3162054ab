// The stages inside rows of N2 values, for the signal and its kernel, their product, and the way back. Forward transforms leave
// bit-reversed order, the inverse starts from it: nothing is ever reordered. With one row this is the whole convolution.
//#if whole
@group(0) @binding(2) var<storage, read_write> lanes: array<f32>;
@group(0) @binding(3) var<storage, read> K: array<elem>;
//#else
@group(0) @binding(2) var<storage, read_write> spectra: array<vec2f>;
@group(0) @binding(3) var<storage, read> kernelSpectra: array<vec2f>;
//#endif
var<workgroup> Z: array<vec2f, 2u * N2>; // the signal, then the kernel

@compute @workgroup_size(THREADS)
fn main(@builtin(local_invocation_index) thread: u32, @builtin(workgroup_id) group: vec3u) {
  let row = group.x;
  let channel = group.y;
  let stride = 4u * size.n / N2; // of the table, between neighbours of a row's own circle
  for (var j = thread; j < N2; j += THREADS) {
//#if whole
    var twist = root(j);
    twist.y = -twist.y;
    var signal = 0.0;
    var kernelValue = 0.0;
    if (j < size.length) {
      signal = lanes[channel * size.length + j];
      kernelValue = f32(K[size.first + channel * size.length + j]);
    }
    Z[j] = signal * twist;
    Z[N2 + j] = kernelValue * twist;
//#else
    Z[j] = spectra[channel * size.n + row * N2 + j];
    Z[N2 + j] = kernelSpectra[channel * size.n + row * N2 + j];
//#endif
  }
  var m = N2;
  // two stages at a time
  for (; m >= 4u; m /= 4u) {
    workgroupBarrier();
    for (var i = thread; i < N2 / 2u; i += THREADS) { // both transforms
      let k = i % (m / 4u);
      let at = (i / (m / 4u)) * m + k;
      let w = root(k * stride * (N2 / m));
      let w2 = times(w, w);
      let a = Z[at];
      let b = Z[at + m / 4u];
      let c = Z[at + m / 2u];
      let d = Z[at + 3u * m / 4u];
      let sum = a + c;
      let turned = times(a - c, w);
      let sum2 = b + d;
      let difference = b - d;
      let turned2 = times(vec2f(difference.y, -difference.x), w);
      Z[at] = sum + sum2;
      Z[at + m / 4u] = times(sum - sum2, w2);
      Z[at + m / 2u] = turned + turned2;
      Z[at + 3u * m / 4u] = times(turned - turned2, w2);
    }
  }
  if (m == 2u) {
    workgroupBarrier();
    for (var i = thread; i < N2; i += THREADS) {
      let a = Z[2u * i];
      let b = Z[2u * i + 1u];
      Z[2u * i] = a + b;
      Z[2u * i + 1u] = a - b;
    }
  }
  workgroupBarrier();
  for (var j = thread; j < N2; j += THREADS) { Z[j] = times(Z[j], Z[N2 + j]) / f32(size.n); }
  // back: the same stages in reverse
  var block = 4u;
  if (m == 2u) {
    block = 8u;
    workgroupBarrier();
    for (var i = thread; i < N2 / 2u; i += THREADS) {
      let a = Z[2u * i];
      let b = Z[2u * i + 1u];
      Z[2u * i] = a + b;
      Z[2u * i + 1u] = a - b;
    }
  }
  for (; block <= N2; block *= 4u) {
    workgroupBarrier();
    for (var i = thread; i < N2 / 4u; i += THREADS) {
      let k = i % (block / 4u);
      let at = (i / (block / 4u)) * block + k;
      var w = root(k * stride * (N2 / block));
      w.y = -w.y;
      let w2 = times(w, w);
      let a = Z[at];
      let b = times(Z[at + block / 4u], w2);
      let c = Z[at + block / 2u];
      let d = times(Z[at + 3u * block / 4u], w2);
      let low = a + b;
      let low2 = a - b;
      let high = times(c + d, w);
      let turned = times(c - d, w);
      let high2 = vec2f(-turned.y, turned.x);
      Z[at] = low + high;
      Z[at + block / 2u] = low - high;
      Z[at + block / 4u] = low2 + high2;
      Z[at + 3u * block / 4u] = low2 - high2;
    }
  }
  workgroupBarrier();
  for (var j = thread; j < N2; j += THREADS) {
//#if whole
    if (j < size.length) {
      let twist = root(j);
      lanes[channel * size.length + j] = Z[j].x * twist.x - Z[j].y * twist.y;
    }
//#else
    spectra[channel * size.n + row * N2 + j] = Z[j];
//#endif
  }
}
