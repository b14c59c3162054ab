import { silu } from "../../engines/wasm/exp.as";
import { madd, storeTail } from "../../engines/wasm/simd.as";

/** Words of 4 bytes, in the order of `fields` in direct.wasm.ts. Tensors are byte addresses, 0 for an absent input. */
@unmanaged
class Args {
  X: usize; weight: usize; bias: usize; initialState: usize; documents: usize;
  Y: usize; finalState: usize;
  length: i32; channels: i32; width: i32;
  silu: i32;
  /** Tokens a task takes. */
  span: i32;
}

/** Tasks: (sequence, run of `span` tokens). Scratch, in rows of whole vectors: the weights of each tap, the bias, the tokens before. */
export function convolve(args: Args, task: i32, scratch: usize): void {
  const runs = (args.length + args.span - 1) / args.span;
  const b = task / runs, first = (task % runs) * args.span, last = min(first + args.span, args.length);
  const channels = args.channels, past = args.width - 1;
  const padded = <usize>((channels + 3) & ~3) << 2, row = <usize>channels << 2;
  const bias = scratch + <usize>args.width * padded, before = bias + padded;
  columns(args.weight, channels, args.width, scratch, padded);
  if (args.bias) memory.copy(bias, args.bias, row);
  else memory.fill(bias, 0, row);
  const state = (<usize>(b * past) * row);
  if (args.initialState) columns(args.initialState + state, channels, past, before, padded);
  else memory.fill(before, 0, <usize>past * padded);

  const X = args.X + <usize>b * args.length * row, ids = args.documents ? args.documents + (<usize>(b * args.length) << 2) : 0;
  for (let t = first; t < last; t++) {
    const to = args.Y + <usize>(b * args.length + t) * row, back = reach(ids, t, past), tap = scratch + <usize>(past - back) * padded;
    // rows of X follow each other; the first tokens of a sequence also look at rows of the initial state
    if (t < back) early(args, X, t, back, tap, padded, bias, before, to);
    else sums(X + <usize>(t - back) * row, row, back + 1, tap, padded, bias, channels, args.silu, to);
  }
  if (last == args.length) finish(args, b, X, reach(ids, last - 1, past), before, padded);
}

/** bias + sum over `count` taps of their weights times a row, then SiLU. Lanes behind the last channel are never stored. */
function sums(
  from: usize, row: usize, count: i32, tap: usize, padded: usize, bias: usize, channels: i32, gate: i32, to: usize,
): void {
  for (let c = 0; c < channels; c += 4, from += 16, tap += 16, bias += 16, to += 16) {
    let y = v128.load(bias), p = from, w = tap;
    for (let j = count; j > 0; j--, p += row, w += padded) y = madd(v128.load(w), v128.load(p), y);
    if (gate) y = silu(y);
    if (channels - c >= 4) v128.store(to, y);
    else storeTail(to, y, channels - c);
  }
}

/** The same for a token whose taps reach before the first one. */
function early(
  args: Args, X: usize, t: i32, back: i32, tap: usize, padded: usize, bias: usize, before: usize, to: usize,
): void {
  const row = <usize>args.channels << 2, past = args.width - 1;
  for (let c = 0; c < args.channels; c += 4) {
    const at = <usize>c << 2;
    let y = v128.load(bias + at), w = tap + at;
    for (let j = back; j >= 0; j--, w += padded) {
      const x = t < j ? v128.load(before + <usize>(past + t - j) * padded + at) : v128.load(X + <usize>(t - j) * row + at);
      y = madd(v128.load(w), x, y);
    }
    if (args.silu) y = silu(y);
    if (args.channels - c >= 4) v128.store(to + at, y);
    else storeTail(to + at, y, args.channels - c);
  }
}

/** The last inputs of a sequence, oldest first; zeros where they belong to another document than the last token. */
function finish(args: Args, b: i32, X: usize, kept: i32, before: usize, padded: usize): void {
  const past = args.width - 1, row = <usize>args.channels << 2;
  let to = args.finalState + <usize>(b * past) * row;
  for (let c = 0; c < args.channels; c++) {
    const at = <usize>c << 2;
    for (let back = past - 1; back >= 0; back--, to += 4) {
      const t = args.length - 1 - back;
      let x: f32 = 0;
      if (back <= kept) x = t < 0 ? load<f32>(before + <usize>(past + t) * padded + at) : load<f32>(X + <usize>t * row + at);
      store<f32>(to, x);
    }
  }
}

/** How many tokens before `t` belong to its document, at most `past`; those before the first one belong to document 0. */
function reach(ids: usize, t: i32, past: i32): i32 {
  if (!ids) return past;
  const id = load<f32>(ids + (<usize>t << 2));
  let back = 0;
  while (back < past && (t - back - 1 < 0 ? 0 : load<f32>(ids + (<usize>(t - back - 1) << 2))) == id) back++;
  return back;
}

/** (channel, j) to rows of channels. */
function columns(from: usize, channels: i32, count: i32, to: usize, padded: usize): void {
  for (let c = 0; c < channels; c++) {
    for (let j = 0; j < count; j++, from += 4) store<f32>(to + <usize>j * padded + (<usize>c << 2), load<f32>(from));
  }
}
