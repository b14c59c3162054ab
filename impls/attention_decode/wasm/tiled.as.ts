import { exp2 } from "../../engines/wasm/exp.as";
import { loadTail, madd, storeTail, sums } from "../../engines/wasm/simd.as";

// One query a head over the keys and values so far (Flash-Decoding): each span of keys has its own softmax, then the spans and the new
// token come together. All heads take a span side by side, so that the cache is read in the order in which it lies.

/** Words of 4 bytes, in the order of `fields` in tiled.wasm.ts. Tensors are byte addresses. */
@unmanaged
class Args {
  Q: usize; K: usize; V: usize; k: usize; v: usize; Y: usize;
  context: i32; heads: i32; groups: i32; headDim: i32; headDimV: i32;
  /** The first token that is seen, the spans of those from there on, and keys of a span. */
  first: i32; spans: i32; span: i32;
  /** scale log2(e): scores are in octaves. */
  scale: f32;
  /** Of each span: the largest score, the sum of weights and, a vector behind, weighted values in whole vectors; [batch][head][span]. */
  parts: usize;
}

/** Keys that pass while a head's sums stay in registers. */
const RUN: i32 = 16;

/** A score whose weight is exactly 0 beside any other. */
const NO_SCORE: f32 = -8e37;

function padded(channels: i32): usize {
  return <usize>((channels + 3) & ~3) << 2;
}

function partOf(args: Args, row: i32, span: i32): usize {
  return args.parts + <usize>(row * args.spans + span) * (16 + padded(args.headDimV));
}

/** A head's query in octaves, in whole vectors. */
function scaledQuery(args: Args, row: i32, to: usize): void {
  const from = args.Q + (<usize>(row * args.headDim) << 2), scale = f32x4.splat(args.scale);
  for (let n = 0; n < args.headDim; n += 4) {
    const at = <usize>n << 2, left = args.headDim - n;
    v128.store(to + at, f32x4.mul(scale, left >= 4 ? v128.load(from + at) : loadTail(from + at, left)));
  }
}

/** 1. Scores of four keys; rows behind the last one are read as that one. */
function scoresOf(q: usize, K: usize, stride: usize, count: i32, channels: i32): v128 {
  const k1 = K + <usize>min(1, count - 1) * stride, k2 = K + <usize>min(2, count - 1) * stride, k3 = K + <usize>min(3, count - 1) * stride;
  const zero = i32x4.splat(0), whole = <usize>(channels & ~3) << 2;
  let a = zero, b = zero, c = zero, d = zero, n: usize = 0;
  for (; n < whole; n += 16) {
    const x = v128.load(q + n);
    a = madd(x, v128.load(K + n), a);
    b = madd(x, v128.load(k1 + n), b);
    c = madd(x, v128.load(k2 + n), c);
    d = madd(x, v128.load(k3 + n), d);
  }
  const rest = channels & 3;
  if (rest) {
    const x = v128.load(q + n);
    a = madd(x, loadTail(K + n, rest), a);
    b = madd(x, loadTail(k1 + n, rest), b);
    c = madd(x, loadTail(k2 + n, rest), c);
    d = madd(x, loadTail(k3 + n, rest), d);
  }
  return sums(a, b, c, d);
}

/** 2. Scores become weights; the largest score and the sum of the weights begin a span's part. */
function weigh(scores: usize, count: i32, part: usize): void {
  const end = scores + padded(count);
  let most = f32x4.splat(NO_SCORE), total = i32x4.splat(0);
  for (let p = scores; p < end; p += 16) most = f32x4.max(most, v128.load(p));
  most = f32x4.max(most, v128.shuffle<f32>(most, most, 2, 3, 0, 1));
  most = f32x4.max(most, v128.shuffle<f32>(most, most, 1, 0, 3, 2));
  for (let p = scores; p < end; p += 16) {
    const weights = exp2(f32x4.sub(v128.load(p), most));
    v128.store(p, weights);
    total = f32x4.add(total, weights);
  }
  store<f32>(part, f32x4.extract_lane(most, 0));
  store<f32>(part, f32x4.extract_lane(sums(total, total, total, total), 0), 4);
}

