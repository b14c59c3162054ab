import { exp } from "../../engines/wasm/exp.as";
import { flushed, madd, storeTail } from "../../engines/wasm/simd.as";
import { Args, firstState, moveState, rowOf, sliceBytes } from "./layout.as";

// The recurrence, token by token; eight channels of a head are the lanes and their state stays in a cache.

/** Tokens between two looks for small states. */
const FLUSH_EVERY: i32 = 64;

/** Tasks: (sequence, head). Scratch: the state, then a decay for each key channel. */
export function recur(args: Args, task: i32, scratch: usize): void {
  const b = task / args.heads, h = task % args.heads, slices = (args.headDim + 7) >> 3, size = sliceBytes(args);
  const decays = scratch + <usize>slices * size;
  firstState(args, task, scratch);
  for (let t = 0; t < args.length; t++) {
    const row = b * args.length + t, token = <usize>(row * args.heads + h);
    readDecays(args, token, decays);
    for (let slice = 0; slice < slices; slice++) {
      const S = scratch + <usize>slice * size, at = (token * args.headDim + (slice << 3)) << 2;
      oneToken(args, S, decays, rowOf(args, args.K, row, h), rowOf(args, args.Q, row, h), token, at, args.headDim - (slice << 3));
      if (t % FLUSH_EVERY == FLUSH_EVERY - 1)
        for (let n: usize = 0; n < size; n += 16) v128.store(S + n, flushed(v128.load(S + n)));
    }
  }
  moveState(args, task, args.finalState, scratch, false);
}

function readDecays(args: Args, token: usize, to: usize): void {
  const from = args.logA + (args.channelDecays ? token * args.state : token) * 4;
  const alike = exp(v128.load32_splat(from));
  for (let n: usize = 0; n < <usize>args.state << 2; n += 16)
    v128.store(to + n, args.channelDecays ? exp(v128.load(from + n)) : alike);
}

/** S <- a S, S <- S + beta (v - S k) k', y = S q, of eight channels. */
export function oneToken(args: Args, S: usize, decays: usize, k: usize, q: usize, token: usize, at: usize, channels: i32): void {
  let p0 = i32x4.splat(0), p1 = p0, y0 = p0, y1 = p0;
  const end = <usize>args.state << 2;
  for (let n: usize = 0, s = S; n < end; n += 4, s += 32) {
    const a = v128.load32_splat(decays + n), key = v128.load32_splat(k + n);
    const s0 = f32x4.mul(a, v128.load(s)), s1 = f32x4.mul(a, v128.load(s, 16));
    v128.store(s, s0); v128.store(s, s1, 16);
    p0 = madd(key, s0, p0); p1 = madd(key, s1, p1);
  }
  const beta = v128.load32_splat(args.beta + (token << 2)), factor = v128.load(args.factor);
  const u0 = f32x4.mul(beta, f32x4.sub(v128.load(args.V + at), p0)), u1 = f32x4.mul(beta, f32x4.sub(v128.load(args.V + at, 16), p1));
  for (let n: usize = 0, s = S; n < end; n += 4, s += 32) {
    const key = v128.load32_splat(k + n), query = v128.load32_splat(q + n);
    const s0 = madd(key, u0, v128.load(s)), s1 = madd(key, u1, v128.load(s, 16));
    v128.store(s, s0); v128.store(s, s1, 16);
    y0 = madd(query, s0, y0); y1 = madd(query, s1, y1);
  }
  storeSome(args.Y + at, f32x4.mul(factor, y0), channels);
  if (channels > 4) storeSome(args.Y + at + 16, f32x4.mul(factor, y1), channels - 4);
}

function storeSome(to: usize, value: v128, count: i32): void {
  if (count >= 4) v128.store(to, value);
  else storeTail(to, value, count);
}
