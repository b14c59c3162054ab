import { exp } from "../engines/wasm/exp.as";
import { tile } from "../engines/wasm/gemm.as";
import { Args, ROWS, flush, rowsOf, sliceBytes } from "./layout.as";
import { copyVectors, finish, packRows, splitRows, triangle } from "./rows.as";
import { scoreTile } from "./scores.as";
import { onlyDecays, productWeights } from "./weights.as";
export { loadStates, storeStates } from "./layout.as";
export { finish, triangle, packRows, splitRows } from "./rows.as";

// Section 6 of the paper, f32, in six-token tiles. A chunk of one head keeps a record: per tile i the weights
// M[s][8 rows] = (C_q . B_s) exp(segment sum) dt_s for s up to the tile's end, then decays from the chunk's start [tiles][8],
// weights of the tokens in the chunk's state [tiles][8], and the chunk's whole decay eight times.

// @ts-ignore: decorator
@inline
function weightBytes(tiles: i32): usize {
  return <usize>(tiles * (tiles + 1) * 96);
}

function recordBytes(tiles: i32): i32 {
  return tiles * (tiles + 1) * 96 + tiles * 64 + 32;
}

/** 1. Scores inside chunks, and decays, of one sequence, one group, `span` chunks. Tasks: (sequence, group, run of chunks). */
export function scores(args: Args, task: i32, scratch: usize): void {
  const chunks = (args.tokens + args.chunk - 1) / args.chunk;
  const runs = (chunks + args.span - 1) / args.span;
  const first = (task % runs) * args.span;
  const g = (task / runs) % args.groups;
  const b = task / runs / args.groups;
  const last = min(first + args.span, chunks);
  for (let c = first; c < last; c++) chunkScores(args, b, g, c, chunks, scratch);
}

function chunkScores(args: Args, b: i32, g: i32, c: i32, chunks: i32, scratch: usize): void {
  const q0 = args.start + c * args.chunk;
  const count = min(args.chunk, args.start + args.tokens - q0);
  const tiles = (count + ROWS - 1) / ROWS;
  const state = args.state;
  const stride = <usize>(args.groups * state) << 2;
  const at = (<usize>(args.first + b) * args.length + q0) * args.groups + g;
  const B = args.B + at * state * 4, C = args.C + at * state * 4;
  const G = scratch;
  const base = G + weightBytes(tiles);
  const lanes = base + <usize>tiles * 32;
  let to = G;
  for (let i = 0; i < tiles; i++) {
    const rows = count - i * ROWS;
    const c0 = rowsOf(C + <usize>(i * ROWS) * stride, stride, rows, state, lanes + 1024);
    const cStride = rows < ROWS ? <usize>state << 2 : stride;
    for (let j = 0; j < i; j++, to += 192) {
      scoreTile(c0, cStride, B + <usize>(j * ROWS) * stride, stride, state, false, to, lanes);
    }
    const b0 = rows < ROWS ? rowsOf(B + <usize>(i * ROWS) * stride, stride, rows, state, lanes + 1024 + <usize>state * 24) : B + <usize>(i * ROWS) * stride;
    scoreTile(c0, cStride, b0, cStride, state, true, to, lanes);
    to += 192;
  }
  const ratio = args.heads / args.groups;
  for (let h = g * ratio; h < (g + 1) * ratio; h++) {
    const record = args.records + (<usize>(b * args.heads + h) * chunks + c) * recordBytes((args.chunk + ROWS - 1) / ROWS);
    headWeights(args, (<usize>(args.first + b) * args.length + q0) * args.heads + h, count, G, base, lanes, record);
  }
}

/** 2. Decays of one head in one chunk, applied to the scores. */
function headWeights(args: Args, at: usize, count: i32, G: usize, base: usize, local: usize, record: usize): void {
  const tiles = (count + ROWS - 1) / ROWS;
  const step = <usize>args.heads << 2;
  const logA = args.logA + (at << 2), dt = args.dt + (at << 2);
  const decays = record + weightBytes(tiles), inState = decays + <usize>tiles * 32;
  if (onlyDecays(logA, step, count)) return productWeights(args, at, count, G, base, local, record, decays, inState);
  const sumsOf = local, pre = local + 192;
  let to = record;
  let before: f32 = 0; // sum of the log decays from the chunk's start to the tile
  for (let i = 0; i < tiles; i++) {
    const s0 = i * ROWS, rows = min(count - s0, ROWS);
    // segsum, not differences of running sums: those cancel (paper listing 1). sumsOf[s][q] = sum over s < k <= q.
    let whole: f32 = 0;
    for (let q = 0; q < 8; q++) {
      const l: f32 = q < rows ? load<f32>(logA + <usize>(s0 + q) * step) : 0;
      whole += l;
      store<f32>(pre + (q << 2), whole);
      for (let s = 0; s < q && s < ROWS; s++) {
        const up = sumsOf + (s << 5) + (q << 2);
        store<f32>(up, (q - 1 > s ? load<f32>(up - 4) : 0) + l);
      }
      if (q < ROWS) for (let r = 0; r <= q; r++) store<f32>(sumsOf + (q << 5) + (r << 2), 0);
    }
    const pre0 = v128.load(pre), pre1 = v128.load(pre, 16);
    for (let s = 0; s < s0; s++, to += 32, G += 32) {
      const sum = load<f32>(base + (s << 2));
      const w = f32x4.splat(args.dt ? load<f32>(dt + <usize>s * step) : 1);
      const sum4 = f32x4.splat(sum);
      v128.store(to, f32x4.mul(f32x4.mul(exp(f32x4.add(sum4, pre0)), w), v128.load(G)));
      v128.store(to, f32x4.mul(f32x4.mul(exp(f32x4.add(sum4, pre1)), w), v128.load(G, 16)), 16);
      store<f32>(base + (s << 2), sum + whole);
    }
    for (let s = 0; s < ROWS; s++, to += 32, G += 32) {
      const w = f32x4.splat(args.dt && s < rows ? load<f32>(dt + <usize>(s0 + s) * step) : 1);
      const sum = sumsOf + (s << 5);
      v128.store(to, f32x4.mul(f32x4.mul(exp(v128.load(sum)), w), v128.load(G)));
      v128.store(to, f32x4.mul(f32x4.mul(exp(v128.load(sum, 16)), w), v128.load(G, 16)), 16);
      store<f32>(base + <usize>((s0 + s) << 2), load<f32>(sum + 28));
    }
    const before4 = f32x4.splat(before);
    v128.store(decays + (i << 5), exp(f32x4.add(before4, pre0)));
    v128.store(decays + (i << 5), exp(f32x4.add(before4, pre1)), 16);
    before += whole;
  }
  for (let s = 0; s < tiles * ROWS; s += 4) v128.store(inState + (s << 2), exp(v128.load(base + (s << 2))));
  for (let s = 0; s < tiles * ROWS; s++) {
    const w = inState + (s << 2);
    if (s >= count) store<f32>(w, 0);
    else if (args.dt) store<f32>(w, load<f32>(w) * load<f32>(dt + <usize>s * step));
  }
  const all = exp(f32x4.splat(before));
  v128.store(inState + <usize>tiles * 32, all);
  v128.store(inState + <usize>tiles * 32, all, 16);
}

