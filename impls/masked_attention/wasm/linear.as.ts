import { flushed, madd } from "../../engines/wasm/simd.as";
import { Args, origin, storeSome, stride } from "./arguments.as";

/** Tokens between two looks for small states. */
const BLOCK: i32 = 64;

/** Tasks: (sequence, head, slice of eight channels). Scratch: the state of the slice, [n][8]. */
export function walk(args: Args, task: i32, S: usize): void {
  const slice = task % args.parts, h = task / args.parts % args.heads, b = task / args.parts / args.heads;
  const bytes = <usize>args.headDim << 5, width = min(args.headDimV - slice * 8, 8);
  const gamma: f64 = args.logGamma ? load<f32>(args.logGamma + (<usize>h << 2)) : 0;
  const row = stride(args, args.headDim), rowV = stride(args, args.headDimV), at = <usize>slice << 5;
  let q = args.Q + origin(args, b, h, args.headDim), k = args.K + origin(args, b, h, args.headDim);
  let v = args.V + origin(args, b, h, args.headDimV) + at, y = args.Y + origin(args, b, h, args.headDimV) + at;
  let a = args.logA + origin(args, b, h, 1);
  memory.fill(S, 0, bytes);
  for (let t = 0; t < args.length; t++, q += row, k += row, v += rowV, y += rowV, a += stride(args, 1)) {
    // a decay in two parts: one rounded decay, used again and again, would err in the same direction each time
    let decay: f64 = 0;
    if (t > 0) decay = NativeMath.exp(gamma + (args.logA ? <f64>load<f32>(a) : 0));
    const high = <f32>decay, low = <f32>(decay - <f64>high);
    if (high == Infinity || low == 0) token(q, k, v, S, bytes, high, y, width);
    else carefulToken(q, k, v, S, bytes, high, low, y, width);
    if (t % BLOCK == BLOCK - 1) for (let i: usize = 0; i < bytes; i += 16) v128.store(S + i, flushed(v128.load(S + i)));
  }
}

/** H <- a H + k v', y = q H for eight channels. */
export function token(q: usize, k: usize, v: usize, S: usize, bytes: usize, a: f32, y: usize, width: i32): void {
  const decay = f32x4.splat(a), v0 = v128.load(v), v1 = v128.load(v, 16), end = S + bytes;
  let y0 = i32x4.splat(0), y1 = y0;
  for (; S < end; S += 32, q += 4, k += 4) {
    const b = v128.load32_splat(k), c = v128.load32_splat(q);
    const s0 = madd(decay, v128.load(S), f32x4.mul(b, v0)), s1 = madd(decay, v128.load(S, 16), f32x4.mul(b, v1));
    v128.store(S, s0); v128.store(S, s1, 16);
    y0 = madd(c, s0, y0); y1 = madd(c, s1, y1);
  }
  storeSome(y, y0, width);
  if (width > 4) storeSome(y + 16, y1, width - 4);
}

/** The same with a decay that float32 does not hold. */
export function carefulToken(
  q: usize, k: usize, v: usize, S: usize, bytes: usize, a: f32, rest: f32, y: usize, width: i32,
): void {
  const decay = f32x4.splat(a), more = f32x4.splat(rest), v0 = v128.load(v), v1 = v128.load(v, 16), end = S + bytes;
  let y0 = i32x4.splat(0), y1 = y0;
  for (; S < end; S += 32, q += 4, k += 4) {
    const b = v128.load32_splat(k), c = v128.load32_splat(q), h0 = v128.load(S), h1 = v128.load(S, 16);
    const s0 = madd(decay, h0, madd(more, h0, f32x4.mul(b, v0))), s1 = madd(decay, h1, madd(more, h1, f32x4.mul(b, v1)));
    v128.store(S, s0); v128.store(S, s1, 16);
    y0 = madd(c, s0, y0); y1 = madd(c, s1, y1);
  }
  storeSome(y, y0, width);
  if (width > 4) storeSome(y + 16, y1, width - 4);
}
