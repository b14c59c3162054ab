import { exp2, log2e, silu } from "../../engines/wasm/exp.as";
import { flushed, loadTail, madd, storeTail } from "../../engines/wasm/simd.as";
import { Args, anew, step } from "./arguments.as";

/**
 * A few tokens of many sequences: states pass through once, as they lie in memory, lanes are states. Tasks: (sequence, run of `span`
 * channels).
 */
export function decode(args: Args, task: i32, scratch: usize): void {
  const runs = (args.width + args.span - 1) / args.span;
  const b = task / runs, d0 = (task % runs) * args.span, d1 = min(d0 + args.span, args.width);
  const rowBytes = <usize>args.state << 2;
  for (let d = d0; d < d1; d++) {
    const S = args.finalState + <usize>(b * args.width + d) * rowBytes;
    let from = args.initialState ? args.initialState + <usize>(b * args.width + d) * rowBytes : 0;
    const A = args.A + <usize>d * rowBytes;
    for (let t = 0; t < args.length; t++, from = S) {
      if (args.documents && anew(args, b, t)) from = 0;
      const token = <usize>b * args.length + t, at = (token * args.width + d) << 2;
      const row = (token * args.groups + d / (args.width / args.groups)) * rowBytes, constant = <usize>d * rowBytes;
      const delta = f32x4.splat(f32x4.extract_lane(step(args, v128.load32_zero(args.delta + at), <usize>d << 2), 0));
      const u = load<f32>(args.u + at);
      let y = oneChannel(args.B + (args.constantB ? constant : row), args.C + (args.constantC ? constant : row), A, from, S, args.state,
        delta, f32x4.mul(delta, f32x4.splat(u)));
      if (args.D) y += load<f32>(args.D + (<usize>d << 2)) * u;
      if (args.z) y *= f32x4.extract_lane(silu(v128.load32_zero(args.z + at)), 0);
      store<f32>(args.Y + at, y);
    }
  }
}

// @ts-ignore: decorator
@inline
function next(A: v128, B: v128, S: v128, delta: v128, x: v128): v128 {
  return flushed(madd(exp2(f32x4.mul(delta, f32x4.mul(A, f32x4.splat(log2e)))), S, f32x4.mul(x, B)));
}

function oneChannel(B: usize, C: usize, A: usize, from: usize, S: usize, state: i32, delta: v128, x: v128): f32 {
  const zero = i32x4.splat(0);
  let y = zero, n: usize = 0;
  const whole = <usize>(state & ~3) << 2;
  for (; n < whole; n += 16) {
    const s = next(v128.load(A + n), v128.load(B + n), from ? v128.load(from + n) : zero, delta, x);
    v128.store(S + n, s);
    y = madd(s, v128.load(C + n), y);
  }
  const rest = state & 3;
  if (rest) {
    const s = next(loadTail(A + n, rest), loadTail(B + n, rest), from ? loadTail(from + n, rest) : zero, delta, x);
    storeTail(S + n, s, rest);
    y = madd(s, loadTail(C + n, rest), y);
  }
  const half = f32x4.add(y, v128.shuffle<f32>(y, y, 2, 3, 0, 1));
  return f32x4.extract_lane(half, 0) + f32x4.extract_lane(half, 1);
}
