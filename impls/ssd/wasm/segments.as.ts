import { exp } from "../../engines/wasm/exp.as";
import { addTokens, chunkScores, headOutputs, seldom } from "./chunk.as";
import { Args, flush, sliceBytes, stateOf } from "./layout.as";
import { recordBytes } from "./weights.as";

// Sequence parallelism (section 8.2): a sequence is cut into segments; all but the first know the state before them only when the
// others' own states have been passed on. Slot k holds the state before segment k + 1. The first segment is half as long as the
// others: it makes its outputs at once, while the others make their states only, which is half the work.

function startOf(args: Args, k: i32): i32 {
  return k ? min(args.length, args.firstTokens + (k - 1) * args.segmentTokens) : 0;
}

/** Outputs of segment 0, states of the segments between the first and the last. Tasks: (segment, sequence). */
export function firstPass(args: Args, task: i32, scratch: usize): void {
  const k = task % args.slots, b = task / args.slots;
  if (k) ownStates(args, b, k, scratch);
  else walk(args, b, 0, 0, scratch);
}

/** The states before all segments, one after another. Tasks: (sequence, head). */
export function handOver(args: Args, task: i32, scratch: usize): void {
  const b = task / args.heads, h = task % args.heads, bytes = <usize>args.slices * sliceBytes(args);
  for (let k = 1; k < args.slots; k++) {
    const a = v128.load32_splat(decayOf(args, b, k, h)), from = stateOf(args, b, k - 1, h), to = stateOf(args, b, k, h);
    for (let i: usize = 0; i < bytes; i += 16) {
      v128.store(to + i, f32x4.add(f32x4.mul(a, v128.load(from + i)), v128.load(to + i)));
    }
  }
}

/** Outputs of all segments but the first. Tasks: (segment, sequence). */
export function secondPass(args: Args, task: i32, scratch: usize): void {
  const slot = task % args.slots;
  walk(args, task / args.slots, slot + 1, slot, scratch);
}

/** Chunk after chunk of segment k, from and to the state in `slot`. */
function walk(args: Args, b: i32, k: i32, slot: i32, scratch: usize): void {
  const end = startOf(args, k + 1), row = <usize>(args.first + b) * args.length, bytes = recordBytes(args);
  const records = args.records + <usize>((b * args.slots + slot) * args.heads) * bytes;
  for (let t = startOf(args, k); t < end; t += args.chunk) {
    const count = min(args.chunk, end - t);
    for (let g = 0; g < args.groups; g++) chunkScores(args, row + t, count, g, records, bytes, scratch);
    headOutputs(args, b, slot, 0, args.heads, row + t, count, 0, args.slices, seldom(args, t, end), records, bytes, scratch);
  }
}

function decayOf(args: Args, b: i32, k: i32, h: i32): usize {
  return args.decays + (<usize>((b * args.slots + k) * args.heads + h) << 2);
}

/** State and decay that segment k adds by itself, into slot k, from zero. */
function ownStates(args: Args, b: i32, k: i32, scratch: usize): void {
  const end = startOf(args, k + 1), row = <usize>(args.first + b) * args.length, ratio = args.heads / args.groups;
  const weights = scratch, all = weights + (<usize>args.chunk << 2) + 64, scaled = all + 64;
  for (let h = 0; h < args.heads; h++) store<f32>(decayOf(args, b, k, h), 1);
  for (let t = startOf(args, k); t < end; t += args.chunk) {
    const count = min(args.chunk, end - t);
    for (let h = 0; h < args.heads; h++) {
      const at = (row + t) * args.heads + h;
      const decay = suffixWeights(args, at, count, weights);
      v128.store(all, f32x4.splat(decay)); v128.store(all, f32x4.splat(decay), 16);
      store<f32>(decayOf(args, b, k, h), load<f32>(decayOf(args, b, k, h)) * decay);
      let S = stateOf(args, b, k, h);
      const B = args.B + ((row + t) * args.groups + h / ratio) * args.state * 4;
      for (let p = 0; p < args.slices; p++, S += sliceBytes(args)) {
        scaleRows(args.X + ((at * args.headDim + p * 8) << 2), <usize>(args.heads * args.headDim) << 2, weights, count, scaled);
        addTokens(args, B, scaled, count, S, all);
        if (seldom(args, t, end)) flush(S, args.state);
      }
    }
  }
}

/** exp(sum of the log decays behind each token) dt; returns the chunk's whole decay. */
function suffixWeights(args: Args, at: usize, count: i32, weights: usize): f32 {
  const step = <usize>args.heads << 2;
  let from = args.logA + ((at + <usize>(count - 1) * args.heads) << 2), sum: f32 = 0;
  for (let s = count - 1; s >= 0; s--, from -= step) {
    store<f32>(weights + (s << 2), sum);
    sum += load<f32>(from);
  }
  for (let s = 0; s < count; s += 4) v128.store(weights + (s << 2), exp(v128.load(weights + (s << 2))));
  if (args.dt) {
    for (let s = 0; s < count; s++) {
      const w = weights + (s << 2);
      store<f32>(w, load<f32>(w) * load<f32>(args.dt + (at << 2) + <usize>s * step));
    }
  }
  return f32x4.extract_lane(exp(f32x4.splat(sum)), 0);
}

function scaleRows(X: usize, stride: usize, factors: usize, rows: i32, to: usize): void {
  for (; rows > 0; rows--, X += stride, factors += 4, to += 32) {
    const w = v128.load32_splat(factors);
    v128.store(to, f32x4.mul(w, v128.load(X))); v128.store(to, f32x4.mul(w, v128.load(X, 16)), 16);
  }
}
