import { exp, silu } from "../../engines/wasm/exp.as";
import { flushed, loadTail, madd, storeTail } from "../../engines/wasm/simd.as";
import { Args } from "./layout.as";

/**
 * A few tokens of many sequences: states pass through once, as they lie in memory, lanes are states. Tasks: (sequence, run of `span`
 * heads).
 */
export function decode(args: Args, task: i32, scratch: usize): void {
  const runs = (args.heads + args.span - 1) / args.span;
  const b = task / runs, first = task % runs * args.span, last = min(first + args.span, args.heads);
  const rowBytes = <usize>args.state << 2;
  for (let h = first; h < last; h++) {
    const states = (<usize>b * args.heads + h) * args.headDim * rowBytes;
    for (let t = 0; t < args.length; t++) {
      const token = <usize>b * args.length + t, row = (token * args.groups + h / (args.heads / args.groups)) * rowBytes;
      const at = token * args.heads + h;
      const a = exp(v128.load32_splat(args.logA + (at << 2)));
      const dt: f32 = args.dt ? load<f32>(args.dt + (at << 2)) : 1;
      // A reset drops what is before it, NaN and all.
      const past = f32x4.extract_lane(a, 0) != 0;
      const from = !past ? 0 : t ? args.finalState + states : args.initialState ? args.initialState + states : 0;
      for (let p = 0; p < args.headDim; p++) {
        const offset = (at * args.headDim + p) << 2, channel = <usize>p * rowBytes;
        const x = load<f32>(args.X + offset);
        const to = args.finalState + states + channel;
        let y = oneChannel(args.B + row, args.C + row, from ? from + channel : 0, to, args.state, a, f32x4.splat(dt * x));
        if (args.D) y += load<f32>(args.D + (<usize>(h * args.headDim + p) << 2)) * x;
        if (args.z) y *= f32x4.extract_lane(silu(v128.load32_zero(args.z + offset)), 0);
        store<f32>(args.Y + offset, y);
      }
    }
  }
}

function oneChannel(B: usize, C: usize, from: usize, S: usize, state: i32, a: v128, x: v128): f32 {
  const zero = i32x4.splat(0);
  let y = zero, n: usize = 0;
  const whole = <usize>(state & ~3) << 2;
  for (; n < whole; n += 16) {
    const s = flushed(madd(x, v128.load(B + n), f32x4.mul(a, from ? v128.load(from + n) : zero)));
    v128.store(S + n, s);
    y = madd(s, v128.load(C + n), y);
  }
  const rest = state & 3;
  if (rest) {
    const s = flushed(madd(x, loadTail(B + n, rest), f32x4.mul(a, from ? loadTail(from + n, rest) : zero)));
    storeTail(S + n, s, rest);
    y = madd(s, loadTail(C + n, rest), y);
  }
  const half = f32x4.add(y, v128.shuffle<f32>(y, y, 2, 3, 0, 1));
  return f32x4.extract_lane(half, 0) + f32x4.extract_lane(half, 1);
}
