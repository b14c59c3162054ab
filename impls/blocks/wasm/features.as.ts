import { exp } from "../../engines/wasm/exp.as";
import { loadTail, madd, storeTail } from "../../engines/wasm/simd.as";

// Feature maps of B and C that work on all numbers of a row at once: as ../native/features.c.

/** Words of 4 bytes, in the order of `FEATURES` in stages.ts. */
@unmanaged
class Args {
  /** (rows, state). P: products of random features, 0 for a layer norm. Y is no other. */
  X: usize; P: usize; Y: usize;
  rows: i32; state: i32;
  eps: f32;
  /** Of random features: the share of a square, and the factor of all. */
  share: f32; factor: f32;
  span: i32;
}

/** Tasks: runs of rows. */
export function features(args: Args, task: i32, scratch: usize): void {
  const last = min(task * args.span + args.span, args.rows);
  for (let row = task * args.span; row < last; row++) {
    const at = <usize>(row * args.state) << 2;
    if (args.P) randomFeatures(args, args.X + at, args.P + at, args.Y + at);
    else layerNorm(args, args.X + at, args.Y + at);
  }
}

function layerNorm(args: Args, x: usize, y: usize): void {
  const state = args.state;
  let total = i32x4.splat(0);
  for (let n = 0; n < state; n += 4) total = f32x4.add(total, some(x + (<usize>n << 2), state - n));
  const mean = f32x4.splat(sum(total) / <f32>state);
  for (let n = 0; n < state; n += 4)
    put(y + (<usize>n << 2), f32x4.sub(some(x + (<usize>n << 2), state - n), mean), state - n);
  const inverse = f32x4.splat(<f32>1 / sqrt<f32>(squares(y, state) / <f32>state + args.eps));
  for (let n = 0; n < state; n += 4)
    put(y + (<usize>n << 2), f32x4.mul(some(y + (<usize>n << 2), state - n), inverse), state - n);
}

function randomFeatures(args: Args, x: usize, products: usize, y: usize): void {
  const state = args.state;
  const square = f32x4.splat(args.share * squares(x, state)), factor = f32x4.splat(args.factor);
  for (let n = 0; n < state; n += 4) {
    const at = <usize>n << 2;
    put(y + at, f32x4.mul(exp(f32x4.sub(some(products + at, state - n), square)), factor), state - n);
  }
}

function squares(x: usize, state: i32): f32 {
  let total = i32x4.splat(0);
  for (let n = 0; n < state; n += 4) {
    const v = some(x + (<usize>n << 2), state - n);
    total = madd(v, v, total);
  }
  return sum(total);
}

// @ts-ignore: decorator
@inline
function sum(v: v128): f32 {
  const half = f32x4.add(v, v128.shuffle<f32>(v, v, 2, 3, 0, 1));
  return f32x4.extract_lane(half, 0) + f32x4.extract_lane(half, 1);
}

// @ts-ignore: decorator
@inline
function some(from: usize, count: i32): v128 {
  return count >= 4 ? v128.load(from) : loadTail(from, count);
}

// @ts-ignore: decorator
@inline
function put(to: usize, value: v128, count: i32): void {
  if (count >= 4) v128.store(to, value);
  else storeTail(to, value, count);
}
