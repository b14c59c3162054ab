// What the ssd kernels share: the argument block that arguments.wasm.ts writes, and walks over rows and states.

/** Words of 4 bytes, in the order of `fields` in arguments.wasm.ts. Tensors and scratch are byte addresses, 0 for an absent input. */
@unmanaged
export class Args {
  X: usize; logA: usize; B: usize; C: usize;
  dt: usize; D: usize; z: usize; initialState: usize;
  Y: usize; finalState: usize;
  length: i32; heads: i32; groups: i32; headDim: i32; state: i32;
  chunk: i32;
  /** Slices of eight channels a head. */
  slices: i32;
  /** What this dispatch works on: sequences from `first` on, tokens from `start` on. */
  first: i32; start: i32; tokens: i32;
  /** Chunks, and slices, a task takes. */
  span: i32; sliceSpan: i32;
  /** States of the sequences of this dispatch: [sequence][head][slice][n, padded to 6][8]. */
  states: usize;
  records: usize;
  /** Eight ones. */
  ones: usize;
}

/** Tokens of a row tile. */
export const ROWS: i32 = 6;

/** The address of six readable rows: the rows themselves, or `rows` < 6 of them copied to `spare` (rows of `width` floats) with zero rows behind. */
export function rowsOf(from: usize, stride: usize, rows: i32, width: i32, spare: usize): usize {
  if (rows >= ROWS) return from;
  memory.fill(spare, 0, <usize>(ROWS * width) << 2);
  for (let r = 0; r < rows; r++) memory.copy(spare + (<usize>(r * width) << 2), from + <usize>r * stride, <usize>width << 2);
  return spare;
}

/** Transposes six rows (fewer: zeros in place of the rest) to [n][8], each times its own factor. */
export function packRows(from: usize, stride: usize, rows: i32, width: i32, factors: usize, to: usize): void {
  const zero = i32x4.splat(0);
  let n = 0;
  if (rows == ROWS) {
    const r1 = from + stride, r2 = r1 + stride, r3 = r2 + stride, r4 = r3 + stride, r5 = r4 + stride;
    for (; n + 4 <= width; n += 4, to += 128) {
      const at = <usize>n << 2;
      const a = f32x4.mul(v128.load(from + at), v128.load32_splat(factors)), b = f32x4.mul(v128.load(r1 + at), v128.load32_splat(factors, 4));
      const c = f32x4.mul(v128.load(r2 + at), v128.load32_splat(factors, 8)), d = f32x4.mul(v128.load(r3 + at), v128.load32_splat(factors, 12));
      const ab0 = v128.shuffle<f32>(a, b, 0, 4, 1, 5), ab1 = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
      const cd0 = v128.shuffle<f32>(c, d, 0, 4, 1, 5), cd1 = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
      v128.store(to, v128.shuffle<f32>(ab0, cd0, 0, 1, 4, 5));
      v128.store(to, v128.shuffle<f32>(ab0, cd0, 2, 3, 6, 7), 32);
      v128.store(to, v128.shuffle<f32>(ab1, cd1, 0, 1, 4, 5), 64);
      v128.store(to, v128.shuffle<f32>(ab1, cd1, 2, 3, 6, 7), 96);
      const e = f32x4.mul(v128.load(r4 + at), v128.load32_splat(factors, 16)), f = f32x4.mul(v128.load(r5 + at), v128.load32_splat(factors, 20));
      const ef0 = v128.shuffle<f32>(e, f, 0, 4, 1, 5), ef1 = v128.shuffle<f32>(e, f, 2, 6, 3, 7);
      v128.store(to, ef0, 16);
      v128.store(to, v128.shuffle<f32>(ef0, zero, 2, 3, 4, 4), 48);
      v128.store(to, ef1, 80);
      v128.store(to, v128.shuffle<f32>(ef1, zero, 2, 3, 4, 4), 112);
    }
  }
  for (; n < width; n++, to += 32) {
    for (let r = 0; r < ROWS; r++) {
      store<f32>(to + (r << 2), r < rows ? load<f32>(from + <usize>r * stride + (<usize>n << 2)) * load<f32>(factors + (r << 2)) : 0);
    }
  }
}

/** States below 1e-25 become zero: wasm has no flush-to-zero mode, and arithmetic on denormals is 5-48x slower. */
export function flush(S: usize, state: i32): void {
  const least = f32x4.splat(1e-25);
  for (let i = 0; i < state * 2; i++, S += 16) {
    const v = v128.load(S);
    // Not `abs(v) >= least`: a NaN has to stay.
    v128.store(S, v128.andnot(v, f32x4.lt(f32x4.abs(v), least)));
  }
}

/** initialState (h p n), or zeros, into the slices' layout. Tasks: (sequence, head). */
export function loadStates(args: Args, task: i32, scratch: usize): void {
  const padded = (args.state + ROWS - 1) / ROWS * ROWS;
  const bytes = <usize>(args.slices * padded) * 32;
  const to = args.states + <usize>task * bytes;
  memory.fill(to, 0, bytes);
  if (!args.initialState) return;
  let from = args.initialState + (<usize>(args.first * args.heads + task) * args.headDim * args.state << 2);
  for (let p = 0; p < args.headDim; p++) {
    let at = to + <usize>((p >> 3) * padded) * 32 + <usize>((p & 7) << 2);
    for (let n = 0; n < args.state; n++, from += 4, at += 32) store<f32>(at, load<f32>(from));
  }
}

export function storeStates(args: Args, task: i32, scratch: usize): void {
  const padded = (args.state + ROWS - 1) / ROWS * ROWS;
  const from = args.states + <usize>(task * args.slices * padded) * 32;
  let to = args.finalState + (<usize>(args.first * args.heads + task) * args.headDim * args.state << 2);
  for (let p = 0; p < args.headDim; p++) {
    let at = from + <usize>((p >> 3) * padded) * 32 + <usize>((p & 7) << 2);
    for (let n = 0; n < args.state; n++, to += 4, at += 32) store<f32>(to, load<f32>(at));
  }
}
