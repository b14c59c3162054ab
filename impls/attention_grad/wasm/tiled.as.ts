import { madd, loadTail, storeTail } from "../../engines/wasm/simd.as";
import {
  Args, BLOCK, ceilDiv, columnsOfV, LINE, look, lookBack, packOf, Places, placesIn, rowBytes, rowsOfK, SEGMENT, sixSee,
} from "./arguments.as";
import { powers } from "./forward.as";
import { copyRows, ownRows, scores, turn } from "./products.as";
export { fourRows, freshTile, tile } from "../../engines/wasm/gemm.as";
export { attend, pack, powers } from "./forward.as";
export { oneRow, ownRows, turn } from "./products.as";

// FlashAttention-2's backward (algorithm 2). A segment of keys meets a segment of queries, block by block, in five products: scores, dP,
// and the sums of dQ, dV and dK. In a round no two tasks have a query or a key in common, so that all sums are made in one order, in place.

/** 2. P = 2^(octaves S - reference) / sum and dS = P o (dP - D) of a query; `at` is its place among the statistics. */
function weighAgain(args: Args, p: Places, i: usize, at: usize): void {
  const P = p.P + i * LINE, dS = p.dS + i * LINE, D = f32x4.splat(load<f32>(args.products + at));
  powers(P, args.octaves, load<f32>(args.references + at), load<f32>(args.factors + at));
  for (let s: usize = 0; s < LINE; s += 16) v128.store(dS + s, f32x4.mul(v128.load(P + s), f32x4.sub(v128.load(dS + s), D)));
}

/** A block of queries meets the keys of a pack, the `block`th of the segment. */
function meetAgain(args: Args, p: Places, keys: usize, block: usize, at: usize): void {
  const ofKeys = rowBytes(args.headDim), ofValues = rowBytes(args.headDimV), all = <usize>BLOCK;
  for (let i: usize = 0; i < all; i += 6) {
    if (!sixSee(p.seen + 4 * i)) continue;
    // 1. S = Q K^T, dP = dY V^T
    scores(p.columnsQ, keys, args.headDim, i, p.P);
    scores(p.columnsDY, columnsOfV(args, keys), args.headDimV, i, p.dS);
    for (let r = i; r < i + 6; r++) if (load<i32>(p.seen + LINE + 4 * r)) weighAgain(args, p, r, at + 4 * r);
  }
  // 3. dQ += dS K
  turn(p.dS, LINE, BLOCK, BLOCK, p.turned);
  for (let i: usize = 0; i < all; i += 6) {
    const from = p.seen + 4 * i;
    if (sixSee(from)) ownRows(p.turned + 4 * i, rowsOfK(args, keys), ofKeys, from, from + LINE, p.dQ + i * ofKeys, p.ones);
  }
  // 4. dV += P^T dY, dK += dS^T Q
  lookBack(p.seen, p.seeing);
  for (let s: usize = 0; s < all; s += 6) {
    const from = p.seeing + 4 * s, row = block * all + s;
    if (!sixSee(from)) continue;
    ownRows(p.P + 4 * s, p.dY, ofValues, from, from + LINE, p.dV + row * ofValues, p.ones);
    ownRows(p.dS + 4 * s, p.Q, ofKeys, from, from + LINE, p.dK + row * ofKeys, p.ones);
  }
}

/** Rows of whole eights, times a factor, onto rows of a tensor. */
function addRows(from: usize, rows: i32, channels: i32, factor: f32, to: usize, stride: usize): void {
  const f = f32x4.splat(factor), whole = <usize>(channels & ~3) << 2, rest = channels & 3, bytes = rowBytes(channels);
  for (; rows > 0; rows--, from += bytes, to += stride) {
    for (let n: usize = 0; n < whole; n += 16) v128.store(to + n, madd(f, v128.load(from + n), v128.load(to + n)));
    if (rest) storeTail(to + whole, madd(f, v128.load(from + whole), loadTail(to + whole, rest)), rest);
  }
}

/** A segment of keys of one group and the segment of queries that is its own in this round, for each head of the group. */
export function goBack(args: Args, task: i32, scratch: usize): void {
  const ofKeys = ceilDiv(args.context, SEGMENT), ofQueries = ceilDiv(args.length, SEGMENT), rounds = max(ofKeys, ofQueries);
  const i = task % ofKeys, j = (i + args.round) % rounds, bg = task / ofKeys, g = bg % args.groups, b = bg / args.groups;
  if (j >= ofQueries) return;
  const s0 = i * SEGMENT, s1 = min(s0 + SEGMENT, args.context), t0 = j * SEGMENT, t1 = min(t0 + SEGMENT, args.length);
  const tokens = <usize>(b * args.length) << 2;
  if (load<i32>(args.ends + tokens + (<usize>(t1 - 1) << 2)) <= s0 || load<i32>(args.firsts + tokens + (<usize>t0 << 2)) >= s1) return;
  const p = placesIn(args, scratch), d = args.headDim, e = args.headDimV, perGroup = args.heads / args.groups;
  const bytesK = <usize>d << 2, bytesV = <usize>e << 2, heads = <usize>args.heads, groups = <usize>args.groups;
  memory.fill(p.dK, 0, <usize>SEGMENT * (rowBytes(d) + rowBytes(e)));
  for (let h = g * perGroup; h < (g + 1) * perGroup; h++) {
    for (let t = t0; t < t1; t += BLOCK) {
      const row = <usize>((b * args.length + t) * args.heads + h), count = min(BLOCK, args.length - t);
      const at = <usize>((b * args.heads + h) * args.length + t) << 2, Q = args.Q + row * bytesK, dY = args.dY + row * bytesV;
      if (count < BLOCK) memory.fill(p.columnsQ, 0, LINE * (d + e));
      turn(Q, heads * bytesK, count, d, p.columnsQ);
      turn(dY, heads * bytesV, count, e, p.columnsDY);
      copyRows(Q, heads * bytesK, count, d, p.Q, rowBytes(d));
      copyRows(dY, heads * bytesV, count, e, p.dY, rowBytes(e));
      memory.fill(p.dQ, 0, <usize>BLOCK * rowBytes(d));
      for (let s = s0; s < s1; s += BLOCK) {
        if (look(args, b, t, s, p.seen)) meetAgain(args, p, packOf(args, b, g, s / BLOCK), (s - s0) / BLOCK, at);
      }
      addRows(p.dQ, count, d, args.scale, args.dQ + row * bytesK, heads * bytesK);
    }
  }
  const row = <usize>((b * args.context + s0) * args.groups + g);
  addRows(p.dK, s1 - s0, d, args.scale, args.dK + row * bytesK, groups * bytesK);
  addRows(p.dV, s1 - s0, e, 1, args.dV + row * bytesV, groups * bytesV);
}
