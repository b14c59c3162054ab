import { exp, silu } from "../../engines/wasm/exp.as";
import { loadTail, storeTail } from "../../engines/wasm/simd.as";

// What a block does number by number between its kernels, and heads that are turned to their positions: as ../native/map.c and turn.c.

/** Words of 4 bytes, in the order of `MAP` in stages.ts. Tensors are byte addresses, 0 for an absent one; Y may be X. */
@unmanaged
class Args {
  X: usize; times: usize; plus: usize; Y: usize;
  rows: i32; columns: i32;
  /** Floats of X from a row to the next; numbers after which X repeats along a row. */
  rowX: i32; period: i32;
  /** In the order of FUNCTIONS in ../functions.ts. */
  which: i32;
  /** Rows of a task. */
  span: i32;
}

/** Tasks: runs of rows. */
export function map(args: Args, task: i32, scratch: usize): void {
  const last = min(task * args.span + args.span, args.rows);
  for (let row = task * args.span; row < last; row++) {
    const X = args.X + (<usize>(row * args.rowX) << 2);
    for (let start = 0; start < args.columns; start += args.period) {
      const to = <usize>(row * args.columns + start) << 2;
      for (let c = 0; c < args.period; c += 4) {
        const at = to + (<usize>c << 2), count = args.period - c;
        let y = valueOf(args.which, some(X + (<usize>c << 2), count));
        if (args.times) y = f32x4.mul(y, some(args.times + at, count));
        if (args.plus) y = f32x4.add(y, some(args.plus + at, count));
        if (count >= 4) v128.store(args.Y + at, y);
        else storeTail(args.Y + at, y, count);
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function valueOf(which: i32, x: v128): v128 {
  if (which == 1) return f32x4.neg(exp(x));
  if (which == 2) return silu(x);
  // NaN stays in max and min
  if (which == 3) return f32x4.max(x, f32x4.splat(0));
  if (which == 4) return f32x4.add(f32x4.max(x, f32x4.splat(0)), exp(f32x4.min(x, f32x4.splat(0))));
  return x;
}

// @ts-ignore: decorator
@inline
function some(from: usize, count: i32): v128 {
  return count >= 4 ? v128.load(from) : loadTail(from, count);
}

/** Words of 4 bytes, in the order of `TURN` in stages.ts. */
@unmanaged
class Turn {
  /** (rows, heads, headDim), rows being batch x length */
  X: usize;
  /** (length, headDim / 2) */
  cos: usize; sin: usize;
  rows: i32; length: i32; heads: i32; headDim: i32;
  span: i32;
}

/** Tasks: runs of tokens. Channel i of a head's first half and channel i of its second are turned together, in place. */
export function turn(args: Turn, task: i32, scratch: usize): void {
  const half = args.headDim >> 1, last = min(task * args.span + args.span, args.rows);
  for (let row = task * args.span; row < last; row++) {
    const angle = <usize>(row % args.length * half) << 2;
    for (let h = 0; h < args.heads; h++) {
      const first = args.X + (<usize>((row * args.heads + h) * args.headDim) << 2), second = first + (<usize>half << 2);
      for (let i = 0; i < half; i++) {
        const at = <usize>i << 2;
        const x = load<f32>(first + at), y = load<f32>(second + at);
        const c = load<f32>(args.cos + angle + at), s = load<f32>(args.sin + angle + at);
        store<f32>(first + at, c * x - s * y);
        store<f32>(second + at, s * x + c * y);
      }
    }
  }
}
