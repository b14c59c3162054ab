import { silu } from "../../engines/wasm/exp.as";
import { loadTail, madd, storeTail } from "../../engines/wasm/simd.as";

/** Words of 4 bytes, in the order of `fields` in fused.wasm.ts. Tensors are byte addresses, 0 for an absent input. */
@unmanaged
class Args {
  X: usize; weight: usize; bias: usize; z: usize; Y: usize;
  /** Tokens of all sequences. */
  rows: i32;
  /** Channels of a token, and those that are normed together. */
  channels: i32; size: i32;
  normBeforeGate: i32;
  eps: f32;
  /** Tokens a task takes. */
  span: i32;
}

/** Tasks: runs of `span` tokens. */
export function norm(args: Args, task: i32, scratch: usize): void {
  const first = task * args.span, last = min(first + args.span, args.rows);
  for (let row = first; row < last; row++) {
    for (let c = 0; c < args.channels; c += args.size) group(args, <usize>(row * args.channels + c) << 2, <usize>c << 2);
  }
}

/** @param at byte offset of the group's first value @param channel that of its first weight */
function group(args: Args, at: usize, channel: usize): void {
  const size = args.size, X = args.X + at, Y = args.Y + at;
  const gateFirst = args.z != 0 && !args.normBeforeGate, z = args.z + at;
  // 1. what is normed goes to Y where it is a product; four sums of squares at a time
  let s0 = i32x4.splat(0), s1 = s0;
  for (let i = 0; i < size; i += 8) {
    const a = normed(X, z, Y, i, size, gateFirst);
    s0 = madd(a, a, s0);
    if (i + 4 >= size) break;
    const b = normed(X, z, Y, i + 4, size, gateFirst);
    s1 = madd(b, b, s1);
  }
  const total = f32x4.add(s0, s1), half = f32x4.add(total, v128.shuffle<f32>(total, total, 2, 3, 0, 1));
  const mean = (f32x4.extract_lane(half, 0) + f32x4.extract_lane(half, 1)) / <f32>size;
  const inverse = f32x4.splat(<f32>1 / sqrt<f32>(mean + args.eps));
  // 2. norm, weight, bias; 3. the gate where it comes last
  const from = gateFirst ? Y : X, gateLast = args.z != 0 && !gateFirst;
  for (let i = 0; i < size; i += 4) {
    const to = <usize>i << 2;
    let y = f32x4.mul(f32x4.mul(v128.load(from + to), inverse), v128.load(args.weight + channel + to));
    if (args.bias) y = f32x4.add(y, v128.load(args.bias + channel + to));
    if (gateLast) y = f32x4.mul(y, silu(v128.load(z + to)));
    if (size - i >= 4) v128.store(Y + to, y);
    else storeTail(Y + to, y, size - i);
  }
}

/** Four values that are normed, zeros behind the group's end: x, or x silu(z), which is kept in Y. */
// @ts-ignore: decorator
@inline
function normed(X: usize, z: usize, Y: usize, i: i32, size: i32, gateFirst: bool): v128 {
  const at = <usize>i << 2, rest = size - i;
  const x = rest >= 4 ? v128.load(X + at) : loadTail(X + at, rest);
  if (!gateFirst) return x;
  const gate = rest >= 4 ? v128.load(z + at) : loadTail(z + at, rest);
  const value = f32x4.mul(x, silu(gate));
  if (rest >= 4) v128.store(Y + at, value);
  else storeTail(Y + at, value, rest);
  return value;
}
