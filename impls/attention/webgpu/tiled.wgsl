// Tiled attention with an online softmax (FlashAttention-2, arXiv 2307.08691, algorithm 1): one workgroup a tile of TQ queries of
// one head walks the keys in tiles of TK; tiles that a causal mask hides are skipped. Sums and the softmax are f32.
struct Size {
  batches: u32, tokens: u32, context: u32, heads: u32, groups: u32, head_dim: u32, head_dim_v: u32, token0: u32, causal: u32, scale: f32,
}
@group(0) @binding(0) var<uniform> size: Size;
@group(0) @binding(1) var<storage, read> Q: array<elem>;
@group(0) @binding(2) var<storage, read> K: array<elem>;
@group(0) @binding(3) var<storage, read> V: array<elem>;
@group(0) @binding(4) var<storage, read_write> Y: array<elem>;
//#if spans
@group(0) @binding(5) var<storage, read> spans: array<vec2u>; // first key and end of each query; neither falls from one to the next
//#endif

const THREADS = TX * TY;
const DTP = DT + 1u;
const TKP = TK + 1u;
const RQ = TQ / TY;
const RK = TK / TX;
const RV = VT / TX; // columns of a slice of V that a thread owns
const SLICES = VPAD / VT;

var<workgroup> Qs: array<elem, TQ * DTP>;
var<workgroup> Ks: array<elem, TK * DTP>;
var<workgroup> Vs: array<elem, TK * VT>;
var<workgroup> Ps: array<f32, TQ * TKP>;
var<workgroup> maxima: array<f32, TQ * TX>;

