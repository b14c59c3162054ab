// Arguments, tile sizes and where a tile keeps its parts.

/** Words of 4 bytes, in the order of `fields` in tiled.wasm.ts. */
@unmanaged
export class Args {
  Q: usize; K: usize; V: usize; Y: usize;
  batch: i32; length: i32; context: i32; heads: i32; groups: i32; headDim: i32; headDimV: i32;
  causal: i32;
  /** scale * log2(e) */
  scale: f32;
  /** K transposed: [batch][group][tile of six keys][headDim][6]. */
  keys: usize;
  /** Key tiles a packing task takes. */
  span: i32;
  /** V with rows of `rowBytes`: [batch][group][key]. */
  values: usize; rowBytes: usize;
  /** First key and end of each query, (batch length), where a mask leaves less than causality does; else 0. */
  firsts: usize; ends: usize;
}

/** Queries of a tile: the lanes of two vectors, so that the softmax needs no sums over lanes. */
export const QUERIES: i32 = 8;
/** Tiles of queries of a task: they share what they read of K and V. */
export const TILES: i32 = 8;
export const KEYS: i32 = 6;
/** Keys between two looks at the maximum: their V fills most of the first cache. */
export const BLOCK: i32 = 96;

// A tile's scratch: Q^T, output sums O^T[channel][8 queries], maximum, sum and rescaling of each query, weights of a block of keys.
// @ts-ignore: decorator
@inline
export function outputsOf(args: Args, Q: usize): usize {
  return Q + (<usize>args.headDim << 5);
}
// @ts-ignore: decorator
@inline
export function lanesOf(args: Args, Q: usize): usize {
  return outputsOf(args, Q) + (<usize>((args.headDimV + KEYS - 1) / KEYS * KEYS) << 5);
}
// @ts-ignore: decorator
@inline
export function weightsOf(args: Args, Q: usize): usize {
  return lanesOf(args, Q) + 96;
}
// @ts-ignore: decorator
@inline
export function scratchBytes(args: Args): usize {
  return weightsOf(args, 0) + (BLOCK + 2 * KEYS) * 32;
}

// @ts-ignore: decorator
@inline
export function keyTiles(args: Args): i32 {
  return (args.context + KEYS - 1) / KEYS;
}

// @ts-ignore: decorator
@inline
export function tileBytes(args: Args): usize {
  return <usize>(args.headDim * KEYS) << 2;
}
