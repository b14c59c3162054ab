import { exp2 } from "../engines/wasm/exp.as";
import { freshTile, tile } from "../engines/wasm/gemm.as";
import { packTransposed } from "../engines/wasm/pack.as";
import { madd } from "../engines/wasm/simd.as";
export { freshTile, tile } from "../engines/wasm/gemm.as";

/** Words of 4 bytes, in the order of `fields` in tiled.wasm.ts. */
@unmanaged
class Args {
  Q: usize; K: usize; V: usize; Y: usize;
  batch: i32; length: i32; context: i32; heads: i32; groups: i32; headDim: i32; headDimV: i32;
  causal: i32;
  /** scale * log2(e) */
  scale: f32;
  /** K transposed: [batch][group][tile of six keys][headDim][8]. */
  keys: usize;
  /** Key tiles a packing task takes. */
  span: i32;
}

/** Queries of a task: the lanes of two vectors, so that the softmax needs no sums over lanes. */
const QUERIES: i32 = 8;
const KEYS: i32 = 6;
/** Keys between two looks at the maximum: their V fills most of the first cache. */
const BLOCK: i32 = 96;

// @ts-ignore: decorator
@inline
function keyTiles(args: Args): i32 {
  return (args.context + KEYS - 1) / KEYS;
}

/** 0. K transposed, six keys a tile. Tasks: (sequence, group, run of `span` tiles). */
export function pack(args: Args, task: i32, scratch: usize): void {
  const tiles = keyTiles(args), runs = (tiles + args.span - 1) / args.span;
  const first = (task % runs) * args.span, last = min(first + args.span, tiles), bg = task / runs;
  const b = bg / args.groups, g = bg % args.groups;
  const stride = <usize>(args.groups * args.headDim) << 2, bytes = <usize>args.headDim << 5;
  for (let i = first; i < last; i++) {
    const from = args.K + (((<usize>b * args.context + i * KEYS) * args.groups + g) * args.headDim << 2);
    packTransposed(from, stride, min(args.context - i * KEYS, KEYS), args.headDim, 1, args.keys + (<usize>bg * tiles + i) * bytes);
  }
}

/** FlashAttention-2, algorithm 1, for eight queries. Tasks: (sequence, head, tile of queries from the last, which has most keys). */
export function attend(args: Args, task: i32, scratch: usize): void {
  const tiles = (args.length + QUERIES - 1) / QUERIES;
  const t0 = (tiles - 1 - task % tiles) * QUERIES, queries = min(QUERIES, args.length - t0);
  const h = task / tiles % args.heads, b = task / tiles / args.heads, g = h / (args.heads / args.groups);
  const d = args.headDim, width = args.headDimV, rows = (width + 5) / 6 * 6;
  const yRow = ((<usize>b * args.length + t0) * args.heads + h);
  // Q^T, scores, output sums O^T[channel][8 queries], then maximum, sum and rescaling of each query
  const Q = scratch, P = Q + (<usize>d << 5), O = P + (BLOCK + 2 * KEYS) * 32, lanes = O + (<usize>rows << 5);
  packTransposed(args.Q + (yRow * d << 2), <usize>(args.heads * d) << 2, queries, d, args.scale, Q);
  memory.fill(O, 0, <usize>rows << 5);
  v128.store(lanes, f32x4.splat(-Infinity)); v128.store(lanes, f32x4.splat(-Infinity), 16);
  v128.store(lanes, i32x4.splat(0), 32); v128.store(lanes, i32x4.splat(0), 48);

  const keys = args.keys + <usize>(b * args.groups + g) * keyTiles(args) * (<usize>d << 5);
  const vStride = <usize>(args.groups * width) << 2;
  const V = args.V + ((<usize>b * args.context * args.groups + g) * width << 2);
  const end = args.causal ? t0 : args.context;
  for (let s0 = 0; s0 < end; s0 += BLOCK) {
    const count = min(BLOCK, end - s0);
    scores(keys, Q, d, s0 / KEYS, (s0 + count + KEYS - 1) / KEYS, P);
    softmax(P, count, lanes);
    for (let e = 0; e < width; e += KEYS) {
      tile(V + <usize>s0 * vStride + (e << 2), vStride, P, 32, count, O + (<usize>e << 5), 32, lanes + 64);
    }
  }
  if (args.causal) {
    const first = t0 / KEYS;
    scores(keys, Q, d, first, (t0 + queries + KEYS - 1) / KEYS, P);
    diagonal(P + (<usize>(t0 - first * KEYS) << 5), queries, lanes, V + <usize>t0 * vStride, vStride, width, O);
  }
  write(O, lanes, args.Y + (yRow * width << 2), <usize>(args.heads * width) << 2, queries, width);
}