@compute @workgroup_size(TX, TY)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(local_invocation_id) id: vec3u,
        @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) grid: vec3u) {
//#if rolled
  let rolled = size.batches >> 31u; // 0, but drivers that compute on the CPU must not know: they unroll and then compile for minutes
//#else
  const rolled = 0u;
//#endif
  let h = group.y;
  let b = group.z;
  let g = h / (size.heads / size.groups);
  let q0 = (grid.x - 1u - group.x) * TQ; // the longest rows first
  var end = size.context;
  if (size.causal != 0u) { end = min(size.context, size.token0 + q0 + TQ); }
  var begin = 0u;
//#if spans
  if (q0 < size.tokens) {
    begin = spans[b * size.tokens + q0].x / TK * TK;
    end = spans[b * size.tokens + min(q0 + TQ, size.tokens) - 1u].y;
  }
//#endif

  var y = array<f32, RQ * RV * SLICES>();
  var most = array<f32, RQ>();
  var mass = array<f32, RQ>(); // this thread's part of the row's sum of exponentials
  for (var i = 0u; i < RQ; i++) { most[i] = -3.0e38; }

  for (var s0 = begin; s0 < end; s0 += TK) {
    // 1. logits of the tile
    var logits = array<f32, RQ * RK>();
    for (var d0 = 0u; d0 < DPAD; d0 += DT) {
      workgroupBarrier();
      if (DPAD > DT || s0 == begin) {
        for (var i = lane; i < TQ * DT; i += THREADS) {
          let t = q0 + i / DT;
          let d = d0 + i % DT;
          var value = elem(0);
          if (t < size.tokens && d < size.head_dim) { value = Q[((b * size.tokens + t) * size.heads + h) * size.head_dim + d]; }
          Qs[(i / DT) * DTP + i % DT] = value;
        }
      }
      for (var i = lane; i < TK * DT; i += THREADS) {
        let s = s0 + i / DT;
        let d = d0 + i % DT;
        var value = elem(0);
        if (s < size.context && d < size.head_dim) { value = K[((b * size.context + s) * size.groups + g) * size.head_dim + d]; }
        Ks[(i / DT) * DTP + i % DT] = value;
      }
      workgroupBarrier();
      for (var d = 0u; d < DT + rolled; d++) {
        var q: array<f32, RQ>;
        for (var i = 0u; i < RQ; i++) { q[i] = f32(Qs[(id.y + TY * i) * DTP + d]); }
        for (var j = 0u; j < RK; j++) {
          let k = f32(Ks[(id.x + TX * j) * DTP + d]);
          for (var i = 0u; i < RQ; i++) { logits[i * RK + j] = fma(q[i], k, logits[i * RK + j]); }
        }
      }
    }
    // 2. the largest logit of each row so far
    for (var i = 0u; i < RQ; i++) {
      let t = size.token0 + q0 + id.y + TY * i;
      var row = -3.0e38;
//#if spans
      let span = spans[b * size.tokens + min(q0 + id.y + TY * i, size.tokens - 1u)];
//#endif
      for (var j = 0u; j < RK; j++) {
        let s = s0 + id.x + TX * j;
//#if spans
        let seen = s >= span.x && s < span.y;
//#else
        let seen = s < size.context && (size.causal == 0u || s <= t);
//#endif
        logits[i * RK + j] = select(-3.0e38, logits[i * RK + j] * size.scale, seen);
        row = max(row, logits[i * RK + j]);
      }
      maxima[(id.y + TY * i) * TX + id.x] = row;
    }
    workgroupBarrier();
    for (var i = 0u; i < RQ; i++) {
      var row = most[i];
      for (var j = 0u; j < TX + rolled; j++) { row = max(row, maxima[(id.y + TY * i) * TX + j]); }
      let fade = exp(max(most[i] - row, -1.0e4));
      most[i] = row;
      // 3. probabilities; what was summed before is rescaled to the new maximum
      mass[i] *= fade;
      for (var j = 0u; j < RV * SLICES; j++) { y[i * RV * SLICES + j] *= fade; }
      for (var j = 0u; j < RK; j++) {
        var p = 0.0;
        if (logits[i * RK + j] > -2.9e38) { p = exp(max(logits[i * RK + j] - row, -1.0e4)); }
        mass[i] += p;
        Ps[(id.y + TY * i) * TKP + id.x + TX * j] = p;
      }
    }
    // 4. the weighted values
    for (var slice = 0u; slice < SLICES; slice++) {
      workgroupBarrier();
      for (var i = lane; i < TK * VT; i += THREADS) {
        let s = s0 + i / VT;
        let e = slice * VT + i % VT;
        var value = elem(0);
        if (s < size.context && e < size.head_dim_v) { value = V[((b * size.context + s) * size.groups + g) * size.head_dim_v + e]; }
        Vs[i] = value;
      }
      workgroupBarrier();
      for (var s = 0u; s < TK + rolled; s++) {
        var v: array<f32, RV>;
        for (var j = 0u; j < RV; j++) { v[j] = f32(Vs[s * VT + id.x + TX * j]); }
        for (var i = 0u; i < RQ; i++) {
          let p = Ps[(id.y + TY * i) * TKP + s];
          for (var j = 0u; j < RV; j++) {
            let at = i * RV * SLICES + slice * RV + j;
            y[at] = fma(p, v[j], y[at]);
          }
        }
      }
    }
  }
  // 5. the row's mass, summed over the threads that share it
  workgroupBarrier();
  for (var i = 0u; i < RQ; i++) { maxima[(id.y + TY * i) * TX + id.x] = mass[i]; }
  workgroupBarrier();
  for (var i = 0u; i < RQ; i++) {
    var total = 0.0;
    for (var j = 0u; j < TX + rolled; j++) { total += maxima[(id.y + TY * i) * TX + j]; }
    let t = q0 + id.y + TY * i;
    var nothing = false;
//#if spans
    nothing = total == 0.0; // a query that sees nothing gives 0, whatever stands in the values of its tile
//#endif
    for (var j = 0u; j < RV * SLICES; j++) {
      let e = (j / RV) * VT + id.x + TX * (j % RV);
      if (t < size.tokens && e < size.head_dim_v) {
        Y[((b * size.tokens + t) * size.heads + h) * size.head_dim_v + e] = elem(select(y[i * RV * SLICES + j] / total, 0.0, nothing));
      }
    }
  }
}
