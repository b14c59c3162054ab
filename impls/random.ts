/**
 * Inputs as functions: every random number of a problem is a pure function of (seed, tensor name, row, column), so that any
 * language, and any lane on a GPU, can make the same input without passing data around. Only u32 arithmetic; no 64-bit index.
 *
 * Source: the mixer is the "lowbias32" family of two multiply-xorshift rounds; check values stand in test/impls/random.test.ts.
 */

/** 32-bit FNV-1a of a tensor's name (ASCII). */
export function fnv1a32(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** A bijection of u32 with good avalanche. */
export function mix(x: number): number {
  x ^= x >>> 16;
  x = Math.imul(x, 0x21f0aaad);
  x ^= x >>> 15;
  x = Math.imul(x, 0xd35a2d97);
  return (x ^ (x >>> 15)) >>> 0;
}

/** The two keys of a stream, computed once a tensor. */
export interface StreamKeys {
  readonly k0: number;
  readonly k1: number;
}

export function streamKeys(seed: number, name: string): StreamKeys {
  const k0 = mix(fnv1a32(name) ^ mix(seed >>> 0));
  return { k0, k1: mix((k0 + 0x9e3779b9) >>> 0) };
}

/**
 * The u32 at (row, col) of a stream. row = b * length + t for tensors that start with batch and length, col the remaining index
 * in C order (shapes that do not start so: tensor.ts, `rowCount`).
 */
export function hashAt(keys: StreamKeys, row: number, col: number): number {
  return mix(mix(mix((col + keys.k0) >>> 0) ^ row) + keys.k1);
}

/** Significand bits of the grid that a dtype's random values lie on: every value is exact in the dtype. */
export const GRID_BITS = { f64: 24, f32: 24, f16: 11, bf16: 8 } as const;

/** 2^-i, from a table: `**` is a call of the C library, and references ask for millions of values. */
const HALVES = Float64Array.from({ length: 64 }, (_, i) => 2 ** -i);

/** 2^-i for a whole i >= 0. */
export function halved(i: number): number {
  return i < HALVES.length ? HALVES[i] : 2 ** -i;
}

/** |value| = (2 (h >>> (33-m)) + 1) 2^-m: in (0, 1), never zero, exact in m bits. */
function magnitude(h: number, bits: number): number {
  return (2 * (h >>> (33 - bits)) + 1) * HALVES[bits];
}

/**
 * Mostly positive (one in eight is negative), for X, B, C, V, u. Zero-mean inputs would make outputs so small beside their error
 * scale that a long all-zero output in f16 would pass the bound.
 */
export function coherent(h: number, bits: number): number {
  return (h & 7) === 0 ? -magnitude(h, bits) : magnitude(h, bits);
}

/** Zero-mean, for Q and K (the logits of attention must differ in sign). */
export function signed(h: number, bits: number): number {
  return (h & 1) === 0 ? magnitude(h, bits) : -magnitude(h, bits);
}

const word = new Uint32Array(1);
const asFloat = new Float32Array(word.buffer);

/** dt, nearly log-uniform on [2^-11, 2^-3) by its bit pattern, mean 0.0233; a full f32 significand and no exp needed. */
export function timeStep(h: number): number {
  word[0] = 0x3a000000 + (h >>> 6);
  return asFloat[0];
}

/**
 * dt_bias of a block, uniform on (-6, -2]: softplus makes steps from 0.0025 to 0.13 of it, the range that Mamba starts from. Exact in f32.
 */
export function stepBias(h: number): number {
  return -(2 + (h >>> 10) * 2 ** -20);
}

/**
 * A_log of a block: ln(j + 1) by straight lines between powers of two, times 0.6875 for ln 2. No randomness, exact in f32, and as Mamba
 * starts: A = -1, -2, ..., -N.
 */
export function logIndex(j: number): number {
  const octave = 31 - Math.clz32(j + 1);
  return 0.6875 * (octave + (j + 1) * halved(octave) - 1);
}

/** A weight's row repeats its values after so many columns: references add up what meets equal ones. A prime, so that no tile has it. */
export const WEIGHT_PERIOD = 61;

/** The column of the stream that a weight's value at a flat index is drawn from. @param last columns of a row, its fan-in */
export function weightColumn(index: number, last: number): number {
  return Math.floor(index / last) * WEIGHT_PERIOD + ((index % last) % WEIGHT_PERIOD);
}

/** Of weights with so many columns: products of a row with numbers of size one have about that size. A power of two. */
export function weightScale(last: number): number {
  let halvings = 0;
  while (4 ** halvings < last) halvings++;
  return halved(halvings);
}

/** 4^-[5,1,3,0,4,2,6,7][i]. */
const RATES = Float64Array.from([5, 1, 3, 0, 4, 2, 6, 7], (exponent) => 4 ** -exponent);

/** A_h = 16 * 4^-[5,1,3,0,4,2,6,7][h mod 8]: with dt, memories from 3 to 44,000 tokens; a power of two, so dt * A_h is exact. */
export function decayRate(head: number): number {
  return 16 * RATES[head & 7];
}

/** A[d, n] of Mamba-1 in units of -(n+1): 4^-[5,1,3,0,4,2,6,7][d mod 8]. */
export function channelRate(channel: number): number {
  return RATES[channel & 7];
}
