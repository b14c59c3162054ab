import { storeTail } from "../../engines/wasm/simd.as";

/** Words of 4 bytes, in the order of `fields` in arguments.ts. Tensors are byte addresses, 0 for an absent input. */
@unmanaged
export class Args {
  Q: usize; K: usize; V: usize; logGamma: usize; m: usize; logA: usize;
  Y: usize;
  length: i32; heads: i32; headDim: i32; headDimV: i32;
  /** Of a transform: points, a power of two that holds the length, and its twiddles by block, [cos][sin]. */
  points: i32; table: usize;
  /** What the kernel counts its tasks by: blocks of tokens, or slices of channels. */
  parts: i32;
}

/** Bytes from a token's row to the next one's. */
// @ts-ignore: decorator
@inline
export function stride(args: Args, width: i32): usize {
  return <usize>(args.heads * width) << 2;
}

/** Byte offset of the first row of (sequence, head). */
// @ts-ignore: decorator
@inline
export function origin(args: Args, b: i32, h: i32, width: i32): usize {
  return <usize>((b * args.length * args.heads + h) * width) << 2;
}

/**
 * exp((t - s) logGamma), times m where there is one, for every distance. In float64: powers of one rounded gamma would all err in the same
 * direction.
 */
export function diagonal(args: Args, h: i32, to: usize, step: usize): void {
  const gamma: f64 = args.logGamma ? load<f32>(args.logGamma + (<usize>h << 2)) : 0;
  const m = args.m + (<usize>(h * args.length) << 2);
  for (let j = 0; j < args.length; j++, to += step) {
    // gamma = 0 has no logarithm to multiply by 0
    const power = gamma != 0 && j > 0 ? NativeMath.exp(<f64>j * gamma) : 1;
    store<f32>(to, <f32>(args.m ? <f64>load<f32>(m + (<usize>j << 2)) * power : power));
  }
}

/** The first `count` of four floats. */
// @ts-ignore: decorator
@inline
export function storeSome(to: usize, value: v128, count: i32): void {
  if (count >= 4) v128.store(to, value);
  else storeTail(to, value, count);
}
