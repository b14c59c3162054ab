/** Words of 4 bytes, in the order of `fields` in scan.wasm.ts. Tensors are byte addresses, 0 for an absent one. */
@unmanaged
export class Args {
  u: usize; delta: usize; A: usize; B: usize; C: usize; D: usize; z: usize; deltaBias: usize; initialState: usize; documents: usize;
  dY: usize; dFinalState: usize;
  du: usize; ddelta: usize; dA: usize; dB: usize; dC: usize; dD: usize; dz: usize; ddeltaBias: usize; dinitialState: usize;
  Y: usize; finalState: usize;
  batch: i32; length: i32;
  /** Channels: heads x headDim. */
  width: i32;
  groups: i32; state: i32;
  /** States, rounded up to an even number. */
  padded: i32;
  softplus: i32; constantB: i32; constantC: i32;
  /** Slices of four channels a group, those of a part, and parts a group. No number here depends on the threads. */
  slices: i32; span: i32; parts: i32;
  /** States where blocks begin, [sequence][slice][block][state][4]. */
  borders: usize;
  /** A record a slice, [sequence][slice]. */
  records: usize; recordBytes: usize;
  /** Sums over a part's channels, [sequence][group][part][token of a stretch]: dB, then dC. */
  partials: usize;
  /** The stretch of blocks that is walked back. */
  stretch: i32;
}

/** Tokens whose decays are kept at a time. */
export const BLOCK: i32 = 32;
/** Blocks between two sums over parts. */
export const STRETCH: i32 = 8;

// @ts-ignore: decorator
@inline
export function tableBytes(args: Args): usize {
  return <usize>args.padded << 4;
}

// @ts-ignore: decorator
@inline
export function blocks(args: Args): i32 {
  return (args.length + BLOCK - 1) / BLOCK;
}

/** Bytes of a part's sums over one stretch. */
// @ts-ignore: decorator
@inline
export function partialBytes(args: Args): usize {
  return <usize>(STRETCH * BLOCK * 2 * args.padded) << 2;
}

/**
 * Where the numbers of a slice lie. `walk` has of each state A in octaves, the state (on the way back its cotangent) and the sum of dA,
 * four channels each; constant B and C have tables for themselves and for their gradients; `sums` has dD and ddeltaBias.
 */
@unmanaged
export class Slice {
  group: i32; channel: i32; channels: i32;
  walk: usize; B: usize; C: usize; dB: usize; dC: usize; sums: usize; borders: usize;
}

export function place(args: Args, b: i32, index: i32, s: Slice): void {
  const perGroup = args.width / args.groups, first = (index % args.slices) * 4, at = b * args.groups * args.slices + index;
  const table = tableBytes(args);
  s.group = index / args.slices;
  s.channel = s.group * perGroup + first;
  s.channels = min(perGroup - first, 4);
  s.walk = args.records + <usize>at * args.recordBytes;
  s.B = s.walk + 3 * table;
  s.dB = s.B + table;
  s.C = s.B + (args.constantB ? 2 * table : 0);
  s.dC = s.C + table;
  s.sums = s.C + (args.constantC ? 2 * table : 0);
  s.borders = args.borders + <usize>at * blocks(args) * table;
}
