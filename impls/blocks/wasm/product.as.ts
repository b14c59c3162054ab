import { freshTile } from "../../engines/wasm/gemm.as";
import { packSix, packTransposed } from "../../engines/wasm/pack.as";
import { loadTail, madd, storeTail, sums } from "../../engines/wasm/simd.as";

// C = A W^T (+ C), then + bias, then + what else is added: weights as torch's Linear has them, rows of A are tokens.

/** Words of 4 bytes, in the order of `PRODUCT` in stages.ts. Tensors are byte addresses, 0 for an absent one; strides are in bytes. */
@unmanaged
class Args {
  A: usize; W: usize; bias: usize; plus: usize; C: usize;
  /** W in panels, [panel][term][8]. */
  panels: usize;
  /** Tokens, sums of each, and terms of a sum. */
  rows: i32; columns: i32; terms: i32;
  rowA: usize; rowW: usize; rowC: usize;
  /** Whether the sums go on from what C holds. */
  adds: i32;
  /** Tokens of a task, whole tiles of six. */
  span: i32;
}

/** 1. Tasks: panels of eight rows of W, which become columns; those that are not there are zeros. */
export function layOut(args: Args, task: i32, scratch: usize): void {
  const first = task * 8;
  const to = args.panels + <usize>first * (<usize>args.terms << 2);
  packTransposed(args.W + <usize>first * args.rowW, args.rowW, min(8, args.columns - first), args.terms, 1, to);
}

/** 2. Tasks: runs of tokens. Scratch: a tile, then the run's tokens in sixes, [six][term][6]. */
export function multiply(args: Args, task: i32, scratch: usize): void {
  const first = task * args.span, last = min(first + args.span, args.rows), terms = args.terms;
  const packed = scratch + 6 * 32, six = <usize>terms * 24;
  for (let row = first, at = packed; row < last; row += 6, at += six)
    packSix(args.A + <usize>row * args.rowA, args.rowA, min(6, last - row), terms, at);
  for (let column = 0; column < args.columns; column += 8) {
    const panel = args.panels + <usize>column * (<usize>terms << 2);
    for (let row = first, at = packed; row < last; row += 6, at += six) {
      freshTile(at, 24, panel, 32, terms, scratch, 32);
      for (let r = 0; r < min(6, last - row); r++) {
        for (let c = column; c < min(column + 8, args.columns); c += 4)
          put(args, row + r, c, v128.load(scratch + (<usize>r << 5) + (<usize>(c - column) << 2)));
      }
    }
  }
}

/** A few tokens: tasks are runs of 32 rows of W, read where they lie, four at a time. */
export function few(args: Args, task: i32, scratch: usize): void {
  const end = min(task * 32 + 32, args.columns), last = args.columns - 1;
  for (let column = task * 32; column < end; column += 4) {
    const W = args.W + <usize>column * args.rowW;
    const w1 = args.W + <usize>min(column + 1, last) * args.rowW, w2 = args.W + <usize>min(column + 2, last) * args.rowW;
    const w3 = args.W + <usize>min(column + 3, last) * args.rowW;
    for (let row = 0; row < args.rows; row++) {
      const A = args.A + <usize>row * args.rowA;
      let a = i32x4.splat(0), b = a, c = a, d = a, k = 0;
      for (; k + 4 <= args.terms; k += 4) {
        const at = <usize>k << 2, x = v128.load(A + at);
        a = madd(x, v128.load(W + at), a); b = madd(x, v128.load(w1 + at), b);
        c = madd(x, v128.load(w2 + at), c); d = madd(x, v128.load(w3 + at), d);
      }
      if (k < args.terms) {
        const at = <usize>k << 2, rest = args.terms - k, x = loadTail(A + at, rest);
        a = madd(x, loadTail(W + at, rest), a); b = madd(x, loadTail(w1 + at, rest), b);
        c = madd(x, loadTail(w2 + at, rest), c); d = madd(x, loadTail(w3 + at, rest), d);
      }
      put(args, row, column, sums(a, b, c, d));
    }
  }
}

/** 3. Four whole sums of a token, or those that are left. */
// @ts-ignore: decorator
@inline
function put(args: Args, row: i32, column: i32, sum: v128): void {
  const at = <usize>row * args.rowC + (<usize>column << 2), count = args.columns - column;
  if (args.adds) sum = f32x4.add(sum, some(args.C + at, count));
  if (args.bias) sum = f32x4.add(sum, some(args.bias + (<usize>column << 2), count));
  if (args.plus) sum = f32x4.add(sum, some(args.plus + at, count));
  if (count >= 4) v128.store(args.C + at, sum);
  else storeTail(args.C + at, sum, count);
}

// @ts-ignore: decorator
@inline
function some(from: usize, count: i32): v128 {
  return count >= 4 ? v128.load(from) : loadTail(from, count);
}
