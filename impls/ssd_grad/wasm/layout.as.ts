import { silu } from "../../engines/wasm/exp.as";
import { loadTail, storeTail } from "../../engines/wasm/simd.as";

// What the steps of the backward share: the arguments that chunked.wasm.ts writes, where things lie, and rows of tokens.

/** Words of 4 bytes, in the order of `fields` in arguments.ts. Tensors and scratch are byte addresses, 0 for an absent input or output. */
@unmanaged
export class Args {
  X: usize; logA: usize; B: usize; C: usize; dt: usize; D: usize; z: usize; initialState: usize;
  dtBias: usize; dY: usize; dFinalState: usize;
  Y: usize; finalState: usize;
  dX: usize; dlogA: usize; dB: usize; dC: usize; ddt: usize; dD: usize; dz: usize; dinitialState: usize; ddtBias: usize;
  /** dt and logA as they were given; whether dt is changed on the way, and how. */
  dtGiven: usize; rates: usize;
  made: i32; perHead: i32; softplus: i32; dtMin: f32; dtMax: f32;
  /** Whether D is one number a head, which lies spread over its channels. */
  skipPerHead: i32;
  batch: i32; length: i32; heads: i32; groups: i32; headDim: i32; state: i32;
  /** States at the borders of blocks, and what a block adds to gradients that are sums over tokens. */
  borders: usize; parts: usize;
  /** Eight ones. */
  ones: usize;
}

/** Tokens of a chunk, of a tile (gemm.as.ts) and of a block. */
export const CHUNK: i32 = 24;
export const ROWS: i32 = 6;
export const CHUNKS: i32 = 4;
export const BLOCK: i32 = CHUNK * CHUNKS;
/** Bytes of a row of pairs. */
export const PAIR_ROW: usize = 96;

// @ts-ignore: decorator
@inline
export function blocksOf(args: Args): i32 {
  return (args.length + BLOCK - 1) / BLOCK;
}

/** Columns of the state, in whole tiles. */
// @ts-ignore: decorator
@inline
export function deep(args: Args): i32 {
  return (args.state + 7) & ~7;
}

/** The same of channels. */
// @ts-ignore: decorator
@inline
export function wide(args: Args): i32 {
  return (args.headDim + 7) & ~7;
}

/** Bytes of a row of columns, and of channels: these are rows of tiles too. */
// @ts-ignore: decorator
@inline
export function deepRow(args: Args): usize {
  return <usize>deep(args) << 2;
}
// @ts-ignore: decorator
@inline
export function wideRow(args: Args): usize {
  return <usize>(((args.headDim + ROWS - 1) / ROWS * ROWS + 7) & ~7) << 2;
}

/** Bytes of a head's state, [p, padded to a tile][n]. */
// @ts-ignore: decorator
@inline
export function stateBytes(args: Args): usize {
  return <usize>((args.headDim + ROWS - 1) / ROWS * ROWS) * deepRow(args);
}

/** Where a token's numbers of a head lie, and its row of channels: flat indices. */
// @ts-ignore: decorator
@inline
export function numberAt(args: Args, b: i32, h: i32, t: i32): usize {
  return (<usize>b * args.length + t) * args.heads + h;
}

/** What lies at the border in front of a block, the last border being the end: the state there, or its gradient. */
export function border(args: Args, gradient: bool, b: i32, h: i32, block: i32): usize {
  const head = ((gradient ? args.batch : 0) + b) * args.heads + h;
  return args.borders + (<usize>head * (blocksOf(args) + 1) + block) * stateBytes(args);
}

/** Of a head in a block: its sums for dlogA (one number a head), for ddtBias, and for dD [p, padded]. */
export function partsOf(args: Args, b: i32, block: i32, h: i32): usize {
  return args.parts + (<usize>(b * blocksOf(args) + block) * args.heads + h) * partBytes(args);
}
// @ts-ignore: decorator
@inline
export function partBytes(args: Args): usize {
  return 16 + wideRow(args);
}

// @ts-ignore: decorator
@inline
export function part(from: usize, count: i32): v128 {
  return count >= 4 ? v128.load(from) : loadTail(from, count);
}
// @ts-ignore: decorator
@inline
export function put(to: usize, value: v128, count: i32): void {
  if (count >= 4) v128.store(to, value);
  else storeTail(to, value, count);
}

/** `count` rows of `width` floats, padded with zeros to rows of `toStride` bytes, and to whole chunks of them. */
export function copyRows(from: usize, stride: usize, count: i32, width: i32, to: usize, toStride: usize): void {
  const rows = (count + CHUNK - 1) / CHUNK * CHUNK, bytes = <usize>width << 2;
  memory.fill(to, 0, <usize>rows * toStride);
  for (; count > 0; count--, from += stride, to += toStride) memory.copy(to, from, bytes);
}

/** Rows of B or C. */
export function groupRows(args: Args, from: usize, b: i32, g: i32, t: i32, count: i32, to: usize): void {
  const at = ((<usize>b * args.length + t) * args.groups + g) * args.state << 2;
  copyRows(from + at, <usize>(args.groups * args.state) << 2, count, args.state, to, deepRow(args));
}

/** Rows of X. */
export function inputRows(args: Args, b: i32, h: i32, t: i32, count: i32, to: usize): void {
  const at = numberAt(args, b, h, t) * args.headDim << 2;
  copyRows(args.X + at, <usize>(args.heads * args.headDim) << 2, count, args.headDim, to, wideRow(args));
}

/** The gradient of the map's own outputs: dY through the gate, which comes last. */
export function cotangents(args: Args, b: i32, h: i32, t: i32, count: i32, to: usize): void {
  const row = wideRow(args), stride = <usize>(args.heads * args.headDim) << 2;
  let at = numberAt(args, b, h, t) * args.headDim << 2;
  copyRows(args.dY + at, stride, count, args.headDim, to, row);
  if (!args.z) return;
  for (; count > 0; count--, at += stride, to += row) {
    for (let p = 0; p < args.headDim; p += 4) {
      const place = <usize>p << 2;
      v128.store(to + place, f32x4.mul(v128.load(to + place), silu(part(args.z + at + place, args.headDim - p))));
    }
  }
}

/** A chunk's rows, each times its weight. */
export function weighted(from: usize, weights: usize, row: usize, to: usize): void {
  for (let i = 0; i < CHUNK; i++, weights += 4) {
    const weight = v128.load32_splat(weights);
    for (const end = from + row; from < end; from += 16, to += 16) v128.store(to, f32x4.mul(weight, v128.load(from)));
  }
}
