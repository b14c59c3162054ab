import { exp2, table } from "../../engines/wasm/exp.as";
import { fourRows, freshTile, tile } from "../../engines/wasm/gemm.as";
import { packSix, packTransposed } from "../../engines/wasm/pack.as";
import { madd } from "../../engines/wasm/simd.as";
import { Args, BLOCK, KEYS, QUERIES, TILES, keyTiles, lanesOf, outputsOf, scratchBytes, tileBytes, weightsOf } from "./layout.as";
export { fourRows, freshTile, tile } from "../../engines/wasm/gemm.as";

/**
 * 0. K transposed, six keys a tile, and V with rows that are no power of two apart: those fight for the same cache lines.
 * Tasks: (sequence, group, run of `span` tiles).
 */
export function pack(args: Args, task: i32, scratch: usize): void {
  const tiles = keyTiles(args), runs = (tiles + args.span - 1) / args.span;
  const first = (task % runs) * args.span, last = min(first + args.span, tiles), bg = task / runs;
  const b = bg / args.groups, g = bg % args.groups;
  const stride = <usize>(args.groups * args.headDim) << 2;
  for (let i = first; i < last; i++) {
    const from = args.K + (((<usize>b * args.context + i * KEYS) * args.groups + g) * args.headDim << 2);
    packSix(from, stride, min(args.context - i * KEYS, KEYS), args.headDim, args.keys + (<usize>bg * tiles + i) * tileBytes(args));
  }
  const width = <usize>args.headDimV << 2, s1 = min(last * KEYS, args.context);
  let V = args.V + (<usize>b * args.context + first * KEYS) * args.groups * width + <usize>g * width;
  let to = args.values + <usize>(bg * args.context + first * KEYS) * args.rowBytes;
  for (let s = first * KEYS; s < s1; s++, V += args.groups * width, to += args.rowBytes) memory.copy(to, V, width);
}

/** FlashAttention-2, algorithm 1, for a run of queries. Tasks: (sequence, head, run of queries from the last, which has most keys). */
export function attend(args: Args, task: i32, scratch: usize): void {
  const span = QUERIES * TILES, runs = (args.length + span - 1) / span;
  const t0 = (runs - 1 - task % runs) * span, tiles = min(TILES, (args.length - t0 + QUERIES - 1) / QUERIES);
  const h = task / runs % args.heads, b = task / runs / args.heads, g = h / (args.heads / args.groups);
  const d = args.headDim, width = args.headDimV, bytes = scratchBytes(args);
  const row = (<usize>b * args.length + t0) * args.heads + h, ofTile = <usize>(QUERIES * args.heads);
  for (let i = 0; i < tiles; i++) {
    const Q = scratch + <usize>i * bytes, lanes = lanesOf(args, Q);
    const count = min(QUERIES, args.length - t0 - i * QUERIES);
    packTransposed(args.Q + ((row + <usize>i * ofTile) * d << 2), <usize>(args.heads * d) << 2, count, d, args.scale, Q);
    memory.fill(outputsOf(args, Q), 0, lanes - outputsOf(args, Q));
    v128.store(lanes, f32x4.splat(-Infinity)); v128.store(lanes, f32x4.splat(-Infinity), 16);
    v128.store(lanes, i32x4.splat(0), 32); v128.store(lanes, i32x4.splat(0), 48);
  }
  const keys = args.keys + <usize>((b * args.groups + g) * keyTiles(args)) * tileBytes(args);
  const V = args.values + <usize>((b * args.groups + g) * args.context) * args.rowBytes;
  let start = 0, end = args.causal ? t0 : args.context;
  if (args.firsts) {
    const count = min(span, args.length - t0), at = <usize>(b * args.length + t0) << 2, last = <usize>(count - 1) << 2;
    start = load<i32>(args.firsts + at);
    const e0 = load<i32>(args.ends + at), e1 = load<i32>(args.ends + at + last);
    // One run of keys for all these queries, but for causality, is what follows; neither bound falls from one query to the next. An
    // empty one has no sum to divide by.
    const ends = args.causal ? e0 == t0 + 1 && e1 == t0 + count : e0 == e1 && start < e0;
    const alike = load<i32>(args.firsts + at + last) == start && ends;
    if (!alike) return attendSpans(args, keys, V, b, t0, row, tiles, scratch);
    if (!args.causal) end = e0;
  }
  for (let s0 = start; s0 < end; s0 += BLOCK) block(args, keys, V, s0, min(BLOCK, end - s0), scratch, tiles);
  for (let i = 0; i < tiles; i++) {
    const Q = scratch + <usize>i * bytes, queries = min(QUERIES, args.length - t0 - i * QUERIES);
    if (args.causal) {
      if (i) block(args, keys, V, t0, i * QUERIES, Q, 1);
      diagonal(args, keys, V, t0 + i * QUERIES, queries, Q);
    }
    const Y = args.Y + ((row + <usize>i * ofTile) * width << 2);
    write(outputsOf(args, Q), lanesOf(args, Q), Y, <usize>(args.heads * width) << 2, queries, width);
  }
}

