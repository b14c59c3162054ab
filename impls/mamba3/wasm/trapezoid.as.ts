import { exp } from "../../engines/wasm/exp.as";
import { storeTail } from "../../engines/wasm/simd.as";
import { Args } from "./layout.as";

/** Tokens of a task: WEIGHTS_SPAN in arguments.ts. */
const SPAN: i32 = 256;

/** dt / (1 + e^-x): lambda dt with x = trap, (1 - lambda) dt with -trap, neither of which cancels. */
// @ts-ignore: decorator
@inline
function half(dt: v128, x: v128): v128 {
  return f32x4.div(dt, f32x4.add(f32x4.splat(1), exp(f32x4.neg(x))));
}

/** Weights of the trapezoid, four neighbours at a time, whatever tokens and heads they are of. Tasks: (sequence, run of tokens). */
export function weigh(args: Args, task: i32, scratch: usize): void {
  const runs = (args.length + SPAN - 1) / SPAN, b = task / runs, t0 = task % runs * SPAN, heads = args.heads;
  const at = (<usize>b * args.length + t0) * heads << 2, total = min(SPAN, args.length - t0) * heads;
  // of the last token nothing is added later: it is handed on
  const added = min(SPAN, args.length - 1 - t0) * heads, next = <usize>heads << 2;
  for (let i = 0; i < total; i += 4) {
    const place = at + (<usize>i << 2);
    const own = half(v128.load(args.dt + place), v128.load(args.trap + place));
    let later = half(v128.load(args.dt + place + next), f32x4.neg(v128.load(args.trap + place + next)));
    if (i + 4 > added) later = firstLanes(later, added - i);
    later = f32x4.add(own, later);
    const left = total - i;
    if (left >= 4) {
      v128.store(args.own + place, own);
      v128.store(args.later + place, later);
    } else {
      storeTail(args.own + place, own, left);
      storeTail(args.later + place, later, left);
    }
  }
}

/** The first `count` lanes, zeros behind them. */
// @ts-ignore: decorator
@inline
function firstLanes(x: v128, count: i32): v128 {
  return v128.and(x, i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(count)));
}
