import { exp, silu } from "../../engines/wasm/exp.as";
import { freshTile, tile } from "../../engines/wasm/gemm.as";
import { packTransposed } from "../../engines/wasm/pack.as";
import { Args } from "./layout.as";
export { freshTile, tile } from "../../engines/wasm/gemm.as";
export { steps } from "../../recurrence/wasm/steps.as";

// The dual, attention-like form: Y = (L o C B^T) X. Eight queries are the lanes, keys and channels come in sixes.

const QUERIES: i32 = 8;
const KEYS: i32 = 6;
const BLOCK: i32 = 96;

/** B transposed, six tokens a tile, [sequence][group][tile][n][8]. Tasks: (sequence, group, run of `span` tiles). */
export function pack(args: Args, task: i32, scratch: usize): void {
  const tiles = (args.length + KEYS - 1) / KEYS, runs = (tiles + args.span - 1) / args.span;
  const first = task % runs * args.span, last = min(first + args.span, tiles), bg = task / runs;
  const b = bg / args.groups, g = bg % args.groups, stride = <usize>(args.groups * args.state) << 2, bytes = <usize>args.state << 5;
  for (let i = first; i < last; i++) {
    const from = args.B + (((<usize>b * args.length + i * KEYS) * args.groups + g) * args.state << 2);
    packTransposed(from, stride, min(args.length - i * KEYS, KEYS), args.state, 1, args.records + (<usize>bg * tiles + i) * bytes);
  }
}

/** Sums of log decays over s < k < end for every s < end, into `sums`: over the segment, never a difference of running sums. */
function segments(args: Args, b: i32, h: i32, end: i32, sums: usize): void {
  const step = <usize>args.heads << 2;
  let from = args.logA + (((<usize>b * args.length + end) * args.heads + h) << 2), sum: f32 = 0;
  for (let s = end - 1; s >= 0; s--) {
    store<f32>(sums + (<usize>s << 2), sum);
    from -= step;
    sum += load<f32>(from);
  }
  store<f32>(sums - 4, sum);
}

/** Y of eight tokens. Tasks: (sequence, head, tile of queries from the last, which has most keys). */
export function outputs(args: Args, task: i32, scratch: usize): void {
  const tiles = (args.length + QUERIES - 1) / QUERIES, t0 = (tiles - 1 - task % tiles) * QUERIES, queries = min(QUERIES, args.length - t0);
  const h = task / tiles % args.heads, b = task / tiles / args.heads, g = h / (args.heads / args.groups);
  const state = args.state, width = args.headDim, rows = (width + 5) / 6 * 6;
  const row = <usize>b * args.length + t0, step = <usize>args.heads << 2;
  const sums = scratch + 64, C = sums + (<usize>(args.length + 16) << 2), M = C + (<usize>state << 5);
  const O = M + (BLOCK + 2 * KEYS) * 32, initial = O + (<usize>rows << 5);
  memory.fill(O, 0, <usize>rows << 5);
  packTransposed(args.C + ((row * args.groups + g) * state << 2), <usize>(args.groups * state) << 2, queries, state, 1, C);
  segments(args, b, h, t0, sums);
  // Decay from the tile's start through each query
  let whole: f32 = 0;
  for (let q = 0; q < QUERIES; q++) {
    if (q < queries) whole += load<f32>(args.logA + ((row + q) * args.heads + h << 2));
    store<f32>(scratch + (q << 2), whole);
  }
  const pre0 = v128.load(scratch), pre1 = v128.load(scratch, 16);
  const B = args.records + <usize>((b * args.groups + g) * ((args.length + KEYS - 1) / KEYS)) * (<usize>state << 5);
  const dt = args.dt + ((<usize>b * args.length * args.heads + h) << 2), xStride = step * width;
  const X = args.X + ((<usize>b * args.length * args.heads + h) * width << 2);
  for (let s0 = 0; s0 < t0; s0 += BLOCK) {
    const count = min(BLOCK, t0 - s0);
    products(B, C, state, s0 / KEYS, (s0 + count + KEYS - 1) / KEYS, M);
    for (let s = 0; s < count; s++) {
      const m = M + (<usize>s << 5), sum = v128.load32_splat(sums + (<usize>(s0 + s) << 2));
      const w = args.dt ? v128.load32_splat(dt + <usize>(s0 + s) * step) : f32x4.splat(1);
      v128.store(m, f32x4.mul(v128.load(m), f32x4.mul(w, exp(f32x4.add(sum, pre0)))));
      v128.store(m, f32x4.mul(v128.load(m, 16), f32x4.mul(w, exp(f32x4.add(sum, pre1)))), 16);
    }
    for (let p = 0; p < width; p += KEYS) {
      tile(X + <usize>s0 * xStride + (p << 2), xStride, M, 32, count, O + (<usize>p << 5), 32, args.ones);
    }
  }
  const first = t0 / KEYS;
  products(B, C, state, first, (t0 + queries + KEYS - 1) / KEYS, M);
  diagonal(args, row, h, queries, M + (<usize>(t0 - first * KEYS) << 5), O);
  if (args.initialState) fromInitial(args, b, h, load<f32>(sums - 4), pre0, pre1, C, O, initial);
  write(args, row, h, queries, O);
}

