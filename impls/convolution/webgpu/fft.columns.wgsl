// Transforms too long for workgroup memory: the stages whose butterflies span more than one row of N2 values, for COLS columns of
// one channel at a time. Forward it reads real values and twists them; back it untwists and keeps the real part.
//#if back
@group(0) @binding(2) var<storage, read> spectra: array<vec2f>;
@group(0) @binding(3) var<storage, read_write> lanes: array<f32>;
//#else
@group(0) @binding(2) var<storage, read> lanes: array<LANE>;
@group(0) @binding(3) var<storage, read_write> spectra: array<vec2f>;
//#endif
var<workgroup> Z: array<vec2f, N1 * COLS>;

@compute @workgroup_size(THREADS)
fn main(@builtin(local_invocation_index) thread: u32, @builtin(workgroup_id) group: vec3u) {
  let channel = group.y;
  let j0 = group.x * COLS;
  for (var i = thread; i < N1 * COLS; i += THREADS) {
    let j = (i / COLS) * N2 + j0 + i % COLS;
    var value = vec2f();
//#if back
    value = spectra[channel * size.n + j];
//#else
    if (j < size.length) {
      let twist = root(j);
      value = f32(lanes[size.first + channel * size.length + j]) * vec2f(twist.x, -twist.y);
    }
//#endif
    Z[i] = value;
  }
//#if back
  // decimation in time, small blocks first: the inverse of the stages below, in reverse order
  for (var rows = 2u; rows <= N1; rows *= 2u) {
    workgroupBarrier();
    for (var i = thread; i < N1 * COLS / 2u; i += THREADS) {
      let column = i % COLS;
      let pair = i / COLS;
      let k1 = pair % (rows / 2u);
      let at = ((pair / (rows / 2u)) * rows + k1) * COLS + column;
      let far = at + (rows / 2u) * COLS;
      let w = root((k1 * N2 + j0 + column) * (4u * N1 / rows));
      let a = Z[at];
      let b = times(Z[far], vec2f(w.x, -w.y));
      Z[at] = a + b;
      Z[far] = a - b;
    }
  }
//#else
  // decimation in frequency, large blocks first
  for (var rows = N1; rows >= 2u; rows /= 2u) {
    workgroupBarrier();
    for (var i = thread; i < N1 * COLS / 2u; i += THREADS) {
      let column = i % COLS;
      let pair = i / COLS;
      let k1 = pair % (rows / 2u);
      let at = ((pair / (rows / 2u)) * rows + k1) * COLS + column;
      let far = at + (rows / 2u) * COLS;
      let w = root((k1 * N2 + j0 + column) * (4u * N1 / rows));
      let a = Z[at];
      let b = Z[far];
      Z[at] = a + b;
      Z[far] = times(a - b, w);
    }
  }
//#endif
  workgroupBarrier();
  for (var i = thread; i < N1 * COLS; i += THREADS) {
    let j = (i / COLS) * N2 + j0 + i % COLS;
//#if back
    if (j < size.length) {
      let twist = root(j);
      lanes[channel * size.length + j] = Z[i].x * twist.x - Z[i].y * twist.y;
    }
//#else
    spectra[channel * size.n + j] = Z[i];
//#endif
  }
}
