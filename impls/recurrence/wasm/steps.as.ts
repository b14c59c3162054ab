import { softplus } from "../../engines/wasm/exp.as";
import { storeTail } from "../../engines/wasm/simd.as";

// The step in front of the map: dt <- clamp(softplus(dt + dtBias)), logA = dt A where A is one number a head, and a log decay of -Infinity
// where a document begins: what was before is multiplied by exactly 0, in every form.

/** Words of 4 bytes, in the order of `fields` in steps.ts. Addresses are 0 where there is nothing to read or to make. */
@unmanaged
class Steps {
  dt: usize; dtBias: usize; logA: usize; documents: usize;
  /** What is made: (batch, length, heads). */
  dtMade: usize; logAMade: usize;
  length: i32; heads: i32;
  /** Whether logA is one number a head. */
  perHead: i32;
  softplus: i32;
  dtMin: f32; dtMax: f32;
  /** Tokens a task takes, a multiple of four. */
  tokens: i32;
}

/** Tasks: (sequence, run of `tokens` tokens). Scratch: bias and A of four tokens. */
export function steps(args: Steps, task: i32, scratch: usize): void {
  const runs = (args.length + args.tokens - 1) / args.tokens, b = task / runs, t0 = task % runs * args.tokens;
  const row = <usize>b * args.length + t0, count = min(args.tokens, args.length - t0), total = count * args.heads;
  const at = row * args.heads << 2, period = args.heads << 4, bias = scratch, A = scratch + period;
  for (let i = 0; i < args.heads * 4; i++) {
    const h = <usize>(i % args.heads) << 2, to = <usize>i << 2;
    store<f32>(bias + to, args.dtBias ? load<f32>(args.dtBias + h) : 0);
    store<f32>(A + to, args.perHead ? load<f32>(args.logA + h) : 0);
  }
  // Four neighbours at a time, whatever tokens and heads they are of; the tables repeat after four tokens.
  let j: usize = 0;
  for (let i = 0; i < total; i += 4) {
    const place = at + (<usize>i << 2);
    if (args.dt) {
      let step = v128.load(args.dt + place);
      if (args.dtMade) {
        step = f32x4.add(step, v128.load(bias + j));
        if (args.softplus) step = softplus(step);
        step = f32x4.pmin(f32x4.pmax(step, f32x4.splat(args.dtMin)), f32x4.splat(args.dtMax));
        put(args.dtMade + place, step, total - i);
      }
      if (args.perHead) put(args.logAMade + place, f32x4.mul(step, v128.load(A + j)), total - i);
    }
    j += 16;
    if (j == period) j = 0;
  }
  if (!args.documents) return;
  if (!args.perHead) memory.copy(args.logAMade + at, args.logA + at, <usize>total << 2);
  for (let t = 0; t < count; t++) {
    if (!anew(args.documents + ((row + t) << 2), t0 + t)) continue;
    const to = args.logAMade + at + (<usize>(t * args.heads) << 2);
    for (let h = 0; h < args.heads; h++) store<f32>(to + (<usize>h << 2), -Infinity);
  }
}

/** Whether nothing from before token t reaches it. @param id where its document's id lies */
function anew(id: usize, t: i32): bool {
  return t ? load<f32>(id) != load<f32>(id - 4) : load<f32>(id) != 0;
}

function put(to: usize, value: v128, rest: i32): void {
  if (rest >= 4) v128.store(to, value);
  else storeTail(to, value, rest);
}