/** C_q . B_s for key tiles `first` to `last`, [s][8 queries]. */
function products(B: usize, C: usize, state: i32, first: i32, last: i32, M: usize): void {
  const bytes = <usize>state << 5;
  for (let i = first; i < last; i++, M += KEYS * 32) freshTile(B + <usize>i * bytes, 32, C, 32, state, M, 32);
}

/** Pairs inside the tile: only s <= q, one by one, so that a NaN at one token cannot reach an earlier one. */
function diagonal(args: Args, row: usize, h: i32, queries: i32, M: usize, O: usize): void {
  for (let s = 0; s < queries; s++) {
    const token = (row + s) * args.heads + h, X = args.X + (token * args.headDim << 2);
    const dt: f32 = args.dt ? load<f32>(args.dt + (token << 2)) : 1;
    let sum: f32 = 0;
    for (let q = s; q < queries; q++) {
      if (q > s) sum += load<f32>(args.logA + (((row + q) * args.heads + h) << 2));
      const m = load<f32>(M + (<usize>s << 5) + (q << 2)) * (dt * f32x4.extract_lane(exp(f32x4.splat(sum)), 0));
      for (let p = 0; p < args.headDim; p++) {
        const o = O + (<usize>p << 5) + (q << 2);
        store<f32>(o, load<f32>(o) + m * load<f32>(X + (<usize>p << 2)));
      }
    }
  }
}

/** What is left of the initial state: C, decayed from the sequence's start, against S_0. */
function fromInitial(args: Args, b: i32, h: i32, before: f32, pre0: v128, pre1: v128, C: usize, O: usize, copy: usize): void {
  const state = args.state, width = args.headDim, stride = <usize>(width + 8) << 2;
  const a0 = exp(f32x4.add(f32x4.splat(before), pre0)), a1 = exp(f32x4.add(f32x4.splat(before), pre1));
  let from = args.initialState + ((<usize>b * args.heads + h) * width * state << 2);
  for (let p = 0; p < width; p++) {
    for (let n = 0; n < state; n++, from += 4) store<f32>(copy + <usize>n * stride + (p << 2), load<f32>(from));
  }
  for (let n = 0; n < state; n++) {
    const c = C + (<usize>n << 5);
    v128.store(c, f32x4.mul(a0, v128.load(c)));
    v128.store(c, f32x4.mul(a1, v128.load(c, 16)), 16);
  }
  for (let p = 0; p < width; p += KEYS) tile(copy + (p << 2), stride, C, 32, state, O + (<usize>p << 5), 32, args.ones);
}

function write(args: Args, row: usize, h: i32, queries: i32, O: usize): void {
  for (let q = 0; q < queries; q++, O += 4) {
    const at = ((row + q) * args.heads + h) * args.headDim << 2;
    for (let p = 0; p < args.headDim; p++) {
      const to = at + (p << 2);
      let y = load<f32>(O + (<usize>p << 5));
      if (args.D) y += load<f32>(args.D + (<usize>(h * args.headDim + p) << 2)) * load<f32>(args.X + to);
      if (args.z) y *= f32x4.extract_lane(silu(v128.load32_zero(args.z + to)), 0);
      store<f32>(args.Y + to, y);
    }
  }
}

/** The final state, one sum over all tokens. Tasks: (sequence, head). */
export function states(args: Args, task: i32, scratch: usize): void {
  const h = task % args.heads, b = task / args.heads, g = h / (args.heads / args.groups);
  const state = args.state, padded = (state + 5) / 6 * 6, step = <usize>args.heads << 2, stride = <usize>(args.groups * state) << 2;
  const sums = scratch + 64, scaled = sums + (<usize>(args.length + 16) << 2), S = scaled + BLOCK * 32;
  segments(args, b, h, args.length, sums);
  const B = args.B + ((<usize>b * args.length * args.groups + g) * state << 2);
  const dt = args.dt + ((<usize>b * args.length * args.heads + h) << 2);
  const initial = f32x4.extract_lane(exp(f32x4.splat(load<f32>(sums - 4))), 0);
  const all = <usize>task * args.headDim;
  for (let p0 = 0; p0 < args.headDim; p0 += 8) {
    const X = args.X + (((<usize>b * args.length * args.heads + h) * args.headDim + p0) << 2), width = min(8, args.headDim - p0);
    memory.fill(S, 0, <usize>padded << 5);
    for (let s0 = 0; s0 < args.length; s0 += BLOCK) {
      const count = min(BLOCK, args.length - s0);
      for (let s = 0; s < count; s++) {
        let w = exp(v128.load32_splat(sums + (<usize>(s0 + s) << 2)));
        if (args.dt) w = f32x4.mul(w, v128.load32_splat(dt + <usize>(s0 + s) * step));
        const x = X + <usize>(s0 + s) * step * args.headDim, to = scaled + (<usize>s << 5);
        v128.store(to, f32x4.mul(w, v128.load(x)));
        v128.store(to, f32x4.mul(w, v128.load(x, 16)), 16);
      }
      for (let n = 0; n < state; n += KEYS) {
        tile(B + <usize>s0 * stride + (n << 2), stride, scaled, 32, count, S + (<usize>n << 5), 32, args.ones);
      }
    }
    for (let p = 0; p < width; p++) {
      for (let n = 0; n < state; n++) {
        const at = ((all + p0 + p) * state + n) << 2;
        let value = load<f32>(S + (<usize>n << 5) + (p << 2));
        if (args.initialState) value += initial * load<f32>(args.initialState + at);
        store<f32>(args.finalState + at, value);
      }
    }
  }
}