/**
 * 3. and 4. Outputs and states, chunk after chunk, all heads of the task in turn: so X and Y are read and written as they lie in
 * memory, and B and C come from the first cache. Tasks: (sequence, run of `headSpan` heads, run of `sliceSpan` slices).
 */
export function outputs(args: Args, task: i32, scratch: usize): void {
  const sliceRuns = (args.slices + args.sliceSpan - 1) / args.sliceSpan, headRuns = (args.heads + args.headSpan - 1) / args.headSpan;
  const h0 = task / sliceRuns % headRuns * args.headSpan, h1 = min(h0 + args.headSpan, args.heads);
  const b = task / sliceRuns / headRuns;
  const first = (task % sliceRuns) * args.sliceSpan, last = min(first + args.sliceSpan, args.slices);
  const chunks = (args.tokens + args.chunk - 1) / args.chunk;
  const bytes = <usize>recordBytes((args.chunk + ROWS - 1) / ROWS);
  const every = max(96 / args.chunk, 1);
  for (let c = 0; c < chunks; c++) {
    const small = (c + 1) % every == 0 || c == chunks - 1;
    for (let h = h0; h < h1; h++) {
      const record = args.records + (<usize>(b * args.heads + h) * chunks + c) * bytes;
      chunkOutputs(args, b, h, c, first, last, small, record, scratch);
    }
  }
}

function chunkOutputs(args: Args, b: i32, h: i32, c: i32, first: i32, last: i32, small: bool, record: usize, scratch: usize): void {
  const q0 = args.start + c * args.chunk;
  const count = min(args.chunk, args.start + args.tokens - q0);
  const tiles = (count + ROWS - 1) / ROWS;
  const state = args.state;
  const stride = <usize>(args.groups * state) << 2, xStride = <usize>(args.heads * args.headDim) << 2;
  const row = <usize>(args.first + b) * args.length + q0;
  const at = (row * args.groups + h / (args.heads / args.groups)) * state * 4;
  const decays = record + weightBytes(tiles), inState = decays + <usize>tiles * 32, all = inState + <usize>tiles * 32;
  const span = last - first;
  const slice = sliceBytes(args);
  let S = args.states + <usize>((b * args.heads + h) * args.slices + first) * slice;

  // Left sides of the products, [n][8 rows] a tile: C with the decay from the chunk's start, then the weights of earlier tiles.
  const left = scratch;
  const scaled = left + <usize>(tiles * state + 3 * tiles * (tiles - 1)) * 32, out = scaled + <usize>(tiles * ROWS * span) * 32;
  let to = left, M = record;
  for (let i = 0; i < tiles; i++) {
    packRows(args.C + at + <usize>(i * ROWS) * stride, stride, min(count - i * ROWS, ROWS), state, decays + (i << 5), to);
    to = copyVectors(to + (<usize>state << 5), M, i * 2 * ROWS);
    M += <usize>(i + 1) * 192;
  }
  // Right sides: X behind the state of its slice, and X with its weight in the chunk's state.
  const X = args.X + ((row * args.heads + h) * args.headDim + first * 8) * 4;
  splitRows(X, xStride, inState, count, span, S + (<usize>state << 5), slice, scaled);

  for (let p = 0; p < span; p++, S += slice) {
    // 3. outputs: inside the chunk, and from the state before it
    M = record;
    to = left;
    for (let i = 0; i < tiles; i++) {
      M += <usize>i * 192;
      const Y = out + <usize>(i * ROWS) * 32;
      triangle(M, S + (<usize>(state + i * ROWS) << 5), Y, 32);
      tile(to, 32, S, 32, state + i * ROWS, Y, 32, args.ones);
      M += 192;
      to += <usize>(state + i * ROWS) << 5;
    }
    // Slice by slice: so few stores that fetching their lines goes on behind the next products.
    finish(args, row, h, first + p, count, out);
    // 4. state: decay over the chunk, plus the chunk's own tokens
    const own = scaled + <usize>(p * count) * 32;
    for (let n = 0; n < state; n += ROWS) {
      tile(args.B + at + (n << 2), stride, own, 32, count, S + (n << 5), 32, all);
    }
    if (small) flush(S, state);
  }
}