/** 3. Values by their weights are added: sixteen channels at a time, then four. */
function addValues(weights: usize, V: usize, stride: usize, count: i32, channels: i32, to: usize): void {
  let e = 0;
  for (; e + 16 <= channels; e += 16) {
    const at = to + (<usize>e << 2);
    let row = V + (<usize>e << 2), a = v128.load(at), b = v128.load(at, 16), c = v128.load(at, 32), d = v128.load(at, 48);
    for (let s = 0; s < count; s++, row += stride) {
      const w = v128.load32_splat(weights + (<usize>s << 2));
      a = madd(w, v128.load(row), a);
      b = madd(w, v128.load(row, 16), b);
      c = madd(w, v128.load(row, 32), c);
      d = madd(w, v128.load(row, 48), d);
    }
    v128.store(at, a); v128.store(at, b, 16); v128.store(at, c, 32); v128.store(at, d, 48);
  }
  for (; e < channels; e += 4) {
    // lanes behind the last channel take what lies there, and nobody reads them
    const at = to + (<usize>e << 2);
    let row = V + (<usize>e << 2), a = v128.load(at);
    for (let s = 0; s < count; s++, row += stride) a = madd(v128.load32_splat(weights + (<usize>s << 2)), v128.load(row), a);
    v128.store(at, a);
  }
}

/** Tasks: (batch, span). Scratch: the queries of all heads, then their scores. */
export function attend(args: Args, task: i32, scratch: usize): void {
  const b = task / args.spans, index = task % args.spans, ratio = args.heads / args.groups, head = b * args.heads;
  const s0 = args.first + index * args.span, count = min(args.span, args.context - s0);
  const row = <usize>(b * args.context + s0) * args.groups, d = <usize>args.headDim << 2, dv = <usize>args.headDimV << 2;
  const keys = <usize>args.groups * d, values = <usize>args.groups * dv;
  const query = padded(args.headDim), scores = scratch + <usize>args.heads * query, line = <usize>args.span << 2;
  for (let h = 0; h < args.heads; h++) scaledQuery(args, head + h, scratch + <usize>h * query);
  for (let s = 0; s < count; s += 4) {
    const left = min(4, count - s), first = args.K + row * d + <usize>s * keys;
    for (let h = 0; h < args.heads; h++) {
      const to = scores + <usize>h * line + (<usize>s << 2);
      v128.store(to, scoresOf(scratch + <usize>h * query, first + <usize>(h / ratio) * d, keys, left, args.headDim));
      for (let i = left; i < 4; i++) store<f32>(to + (<usize>i << 2), NO_SCORE);
    }
  }
  for (let h = 0; h < args.heads; h++) {
    const part = partOf(args, head + h, index);
    weigh(scores + <usize>h * line, count, part);
    memory.fill(part + 16, 0, padded(args.headDimV));
  }
  for (let s = 0; s < count; s += RUN) {
    const some = min(RUN, count - s), first = args.V + row * dv + <usize>s * values;
    for (let h = 0; h < args.heads; h++) {
      const weights = scores + <usize>h * line + (<usize>s << 2);
      addValues(weights, first + <usize>(h / ratio) * dv, values, some, args.headDimV, partOf(args, head + h, index) + 16);
    }
  }
}

/** Tasks: (batch, head). 4. The spans and the new token, on the largest score of all. */
export function join(args: Args, task: i32, scratch: usize): void {
  const b = task / args.heads, h = task % args.heads, g = b * args.groups + h / (args.heads / args.groups);
  scaledQuery(args, task, scratch);
  const k = args.k + (<usize>(g * args.headDim) << 2);
  const own = f32x4.extract_lane(scoresOf(scratch, k, 0, 1, args.headDim), 0);
  let most = own;
  for (let i = 0; i < args.spans; i++) most = max(most, load<f32>(partOf(args, task, i)));
  const weight = exp2(f32x4.splat(own - most));
  let total = weight;
  for (let i = 0; i < args.spans; i++) {
    const part = partOf(args, task, i), w = exp2(f32x4.splat(load<f32>(part) - most));
    total = madd(w, v128.load32_splat(part + 4), total);
    // the weight takes the place of both, in every lane
    v128.store(part, w);
  }
  for (let e = 0; e < args.headDimV; e += 4) {
    const at = <usize>e << 2, left = args.headDimV - e;
    let y = f32x4.mul(weight, v128.load(args.v + (<usize>(g * args.headDimV) << 2) + at));
    for (let i = 0; i < args.spans; i++) {
      const part = partOf(args, task, i);
      y = madd(v128.load(part), v128.load(part + 16 + at), y);
    }
    y = f32x4.div(y, total);
    const to = args.Y + (<usize>(task * args.headDimV) << 2) + at;
    if (left >= 4) v128.store(to, y);
    else storeTail(to, y, left);
  }
}
