import { exp2, table } from "../../engines/wasm/exp.as";
import { madd, storeTail, loadTail } from "../../engines/wasm/simd.as";
import {
  Args, BLOCK, ceilDiv, columnsOfV, LINE, look, packOf, Places, placesIn, rowBytes, rowsOfK, rowsOfV, sixSee,
} from "./arguments.as";
import { copyRows, ownRows, scores, turn } from "./products.as";

// FlashAttention-2's forward (algorithm 1) for what the backward needs of it: each query's reference, its sum, and D = rowsum(dY o Y).

/** A row's weights are taken on a reference that a score may pass by so many octaves before what was summed is scaled down. */
const SLACK: f32 = 8;
/** The reference of a row that has seen no key. */
const NO_REFERENCE: f32 = -8.5070592e37;

/** 0. A block of keys and their values, in columns and in rows. Tasks: (sequence, group, block). */
export function pack(args: Args, task: i32, scratch: usize): void {
  const blocks = ceilDiv(args.context, BLOCK), block = task % blocks, bg = task / blocks, g = bg % args.groups, b = bg / args.groups;
  const s0 = block * BLOCK, count = min(BLOCK, args.context - s0), row = <usize>((b * args.context + s0) * args.groups + g);
  const K = <usize>args.headDim << 2, V = <usize>args.headDimV << 2, to = packOf(args, b, g, block), groups = <usize>args.groups;
  if (count < BLOCK) memory.fill(to, 0, LINE * (args.headDim + args.headDimV));
  turn(args.K + row * K, groups * K, count, args.headDim, to);
  turn(args.V + row * V, groups * V, count, args.headDimV, columnsOfV(args, to));
  copyRows(args.K + row * K, groups * K, count, args.headDim, rowsOfK(args, to), rowBytes(args.headDim));
  copyRows(args.V + row * V, groups * V, count, args.headDimV, rowsOfV(args, to), rowBytes(args.headDimV));
  for (let s = row; s < row + <usize>count * groups; s += groups) {
    memory.fill(args.dK + s * K, 0, K);
    memory.fill(args.dV + s * V, 0, V);
  }
}

/**
 * 2^(octaves S - reference) of a row of 48 scores, times a factor. exp2 of exp.as.ts written out, so that two vectors share each load of a
 * constant.
 */
export function powers(row: usize, octaves: f32, reference: f32, factor: f32): void {
  const o = f32x4.splat(octaves), r = f32x4.splat(-reference), s = f32x4.splat(factor);
  for (const end = row + LINE; row < end; row += 32) {
    let c = v128.load(table), e = v128.load(table, 16);
    const t0 = f32x4.pmin(f32x4.pmax(madd(o, v128.load(row), r), c), e), t1 = f32x4.pmin(f32x4.pmax(madd(o, v128.load(row, 16), r), c), e);
    const magic = v128.load(table, 32);
    const z0 = f32x4.add(t0, magic), z1 = f32x4.add(t1, magic);
    const f0 = f32x4.sub(t0, f32x4.sub(z0, magic)), f1 = f32x4.sub(t1, f32x4.sub(z1, magic));
    c = v128.load(table, 48); e = v128.load(table, 64);
    let p0 = madd(c, f0, e), p1 = madd(c, f1, e);
    c = v128.load(table, 80); p0 = madd(p0, f0, c); p1 = madd(p1, f1, c);
    c = v128.load(table, 96); p0 = madd(p0, f0, c); p1 = madd(p1, f1, c);
    c = v128.load(table, 112); p0 = madd(p0, f0, c); p1 = madd(p1, f1, c);
    c = v128.load(table, 128); p0 = madd(p0, f0, c); p1 = madd(p1, f1, c);
    v128.store(row, f32x4.mul(s, i32x4.add(p0, i32x4.shl(z0, 23))));
    v128.store(row, f32x4.mul(s, i32x4.add(p1, i32x4.shl(z1, 23))), 16);
  }
}

/** Lanes of the four keys from s on that lie in [first, end). */
// @ts-ignore: decorator
@inline
function within(s: i32, first: i32, end: i32): v128 {
  const key = i32x4.add(i32x4.splat(s), i32x4(0, 1, 2, 3));
  return v128.and(i32x4.ge_s(key, i32x4.splat(first)), i32x4.lt_s(key, i32x4.splat(end)));
}

/** What was summed under a smaller reference shrinks to the new one. */
function raise(p: Places, i: usize, reference: f32, bytes: usize): void {
  const factor = exp2(f32x4.splat(load<f32>(p.references + 4 * i) - reference)), O = p.dV + i * bytes, sum = p.sums + 16 * i;
  for (let e: usize = 0; e < bytes; e += 16) v128.store(O + e, f32x4.mul(factor, v128.load(O + e)));
  v128.store(sum, f32x4.mul(factor, v128.load(sum)));
  store<f32>(p.references + 4 * i, reference);
}

