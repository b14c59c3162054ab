/** Storage types on the card: their bytes, their numbers in the engine's own kernels, values to bits and back. */
import { halfBits, halfValue } from "../../webgpu/problem/half.js";

export type Dtype = "f32" | "f16" | "bf16";

/** As elements.cu tells them apart. */
export const KINDS: Readonly<Record<Dtype, number>> = { f32: 0, f16: 1, bf16: 2 };

/** NaN in every word of a buffer. */
export const NAN_WORDS: Readonly<Record<Dtype, number>> = {
  f32: 0x7fc00000,
  f16: 0x7e007e00,
  bf16: 0x7fc07fc0,
};

/** A sentence for a type that no kernel of this engine stores. */
export function refused(dtype: string): string | undefined {
  return dtype in KINDS ? undefined : `the cuda engine stores f32, f16 or bf16, not ${dtype}`;
}

export function bytesOf(dtype: Dtype): number {
  return dtype === "f32" ? 4 : 2;
}

const word = new Float32Array(1);
const bits = new Uint32Array(word.buffer);

/** Bits of the nearest bf16, ties to even, of the nearest f32, as `roundTo` has it. */
export function bfloatBits(value: number): number {
  word[0] = value;
  if (Number.isNaN(word[0])) return 0x7fc0;
  if (!Number.isFinite(word[0])) return bits[0] >>> 16;
  return ((bits[0] + 0x7fff + ((bits[0] >>> 16) & 1)) >>> 16) & 0xffff;
}

export function bfloatValue(half: number): number {
  bits[0] = half << 16;
  return word[0];
}

/** Values rounded once. */
export function givenBytes(data: Float64Array, dtype: Dtype): Uint8Array {
  const values =
    dtype === "f32"
      ? Float32Array.from(data)
      : Uint16Array.from(data, dtype === "f16" ? halfBits : bfloatBits);
  return new Uint8Array(values.buffer, 0, data.length * bytesOf(dtype));
}

/** What `givenBytes` made, exactly. */
export function valuesIn(buffer: ArrayBuffer, dtype: Dtype): Float32Array {
  if (dtype === "f32") return new Float32Array(buffer);
  return Float32Array.from(new Uint16Array(buffer), dtype === "f16" ? halfValue : bfloatValue);
}