/** The same for queries that see keys of their own: first those that all see, then each tile's others. */
function attendSpans(args: Args, keys: usize, V: usize, b: i32, t0: i32, row: usize, tiles: i32, scratch: usize): void {
  const bytes = scratchBytes(args), count = min(QUERIES * TILES, args.length - t0);
  const at = <usize>(b * args.length + t0) << 2, last = <usize>(count - 1) << 2;
  // [lo, hi) is seen by all; where there is no such run, it lies behind everything
  let lo = load<i32>(args.firsts + at + last), hi = load<i32>(args.ends + at);
  if (lo >= hi) { lo = args.context; hi = args.context; }
  for (let i = 0; i < tiles; i++) {
    const lanes = lanesOf(args, scratch + <usize>i * bytes), low = f32x4.splat(-3e38);
    // Finite: a query that has seen nothing yet must not subtract infinities.
    v128.store(lanes, low); v128.store(lanes, low, 16);
  }
  for (let s0 = lo; s0 < hi; s0 += BLOCK) block(args, keys, V, s0, min(BLOCK, hi - s0), scratch, tiles);
  for (let i = 0; i < tiles; i++) {
    const Q = scratch + <usize>i * bytes, lanes = lanesOf(args, Q), queries = min(QUERIES, count - i * QUERIES);
    const own = at + (<usize>(i * QUERIES) << 2), end = own + (<usize>(queries - 1) << 2);
    const a = load<i32>(args.firsts + own), z = load<i32>(args.firsts + end);
    const c = load<i32>(args.ends + own), d = load<i32>(args.ends + end);
    rest(args, keys, V, own, queries, Q, a, z, c, min(lo, d));
    rest(args, keys, V, own, queries, Q, max(hi, a), z, c, d);
    // A query that sees nothing is 0, not 0 / 0.
    for (let part: usize = 32; part < 64; part += 16) {
      const sum = v128.load(lanes + part);
      v128.store(lanes + part, v128.bitselect(f32x4.splat(1), sum, f32x4.eq(sum, i32x4.splat(0))));
    }
    const width = args.headDimV, Y = args.Y + ((row + <usize>(i * QUERIES * args.heads)) * width << 2);
    write(outputsOf(args, Q), lanes, Y, <usize>(args.heads * width) << 2, queries, width);
  }
}

/** Keys [from, to) of one tile, of which [z, c) are seen by all its queries and the others by some. */
function rest(args: Args, keys: usize, V: usize, own: usize, queries: i32, Q: usize, from: i32, z: i32, c: i32, to: i32): void {
  const left = z < c ? min(z, to) : to, right = max(left, min(c, to));
  for (let s0 = from; s0 < left; s0 += BLOCK) edge(args, keys, V, own, queries, s0, min(BLOCK, left - s0), Q);
  for (let s0 = max(from, left); s0 < right; s0 += BLOCK) block(args, keys, V, s0, min(BLOCK, right - s0), Q, 1);
  for (let s0 = max(from, right); s0 < to; s0 += BLOCK) edge(args, keys, V, own, queries, s0, min(BLOCK, to - s0), Q);
}