/** Scores of key tiles `first` to `last`, [key][8 queries], in units of log2. */
function scores(keys: usize, Q: usize, d: i32, first: i32, last: i32, P: usize): void {
  const bytes = <usize>d << 5;
  for (let i = first; i < last; i++, P += KEYS * 32) freshTile(keys + <usize>i * bytes, 32, Q, 32, d, P, 32);
}

/** Scores to weights against the new maximum; what was summed under a smaller one shrinks by `lanes`[16..23]. */
export function softmax(P: usize, count: i32, lanes: usize): void {
  const m0 = v128.load(lanes), m1 = v128.load(lanes, 16);
  let n0 = m0, n1 = m1;
  const end = P + (<usize>count << 5);
  for (let p = P; p < end; p += 32) {
    n0 = f32x4.pmax(n0, v128.load(p)); n1 = f32x4.pmax(n1, v128.load(p, 16));
  }
  const f0 = exp2(f32x4.sub(m0, n0)), f1 = exp2(f32x4.sub(m1, n1));
  v128.store(lanes, n0); v128.store(lanes, n1, 16);
  v128.store(lanes, f0, 64); v128.store(lanes, f1, 80);
  let l0 = i32x4.splat(0), l1 = i32x4.splat(0);
  for (let p = P; p < end; p += 32) {
    const e0 = exp2(f32x4.sub(v128.load(p), n0)), e1 = exp2(f32x4.sub(v128.load(p, 16), n1));
    v128.store(p, e0); v128.store(p, e1, 16);
    l0 = f32x4.add(l0, e0); l1 = f32x4.add(l1, e1);
  }
  v128.store(lanes, madd(f0, v128.load(lanes, 32), l0), 32);
  v128.store(lanes, madd(f1, v128.load(lanes, 48), l1), 48);
}

/** The tile on the diagonal: a query sees keys up to itself. Masked, not multiplied by zero: a NaN in a later V stays out. */
function diagonal(P: usize, queries: i32, lanes: usize, V: usize, vStride: usize, width: i32, O: usize): void {
  const place0 = i32x4(0, 1, 2, 3), place1 = i32x4(4, 5, 6, 7), low = f32x4.splat(-Infinity);
  for (let s = 0; s < queries; s++) {
    const at = P + (<usize>s << 5), s4 = i32x4.splat(s);
    v128.store(at, v128.bitselect(v128.load(at), low, i32x4.ge_s(place0, s4)));
    v128.store(at, v128.bitselect(v128.load(at, 16), low, i32x4.ge_s(place1, s4)), 16);
  }
  softmax(P, queries, lanes);
  const f0 = v128.load(lanes, 64), f1 = v128.load(lanes, 80);
  for (let e = 0; e < width; e++, O += 32) {
    let o0 = f32x4.mul(f0, v128.load(O)), o1 = f32x4.mul(f1, v128.load(O, 16));
    for (let s = 0; s < queries; s++) {
      const v = v128.load32_splat(V + <usize>s * vStride + (<usize>e << 2)), at = P + (<usize>s << 5), s4 = i32x4.splat(s);
      o0 = v128.bitselect(madd(v, v128.load(at), o0), o0, i32x4.ge_s(place0, s4));
      o1 = v128.bitselect(madd(v, v128.load(at, 16), o1), o1, i32x4.ge_s(place1, s4));
    }
    v128.store(O, o0); v128.store(O, o1, 16);
  }
}

/** Y = O / sum, back to rows of channels. */
function write(O: usize, lanes: usize, Y: usize, stride: usize, queries: i32, width: i32): void {
  for (let q = 0; q < queries; q++, Y += stride, O += 4) {
    const sum = load<f32>(lanes + 32 + (q << 2));
    for (let e = 0; e < width; e++) store<f32>(Y + (<usize>e << 2), load<f32>(O + (<usize>e << 5)) / sum);
  }
}
