import { flushed } from "../../engines/wasm/simd.as";

// What the ssd kernels share: the argument block that arguments.ts writes, and walks over rows and states.

/** Words of 4 bytes, in the order of `fields` in arguments.ts. Tensors and scratch are byte addresses, 0 for an absent input. */
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
  /** Chunks, heads and slices a task takes. */
  span: i32; headSpan: i32; sliceSpan: i32;
  /** States of the sequences of this dispatch: [sequence][slot][head][slice][n, padded to 6][8]; one slot but for segments. */
  states: usize;
  records: usize;
  /** Eight ones. */
  ones: usize;
  /**
   * Sequence parallelism (segments.as.ts): states a sequence keeps, tokens of its first segment and of the others, decays of whole
   * segments.
   */
  slots: i32; firstTokens: i32; segmentTokens: i32;
  decays: usize;
  /** States of documents, (b h p documents n), where they are asked for, and which document's the next is. */
  documentStates: usize; documents: i32; document: i32;
  /** Ids of the documents of the tokens. */
  ids: usize;
  /** Weights of tokens in their own outputs (b t h), where those differ from `dt`, which then weighs a token in later ones. */
  own: usize;
}

/** Tokens of a row tile. */
export const ROWS: i32 = 6;

/** Bytes of the state of one slice. */
// @ts-ignore: decorator
@inline
export function sliceBytes(args: Args): usize {
  return <usize>((args.state + ROWS - 1) / ROWS * ROWS) << 5;
}

/** The first slice of a head's state. */
// @ts-ignore: decorator
@inline
export function stateOf(args: Args, b: i32, slot: i32, h: i32): usize {
  return args.states + <usize>(((b * args.slots + slot) * args.heads + h) * args.slices) * sliceBytes(args);
}

/**
 * The address of six readable rows: the rows themselves, or `rows` < 6 of them copied to `spare` (rows of `width` floats) with zero
 * rows behind.
 */
export function rowsOf(from: usize, stride: usize, rows: i32, width: i32, spare: usize): usize {
  if (rows >= ROWS) return from;
  memory.fill(spare, 0, <usize>(ROWS * width) << 2);
  for (let r = 0; r < rows; r++) memory.copy(spare + (<usize>(r * width) << 2), from + <usize>r * stride, <usize>width << 2);
  return spare;
}

export function flush(S: usize, state: i32): void {
  for (let i = 0; i < state * 2; i++, S += 16) v128.store(S, flushed(v128.load(S)));
}

/** initialState (h p n), or zeros, into the slices' layout; slots after the first become zeros. Tasks: (sequence, head). */
export function loadStates(args: Args, task: i32, scratch: usize): void {
  const slice = sliceBytes(args), b = task / args.heads, h = task % args.heads;
  for (let slot = 0; slot < args.slots; slot++) memory.fill(stateOf(args, b, slot, h), 0, <usize>args.slices * slice);
  if (!args.initialState) return;
  const to = stateOf(args, b, 0, h);
  let from = args.initialState + (<usize>(args.first * args.heads + task) * args.headDim * args.state << 2);
  for (let p = 0; p < args.headDim; p++) {
    let at = to + <usize>(p >> 3) * slice + <usize>((p & 7) << 2);
    for (let n = 0; n < args.state; n++, from += 4, at += 32) store<f32>(at, load<f32>(from));
  }
}

/** Zeros where a row has fewer documents than states are asked for. Tasks: (sequence, head), all of them. */
export function clearDocuments(args: Args, task: i32, scratch: usize): void {
  const bytes = <usize>(args.headDim * args.documents * args.state) << 2;
  memory.fill(args.documentStates + <usize>task * bytes, 0, bytes);
}

/** The first slot's states to documentStates. Tasks: (sequence, head). */
export function keepDocument(args: Args, task: i32, scratch: usize): void {
  const slice = sliceBytes(args), from = stateOf(args, task / args.heads, 0, task % args.heads);
  const first = <usize>(args.first * args.heads + task) * args.headDim;
  for (let p = 0; p < args.headDim; p++) {
    let at = from + <usize>(p >> 3) * slice + <usize>((p & 7) << 2);
    let to = args.documentStates + (((first + p) * args.documents + args.document) * args.state << 2);
    for (let n = 0; n < args.state; n++, to += 4, at += 32) store<f32>(to, load<f32>(at));
  }
}

/** The last slot's states to finalState (h p n). Tasks: (sequence, head). */
export function storeStates(args: Args, task: i32, scratch: usize): void {
  const slice = sliceBytes(args), from = stateOf(args, task / args.heads, args.slots - 1, task % args.heads);
  let to = args.finalState + (<usize>(args.first * args.heads + task) * args.headDim * args.state << 2);
  for (let p = 0; p < args.headDim; p++) {
    let at = from + <usize>(p >> 3) * slice + <usize>((p & 7) << 2);
    for (let n = 0; n < args.state; n++, to += 4, at += 32) store<f32>(to, load<f32>(at));
  }
}