/** Keys of which a query may see some. Masked, not multiplied by zero: a NaN in a V that a query does not see stays out. */
function edge(args: Args, keys: usize, V: usize, own: usize, queries: i32, s0: i32, count: i32, Q: usize): void {
  const lanes = lanesOf(args, Q), P = weightsOf(args, Q) + (<usize>(s0 % KEYS) << 5), stride = args.rowBytes, low = f32x4.splat(-Infinity);
  const tail = i32x4.splat(queries), place0 = i32x4(0, 1, 2, 3), place1 = i32x4(4, 5, 6, 7);
  const real0 = i32x4.lt_s(place0, tail), real1 = i32x4.lt_s(place1, tail);
  const first0 = v128.load(args.firsts + own), first1 = v128.load(args.firsts + own, 16);
  const end0 = v128.load(args.ends + own), end1 = v128.load(args.ends + own, 16);
  scores(args, keys, s0, count, Q, 1);
  for (let s = 0; s < count; s++) {
    const at = P + (<usize>s << 5), key = i32x4.splat(s0 + s);
    const seen0 = v128.and(real0, v128.and(i32x4.ge_s(key, first0), i32x4.lt_s(key, end0)));
    const seen1 = v128.and(real1, v128.and(i32x4.ge_s(key, first1), i32x4.lt_s(key, end1)));
    v128.store(at, v128.bitselect(v128.load(at), low, seen0));
    v128.store(at, v128.bitselect(v128.load(at, 16), low, seen1), 16);
  }
  softmax(P, count, lanes);
  const f0 = v128.load(lanes, 64), f1 = v128.load(lanes, 80);
  V += <usize>s0 * stride;
  let O = outputsOf(args, Q);
  for (let e = 0; e < args.headDimV; e++, O += 32) {
    let o0 = f32x4.mul(f0, v128.load(O)), o1 = f32x4.mul(f1, v128.load(O, 16));
    for (let s = 0; s < count; s++) {
      const v = v128.load32_splat(V + <usize>s * stride + (<usize>e << 2)), at = P + (<usize>s << 5), key = i32x4.splat(s0 + s);
      const seen0 = v128.and(i32x4.ge_s(key, first0), i32x4.lt_s(key, end0));
      const seen1 = v128.and(i32x4.ge_s(key, first1), i32x4.lt_s(key, end1));
      o0 = v128.bitselect(madd(v, v128.load(at), o0), o0, seen0);
      o1 = v128.bitselect(madd(v, v128.load(at, 16), o1), o1, seen1);
    }
    v128.store(O, o0); v128.store(O, o1, 16);
  }
}

/** Keys s0 to s0 + count, all of which the `tiles` tiles of queries see. */
function block(args: Args, keys: usize, V: usize, s0: i32, count: i32, first: usize, tiles: i32): void {
  scores(args, keys, s0, count, first, tiles);
  const bytes = scratchBytes(args), end = first + <usize>tiles * bytes, skip = <usize>(s0 % KEYS) << 5;
  for (let Q = first; Q < end; Q += bytes) softmax(weightsOf(args, Q) + skip, count, lanesOf(args, Q));
  V += <usize>s0 * args.rowBytes;
  let e = 0, O = outputsOf(args, first) - first;
  const P = weightsOf(args, 0) + skip, scale = lanesOf(args, 0) + 64;
  for (; e + 4 < args.headDimV; e += KEYS, O += KEYS * 32, V += KEYS * 4) {
    for (let Q = first; Q < end; Q += bytes) tile(V, args.rowBytes, Q + P, 32, count, Q + O, 32, Q + scale);
  }
  if (e >= args.headDimV) return;
  for (let Q = first; Q < end; Q += bytes) fourRows(V, args.rowBytes, Q + P, 32, count, Q + O, 32, Q + scale);
}

