// The quadratic form, Y = (L o C B^T) X (equation 6): one workgroup a tile of Q tokens of one head and slice of channels walks the
// sources backwards from the diagonal, so that the decay between two tiles grows by whole tiles and is a sum over the segment.
@group(0) @binding(4) var<storage, read> C: array<elem>;
@group(0) @binding(5) var<storage, read_write> Y: array<elem>;
//#if initialState
@group(0) @binding(6) var<storage, read> initialState: array<f32>;
//#endif

const Q = 32u; // tokens of a tile, on both sides
const DT = 16u; // columns of B and C held at a time
const DTP = DT + 1u;
const THREADS = 256u;
const RP = PS / 16u;

var<workgroup> Cs: array<elem, Q * DTP>;
var<workgroup> Bs: array<elem, Q * DTP>;
var<workgroup> G: array<f32, Q * (Q + 1u)>;
var<workgroup> prefix: array<f32, Q>; // from the start of the target tile through q
var<workgroup> tileTotal: f32;

@compute @workgroup_size(16, 16)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(local_invocation_id) id: vec3u,
        @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) grid: vec3u) {
//#if rolled
  let rolled = size.batches >> 31u; // 0, but drivers that compute on the CPU must not know: they unroll and then compile for minutes
//#else
  const rolled = 0u;
//#endif
  let slice = group.x % size.slices;
  let h = group.x / size.slices;
  let tile = grid.y - 1u - group.y; // the longest rows first
  let b = group.z;
  let g = h / (size.heads / size.groups);
  let p0 = slice * PS;
  let t0 = tile * Q;
  var y = array<f32, 2u * RP>();
  var between = 0.0;

  for (var step = 0u; step <= tile; step++) {
    let s0 = (tile - step) * Q;
    workgroupBarrier();
    load_tokens(lane, b, h, p0, s0, size.tokens);
    workgroupBarrier();
    if (lane < Q) {
      var sum = 0.0;
      for (var r = lane + 1u; r < Q; r++) { sum += logs[r]; }
      suffix[lane] = sum;
      if (lane == 0u) { tileTotal = sum + logs[0]; }
      if (step == 0u) {
        sum = 0.0;
        for (var r = 0u; r <= lane; r++) { sum += logs[r]; }
        prefix[lane] = sum;
      }
    }
    // scores C B^T of the pair of tiles
    var scores = array<f32, 4>();
    for (var n0 = 0u; n0 < size.state; n0 += DT) {
      workgroupBarrier();
      for (var i = lane; i < Q * DT; i += THREADS) {
        let row = i / DT;
        let n = n0 + i % DT;
        var valueC = elem(0);
        var valueB = elem(0);
        if (n < size.state) {
          if (t0 + row < size.tokens) { valueC = C[((b * size.tokens + t0 + row) * size.groups + g) * size.state + n]; }
          if (s0 + row < size.tokens) { valueB = B[((b * size.tokens + s0 + row) * size.groups + g) * size.state + n]; }
        }
        Cs[row * DTP + i % DT] = valueC;
        Bs[row * DTP + i % DT] = valueB;
      }
      workgroupBarrier();
      for (var n = 0u; n < DT + rolled; n++) {
        let c0 = f32(Cs[id.y * DTP + n]);
        let c1 = f32(Cs[(id.y + 16u) * DTP + n]);
        let b0 = f32(Bs[id.x * DTP + n]);
        let b1 = f32(Bs[(id.x + 16u) * DTP + n]);
        scores[0] = fma(c0, b0, scores[0]);
        scores[1] = fma(c0, b1, scores[1]);
        scores[2] = fma(c1, b0, scores[2]);
        scores[3] = fma(c1, b1, scores[3]);
      }
    }
    workgroupBarrier();
    // the mask L: exp of the sum over (s, q]
    for (var i = 0u; i < 4u; i++) {
      let q = id.y + 16u * (i / 2u);
      let s = id.x + 16u * (i % 2u);
      var score = 0.0;
      if (step > 0u) {
        score = scores[i] * exp((suffix[s] + between) + prefix[q]) * steps[s];
      } else if (s <= q) {
        var sum = 0.0;
        for (var r = s + 1u; r <= q; r++) { sum += logs[r]; }
        score = scores[i] * exp(sum) * steps[s];
      }
      G[q * (Q + 1u) + s] = score;
    }
    workgroupBarrier();
    for (var s = 0u; s < Q + rolled; s++) {
      let g0 = G[id.y * (Q + 1u) + s];
      let g1 = G[(id.y + 16u) * (Q + 1u) + s];
      for (var j = 0u; j < RP; j++) {
        let x = f32(Xs[s * PS + id.x + 16u * j]);
        y[j] = fma(g0, x, y[j]);
        y[RP + j] = fma(g1, x, y[RP + j]);
      }
    }
    if (step > 0u) { between += tileTotal; }
  }
//#if initialState
  // the state before the first token, decayed through all of them: C S
  for (var i = 0u; i < 2u; i++) {
    let q = id.y + 16u * i;
    let t = t0 + q;
    if (t < size.tokens) {
      let decay = exp(between + prefix[q]);
      for (var j = 0u; j < RP; j++) {
        let p = p0 + id.x + 16u * j;
        if (p < size.head_dim) {
          var sum = 0.0;
          for (var n = 0u; n < size.state; n++) {
            sum = fma(f32(C[((b * size.tokens + t) * size.groups + g) * size.state + n]),
                      initialState[((b * size.heads + h) * size.head_dim + p) * size.state + n], sum);
          }
          y[i * RP + j] = fma(decay, sum, y[i * RP + j]);
        }
      }
    }
  }
//#endif
  for (var i = 0u; i < 2u; i++) {
    let t = t0 + id.y + 16u * i;
    for (var j = 0u; j < RP; j++) {
      let p = p0 + id.x + 16u * j;
      if (t < size.tokens && p < size.head_dim) {
        let at = ((b * size.tokens + t) * size.heads + h) * size.head_dim + p;
        var value = y[i * RP + j];
//#if D
        value += skip(h, p) * f32(X[at]);
//#endif
//#if z
        value *= silu(f32(z[at]));
//#endif
        Y[at] = elem(value);
      }
    }
  }
}
