import { madd } from "../../engines/wasm/simd.as";
import { forward, inverse } from "../../engines/wasm/transform.as";
import { Args, diagonal, origin, storeSome, stride } from "./arguments.as";
// exported, which keeps them functions of their own
export { joinInFour, splitInFour } from "../../engines/wasm/transform.as";

/** Tasks: (sequence, head, four channels). Scratch: the mask's spectrum, the signal's, the outputs of four channels. */
export function transform(args: Args, task: i32, scratch: usize): void {
  const part = task % args.parts, h = task / args.parts % args.heads, b = task / args.parts / args.heads;
  const n = args.points, bytes = <usize>n << 5, mask = scratch, signal = scratch + bytes, sums = signal + bytes;
  maskSpectrum(args, h, mask, signal);
  const row = stride(args, args.headDim), rowV = stride(args, args.headDimV), at = <usize>part << 4;
  const V = args.V + origin(args, b, h, args.headDimV) + at, first = origin(args, b, h, args.headDim);
  memory.fill(sums, 0, <usize>args.length << 4);
  for (let i = 0; i < args.headDim; i++) {
    const K = args.K + first + (<usize>i << 2), Q = args.Q + first + (<usize>i << 2);
    // 1. Z; lanes behind the last channel carry a neighbour's values and are never stored
    let to = signal;
    for (let t: usize = 0; t < <usize>args.length; t++, to += 32) {
      v128.store(to, f32x4.mul(v128.load32_splat(K + t * row), v128.load(V + t * rowV)));
      v128.store(to, i32x4.splat(0), 16);
    }
    memory.fill(to, 0, signal + bytes - to);
    // 2. H; what wrapped around is in the imaginary part
    forward(signal, n, args.table);
    multiply(signal, mask, bytes);
    inverse(signal, n, args.table);
    // 3. Y
    for (let t: usize = 0; t < <usize>args.length; t++) {
      const y = sums + (t << 4);
      v128.store(y, madd(v128.load32_splat(Q + t * row), v128.load(signal + (t << 5)), v128.load(y)));
    }
  }
  let to = args.Y + origin(args, b, h, args.headDimV) + at;
  for (let t: usize = 0; t < <usize>args.length; t++, to += rowV) storeSome(to, v128.load(sums + (t << 4)), args.headDimV - part * 4);
}

/** The same in all four lanes, with the inverse's 1/n (a power of two) taken in advance: products cannot overflow early. */
function maskSpectrum(args: Args, h: i32, mask: usize, spare: usize): void {
  const n = args.points, scale: f32 = <f32>1 / <f32>n;
  diagonal(args, h, spare, 4);
  memory.fill(mask, 0, <usize>n << 5);
  for (let j: usize = 0; j < <usize>args.length; j++) v128.store(mask + (j << 5), f32x4.splat(load<f32>(spare + (j << 2)) * scale));
  forward(mask, n, args.table);
}

function multiply(p: usize, k: usize, bytes: usize): void {
  for (const end = p + bytes; p < end; p += 32, k += 32) {
    const re = v128.load(p), im = v128.load(p, 16), kRe = v128.load(k), kIm = v128.load(k, 16);
    v128.store(p, f32x4.sub(f32x4.mul(re, kRe), f32x4.mul(im, kIm)));
    v128.store(p, madd(re, kIm, f32x4.mul(im, kRe)), 16);
  }
}