/** Scores of the tiles that hold keys s0 to s0 + count, [key][8 queries], in units of log2. */
function scores(args: Args, keys: usize, s0: i32, count: i32, first: usize, tiles: i32): void {
  const bytes = scratchBytes(args), end = first + <usize>tiles * bytes, last = (s0 + count + KEYS - 1) / KEYS;
  let P = weightsOf(args, 0), K = keys + <usize>(s0 / KEYS) * tileBytes(args);
  for (let i = s0 / KEYS; i < last; i++, P += KEYS * 32, K += tileBytes(args)) {
    for (let Q = first; Q < end; Q += bytes) freshTile(K, KEYS * 4, Q, 32, args.headDim, Q + P, 32);
  }
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
  weigh(P, end, lanes);
  v128.store(lanes, madd(f0, v128.load(lanes, 32), v128.load(end)), 32);
  v128.store(lanes, madd(f1, v128.load(lanes, 48), v128.load(end, 16)), 48);
}

/**
 * 2^(score - maximum) in place, and their sums behind the last. exp2 of exp.as.ts written out for arguments that are never positive, two
 * keys at a time, so that four vectors share each load of a constant.
 */
export function weigh(P: usize, end: usize, lanes: usize): void {
  const n0 = v128.load(lanes), n1 = v128.load(lanes, 16);
  let l0 = i32x4.splat(0), l1 = i32x4.splat(0), p = P;
  for (; p + 64 <= end; p += 64) {
    let c = v128.load(table), e = v128.load(table, 32);
    const t0 = f32x4.pmax(f32x4.sub(v128.load(p), n0), c), t1 = f32x4.pmax(f32x4.sub(v128.load(p, 16), n1), c);
    const t2 = f32x4.pmax(f32x4.sub(v128.load(p, 32), n0), c), t3 = f32x4.pmax(f32x4.sub(v128.load(p, 48), n1), c);
    const z0 = f32x4.add(t0, e), z1 = f32x4.add(t1, e), z2 = f32x4.add(t2, e), z3 = f32x4.add(t3, e);
    const g0 = f32x4.sub(t0, f32x4.sub(z0, e)), g1 = f32x4.sub(t1, f32x4.sub(z1, e));
    const g2 = f32x4.sub(t2, f32x4.sub(z2, e)), g3 = f32x4.sub(t3, f32x4.sub(z3, e));
    c = v128.load(table, 48); e = v128.load(table, 64);
    let p0 = madd(c, g0, e), p1 = madd(c, g1, e), p2 = madd(c, g2, e), p3 = madd(c, g3, e);
    c = v128.load(table, 80); p0 = madd(p0, g0, c); p1 = madd(p1, g1, c); p2 = madd(p2, g2, c); p3 = madd(p3, g3, c);
    c = v128.load(table, 96); p0 = madd(p0, g0, c); p1 = madd(p1, g1, c); p2 = madd(p2, g2, c); p3 = madd(p3, g3, c);
    c = v128.load(table, 112); p0 = madd(p0, g0, c); p1 = madd(p1, g1, c); p2 = madd(p2, g2, c); p3 = madd(p3, g3, c);
    c = v128.load(table, 128); p0 = madd(p0, g0, c); p1 = madd(p1, g1, c); p2 = madd(p2, g2, c); p3 = madd(p3, g3, c);
    p0 = i32x4.add(p0, i32x4.shl(z0, 23)); p1 = i32x4.add(p1, i32x4.shl(z1, 23));
    p2 = i32x4.add(p2, i32x4.shl(z2, 23)); p3 = i32x4.add(p3, i32x4.shl(z3, 23));
    v128.store(p, p0); v128.store(p, p1, 16); v128.store(p, p2, 32); v128.store(p, p3, 48);
    l0 = f32x4.add(l0, f32x4.add(p0, p2)); l1 = f32x4.add(l1, f32x4.add(p1, p3));
  }
  if (p < end) {
    const p0 = exp2(f32x4.sub(v128.load(p), n0)), p1 = exp2(f32x4.sub(v128.load(p, 16), n1));
    v128.store(p, p0); v128.store(p, p1, 16);
    l0 = f32x4.add(l0, p0); l1 = f32x4.add(l1, p1);
  }
  v128.store(end, l0); v128.store(end, l1, 16);
}

