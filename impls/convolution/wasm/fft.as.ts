import { madd, storeTail } from "../../engines/wasm/simd.as";
import { forward, inverse } from "../../engines/wasm/transform.as";
// exported, which keeps them functions of their own
export { joinInFour, splitInFour } from "../../engines/wasm/transform.as";

/** Words of 4 bytes, in the order of `fields` in fft.wasm.ts. */
@unmanaged
class Args {
  u: usize; K: usize; Y: usize;
  batch: i32; length: i32; channels: i32;
  /** Power of two that holds the length. */
  size: i32;
  /** Twiddles by block, [cos][sin]. */
  table: usize;
}

/** Tasks: runs of four channels. Scratch: the kernel's transform, then the signal's. */
export function convolve(args: Args, task: i32, scratch: usize): void {
  const n = args.size, c0 = task * 4, lanes = min(4, args.channels - c0);
  const kernel = scratch, signal = scratch + (<usize>n << 5), end = signal + (<usize>n << 5);
  // 1. the kernel's spectrum, with the inverse's 1/n (a power of two) taken in advance: products cannot overflow early
  memory.fill(kernel, 0, <usize>n << 5);
  const scale: f32 = <f32>1 / <f32>n;
  for (let c = 0; c < lanes; c++) {
    let from = args.K + (<usize>(c0 + c) * args.length << 2), to = kernel + (c << 2);
    for (let j = args.length; j > 0; j--, from += 4, to += 32) store<f32>(to, load<f32>(from) * scale);
  }
  forward(kernel, n, args.table);
  const stride = <usize>args.channels << 2;
  for (let b = 0; b < args.batch; b++) {
    // 2. the signal's; lanes past the last channel carry a neighbour's values and are never stored
    const at = (<usize>b * args.length * args.channels + c0) << 2;
    let from = args.u + at, to = signal;
    for (let t = args.length; t > 0; t--, from += stride, to += 32) {
      v128.store(to, v128.load(from));
      v128.store(to, i32x4.splat(0), 16);
    }
    memory.fill(to, 0, end - to);
    forward(signal, n, args.table);
    // 3. their product
    for (let p = signal, k = kernel; p < end; p += 32, k += 32) {
      const re = v128.load(p), im = v128.load(p, 16), kRe = v128.load(k), kIm = v128.load(k, 16);
      v128.store(p, f32x4.sub(f32x4.mul(re, kRe), f32x4.mul(im, kIm)));
      v128.store(p, madd(re, kIm, f32x4.mul(im, kRe)), 16);
    }
    // 4. and back; what wrapped around is in the imaginary part
    inverse(signal, n, args.table);
    to = args.Y + at;
    for (let p = signal, t = args.length; t > 0; t--, p += 32, to += stride) {
      if (lanes == 4) v128.store(to, v128.load(p));
      else storeTail(to, v128.load(p), lanes);
    }
  }
}
