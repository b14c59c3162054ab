/**
 * How a matrix unit adds products (engines/README.md, "Matrix units"): not one by one and not to nearest. A step takes `block` products
 * and the running sum, aligns them to the largest exponent among them, keeps `guardBits` below a sum's last place there, and cuts the rest
 * toward zero; so is the result.
 */
export interface MatrixUnit {
  /** Of a sum's significand: f32 has 24. */
  readonly bits: number;
  readonly guardBits: number;
  /** Products of one step. */
  readonly block: number;
}

/** mma.sync and wgmma on an H100, f16 and bf16 factors: measured. */
export const HOPPER: MatrixUnit = { bits: 24, guardBits: 2, block: 16 };
/** Any card since Ampere: the fewest products a step (TF32 there; Fasi, Higham, Mikaitis, Pranesh, PeerJ CS 7:e330, 2021). */
export const NVIDIA: MatrixUnit = { bits: 24, guardBits: 2, block: 4 };
/** What no standard says anything of: the least that a unit for f32 sums can keep. */
export const UNSPECIFIED: MatrixUnit = { bits: 24, guardBits: 0, block: 4 };

/**
 * What sums of so many products lose at most, in units of u times their scale, u = 2^-bits: a step cuts block + 1 terms at 2^(1-g) u of the
 * largest, and its result at 2u of itself. Half of it on average, always toward zero.
 */
export function lostBy({ guardBits, block }: MatrixUnit, products: number): number {
  return Math.ceil(products / block) * ((block + 1) * 2 ** (1 - guardBits) + 2);
}