/** The tile on the diagonal: a query sees keys up to itself. Masked, not multiplied by zero: a NaN in a later V stays out. */
function diagonal(args: Args, keys: usize, V: usize, t0: i32, queries: i32, Q: usize): void {
  const place0 = i32x4(0, 1, 2, 3), place1 = i32x4(4, 5, 6, 7), low = f32x4.splat(-Infinity);
  const lanes = lanesOf(args, Q), P = weightsOf(args, Q) + (<usize>(t0 % KEYS) << 5), stride = args.rowBytes;
  scores(args, keys, t0, queries, Q, 1);
  for (let s = 0; s < queries; s++) {
    const at = P + (<usize>s << 5), s4 = i32x4.splat(s);
    v128.store(at, v128.bitselect(v128.load(at), low, i32x4.ge_s(place0, s4)));
    v128.store(at, v128.bitselect(v128.load(at, 16), low, i32x4.ge_s(place1, s4)), 16);
  }
  softmax(P, queries, lanes);
  const f0 = v128.load(lanes, 64), f1 = v128.load(lanes, 80);
  V += <usize>t0 * stride;
  let O = outputsOf(args, Q);
  for (let e = 0; e < args.headDimV; e++, O += 32) {
    let o0 = f32x4.mul(f0, v128.load(O)), o1 = f32x4.mul(f1, v128.load(O, 16));
    for (let s = 0; s < queries; s++) {
      const v = v128.load32_splat(V + <usize>s * stride + (<usize>e << 2)), at = P + (<usize>s << 5), s4 = i32x4.splat(s);
      o0 = v128.bitselect(madd(v, v128.load(at), o0), o0, i32x4.ge_s(place0, s4));
      o1 = v128.bitselect(madd(v, v128.load(at, 16), o1), o1, i32x4.ge_s(place1, s4));
    }
    v128.store(O, o0); v128.store(O, o1, 16);
  }
}

/** Y = O / sum, back to rows of channels, four by four. */
function write(O: usize, lanes: usize, Y: usize, stride: usize, queries: i32, width: i32): void {
  const whole = width & ~3;
  for (let q = 0; q < queries; q += 4, O += 16, Y += 4 * stride) {
    const sum = v128.load(lanes + 32 + (q << 2)), rows = min(queries - q, 4);
    for (let e = 0; e < whole; e += 4) {
      const from = O + (<usize>e << 5), to = Y + (<usize>e << 2);
      const a = f32x4.div(v128.load(from), sum), b = f32x4.div(v128.load(from, 32), sum);
      const c = f32x4.div(v128.load(from, 64), sum), d = f32x4.div(v128.load(from, 96), sum);
      const ab0 = v128.shuffle<f32>(a, b, 0, 4, 1, 5), ab1 = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
      const cd0 = v128.shuffle<f32>(c, d, 0, 4, 1, 5), cd1 = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
      v128.store(to, v128.shuffle<f32>(ab0, cd0, 0, 1, 4, 5));
      if (rows > 1) v128.store(to + stride, v128.shuffle<f32>(ab0, cd0, 2, 3, 6, 7));
      if (rows > 2) v128.store(to + 2 * stride, v128.shuffle<f32>(ab1, cd1, 0, 1, 4, 5));
      if (rows > 3) v128.store(to + 3 * stride, v128.shuffle<f32>(ab1, cd1, 2, 3, 6, 7));
    }
    for (let e = whole; e < width; e++) {
      for (let r = 0; r < rows; r++) {
        const y = load<f32>(O + (<usize>e << 5) + (r << 2)) / load<f32>(lanes + 32 + ((q + r) << 2));
        store<f32>(Y + <usize>r * stride + (<usize>e << 2), y);
      }
    }
  }
}
