import { fourRows, freshTile, tile } from "../../engines/wasm/gemm.as";
import { Args, ROWS, flush, rowsOf, sliceBytes, stateOf } from "./layout.as";
import { finish, splitRows, triangle } from "./rows.as";
import { packSix } from "../../engines/wasm/pack.as";
import { scoreTile } from "./scores.as";
import { headWeights, ownWeights, weightBytes } from "./weights.as";
export { finish, triangle, splitRows } from "./rows.as";

// One chunk of section 6 of the paper, f32, in six-token tiles. `row` is its first token's place in (batch, length).

/** Slices in a cache line. */
const LINE: i32 = 2;
/** Tokens between two looks for small states. */
const FLUSH: i32 = 192;

/** Whether to look for small states after the chunk at token t of a walk that ends at `end`. */
export function seldom(args: Args, t: i32, end: i32): bool {
  return t + args.chunk >= end || t / FLUSH != (t + args.chunk) / FLUSH;
}

/** 1. and 2. Scores and weights: the records of all heads of group g, `ofHead` bytes apart. */
export function chunkScores(args: Args, row: usize, count: i32, g: i32, record: usize, ofHead: usize, scratch: usize): void {
  const tiles = (count + ROWS - 1) / ROWS;
  const state = args.state;
  const stride = <usize>(args.groups * state) << 2;
  const at = (row * args.groups + g) * state * 4;
  const B = args.B + at, C = args.C + at;
  const G = scratch;
  const base = G + weightBytes(tiles);
  const lanes = base + <usize>tiles * 32;
  let to = G;
  for (let i = 0; i < tiles; i++) {
    const rows = count - i * ROWS;
    const c0 = rowsOf(C + <usize>(i * ROWS) * stride, stride, rows, state, lanes + 1024);
    const cStride = rows < ROWS ? <usize>state << 2 : stride;
    for (let j = 0; j < i; j++, to += 192) {
      scoreTile(c0, cStride, B + <usize>(j * ROWS) * stride, stride, state, false, to, lanes);
    }
    const b0 = rows < ROWS
      ? rowsOf(B + <usize>(i * ROWS) * stride, stride, rows, state, lanes + 1024 + <usize>state * 24)
      : B + <usize>(i * ROWS) * stride;
    scoreTile(c0, cStride, b0, cStride, state, true, to, lanes);
    to += 192;
  }
  const ratio = args.heads / args.groups;
  for (let h = g * ratio; h < (g + 1) * ratio; h++) {
    const at = row * args.heads + h;
    headWeights(args, at, count, G, base, lanes, record + <usize>h * ofHead);
    if (args.own) ownWeights(args, at, count, G, record + <usize>h * ofHead);
  }
}

/** One chunk of heads h0 to h1, slices `first` to `last`; records lie `ofHead` bytes apart. */
export function headOutputs(args: Args, b: i32, slot: i32, h0: i32, h1: i32, row: usize, count: i32, first: i32, last: i32, small: bool,
  record: usize, ofHead: usize, scratch: usize): void {
  const tiles = (count + ROWS - 1) / ROWS, ratio = args.heads / args.groups, stride = <usize>(args.groups * args.state) << 2;
  const left = scratch, rest = left + <usize>(tiles * ROWS * args.state) * 4;
  for (let h = h0; h < h1; h++) {
    const at = (row * args.groups + h / ratio) * args.state * 4;
    // Left sides of the products, [n][6 rows] a tile, one for all heads of a group
    if (h == h0 || h % ratio == 0) {
      let to = left;
      for (let i = 0; i < tiles; i++, to += <usize>(args.state * ROWS) << 2) {
        packSix(args.C + at + <usize>(i * ROWS) * stride, stride, min(count - i * ROWS, ROWS), args.state, to);
      }
    }
    const S = stateOf(args, b, slot, h) + <usize>first * sliceBytes(args);
    chunkOutputs(args, h, row, count, first, last, S, small, record + <usize>h * ofHead, args.B + at, left, rest);
  }
}

function chunkOutputs(args: Args, h: i32, row: usize, count: i32, first: i32, last: i32, state: usize, small: bool,
  record: usize, B: usize, left: usize, scratch: usize): void {
  const tiles = (count + ROWS - 1) / ROWS;
  const decays = record + weightBytes(tiles), inState = decays + <usize>tiles * 32, all = inState + <usize>tiles * 32;
  const slice = sliceBytes(args), rows = <usize>(tiles * ROWS) << 5;
  const out = scratch, plain = out + rows, scaled = plain + LINE * rows;
  const X = args.X + ((row * args.heads + h) * args.headDim) * 4;
  let S = state, x = plain, own = scaled;
  for (let p = first; p < last; p++, S += slice, x += rows, own += rows) {
    if ((p - first) % LINE == 0) {
      // Right sides: X, and X with its weight in the chunk's state.
      x = plain; own = scaled;
      splitRows(X + (<usize>p << 5), <usize>(args.heads * args.headDim) << 2, inState, count, min(LINE, last - p), x, own, rows);
    }
    // 3. outputs: from the state before the chunk, and inside the chunk
    let M = record, C = left;
    for (let i = 0; i < tiles; i++) {
      const Y = out + <usize>(i * ROWS) * 32;
      freshTile(C, ROWS * 4, S, 32, args.state, Y, 32);
      triangle(M + <usize>i * 192, x + <usize>i * 192, decays + (i << 5), Y);
      if (i) tile(M, 32, x, 32, i * ROWS, Y, 32, args.ones);
      M += <usize>(i + 1) * 192;
      C += <usize>(args.state * ROWS) << 2;
    }
    // Slice by slice: so few stores that fetching their lines goes on behind the next products.
    finish(args, row, h, p, count, out);
    // 4. state: decay over the chunk, plus the chunk's own tokens
    addTokens(args, B, own, count, S, all);
    if (small) flush(S, args.state);
  }
}

/** S[n][8] <- all[8] * S + sum over the tokens of a chunk of B[n] x scaled[8]. */
// @ts-ignore: decorator
@inline
export function addTokens(args: Args, B: usize, scaled: usize, count: i32, S: usize, all: usize): void {
  const stride = <usize>(args.groups * args.state) << 2;
  let n = 0;
  for (; n + 4 < args.state; n += ROWS) tile(B + (n << 2), stride, scaled, 32, count, S + (n << 5), 32, all);
  if (n < args.state) fourRows(B + (n << 2), stride, scaled, 32, count, S + (n << 5), 32, all);
}