/** 2. Scores of a query to weights, and their sum. */
function weigh(args: Args, p: Places, i: usize): void {
  const row = p.P + i * LINE, first = load<i32>(p.seen + 4 * i), end = load<i32>(p.seen + LINE + 4 * i);
  const octaves = f32x4.splat(args.octaves), low = f32x4.splat(-Infinity);
  let highest = low;
  for (let s = 0; s < BLOCK; s += 4) {
    const score = f32x4.mul(octaves, v128.load(row + (<usize>s << 2)));
    highest = f32x4.pmax(highest, v128.bitselect(score, low, within(s, first, end)));
  }
  const most = Mathf.max(
    Mathf.max(f32x4.extract_lane(highest, 0), f32x4.extract_lane(highest, 1)),
    Mathf.max(f32x4.extract_lane(highest, 2), f32x4.extract_lane(highest, 3)),
  );
  if (most > load<f32>(p.references + 4 * i) + SLACK) raise(p, i, most, rowBytes(args.headDimV));
  powers(row, args.octaves, load<f32>(p.references + 4 * i), 1);
  let sum = v128.load(p.sums + 16 * i);
  for (let s = 0; s < BLOCK; s += 4) {
    const at = row + (<usize>s << 2);
    sum = f32x4.add(sum, v128.and(v128.load(at), within(s, first, end)));
  }
  v128.store(p.sums + 16 * i, sum);
}

/** 1. to 3. A block of queries meets a block of keys. */
function meet(args: Args, p: Places, keys: usize): void {
  const width = rowBytes(args.headDimV);
  for (let i: usize = 0; i < <usize>BLOCK; i += 6) {
    if (!sixSee(p.seen + 4 * i)) continue;
    scores(p.columnsQ, keys, args.headDim, i, p.P);
    for (let r = i; r < i + 6; r++) if (load<i32>(p.seen + LINE + 4 * r)) weigh(args, p, r);
  }
  turn(p.P, LINE, BLOCK, BLOCK, p.turned);
  for (let i: usize = 0; i < <usize>BLOCK; i += 6) {
    const from = p.seen + 4 * i;
    if (sixSee(from)) ownRows(p.turned + 4 * i, rowsOfV(args, keys), width, from, from + LINE, p.dV + i * width, p.ones);
  }
}

/** 4. A query's Y, what its powers are to be multiplied by, and D. */
function close(args: Args, p: Places, i: usize, row: usize, at: usize): void {
  const lanes = v128.load(p.sums + 16 * i), half = f32x4.add(lanes, v128.shuffle<f32>(lanes, lanes, 2, 3, 0, 1));
  const sum = f32x4.extract_lane(half, 0) + f32x4.extract_lane(half, 1);
  // A query that sees no key is 0.
  const factor: f32 = sum == 0 ? 0 : 1 / sum, O = p.dV + i * rowBytes(args.headDimV), first = row * args.headDimV << 2;
  let product = i32x4.splat(0);
  for (let e = 0; e < args.headDimV; e += 4) {
    const n = <usize>e << 2, left = args.headDimV - e, y = f32x4.mul(f32x4.splat(factor), v128.load(O + n));
    product = madd(y, left >= 4 ? v128.load(args.dY + first + n) : loadTail(args.dY + first + n, left), product);
    if (!args.Y) continue;
    if (left >= 4) v128.store(args.Y + first + n, y);
    else storeTail(args.Y + first + n, y, left);
  }
  const pairs = f32x4.add(product, v128.shuffle<f32>(product, product, 2, 3, 0, 1));
  store<f32>(args.references + at, load<f32>(p.references + 4 * i));
  store<f32>(args.factors + at, factor);
  store<f32>(args.products + at, f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1));
  memory.fill(args.dQ + (row * args.headDim << 2), 0, <usize>args.headDim << 2);
}

/** Tasks: (sequence, head, block of queries from the last, which where the mask is causal sees most keys). */
export function attend(args: Args, task: i32, scratch: usize): void {
  const p = placesIn(args, scratch), blocks = ceilDiv(args.length, BLOCK), t0 = (blocks - 1 - task % blocks) * BLOCK;
  const count = min(BLOCK, args.length - t0), h = task / blocks % args.heads, b = task / blocks / args.heads;
  const g = h / (args.heads / args.groups), row = <usize>((b * args.length + t0) * args.heads + h), Q = <usize>args.headDim << 2;
  if (count < BLOCK) memory.fill(p.columnsQ, 0, LINE * args.headDim);
  turn(args.Q + row * Q, args.heads * Q, count, args.headDim, p.columnsQ);
  memory.fill(p.dV, 0, <usize>BLOCK * rowBytes(args.headDimV));
  memory.fill(p.sums, 0, 16 * <usize>BLOCK);
  for (let i: usize = 0; i < LINE; i += 4) store<f32>(p.references + i, NO_REFERENCE);
  const at = <usize>(b * args.length + t0) << 2, end = load<i32>(args.ends + at + (<usize>(count - 1) << 2));
  for (let s0 = load<i32>(args.firsts + at) / BLOCK * BLOCK; s0 < end; s0 += BLOCK) {
    if (look(args, b, t0, s0, p.seen)) meet(args, p, packOf(args, b, g, s0 / BLOCK));
  }
  const first = <usize>((b * args.heads + h) * args.length + t0);
  for (let i = 0; i < count; i++) close(args, p, i, row + <usize>(i * args.heads), (first + i) << 2);
}
