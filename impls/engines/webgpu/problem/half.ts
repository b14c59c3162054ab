/** IEEE half precision on hosts without Float16Array (Node 20). */

const word = new Float32Array(1);
const bits = new Uint32Array(word.buffer);

/** Bits of the nearest half, ties to even. `value` is rounded once: callers pass float64 values as they are. */
export function halfBits(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (size >= 65520) return sign | 0x7c00;
  if (size < 2 ** -14) return sign | roundHalfEven(size * 2 ** 24);
  word[0] = size;
  let exponent = ((bits[0] >>> 23) & 255) - 127;
  if (2 ** exponent > size) exponent--; // Float32Array rounded up to the next power of two
  const significand = roundHalfEven(size * 2 ** (10 - exponent)); // in [1024, 2048]; 2048 carries into the exponent below
  return sign | (((exponent + 15) << 10) + (significand - 1024));
}

function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}

export function halfValue(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 31;
  const significand = half & 1023;
  if (exponent === 0) return sign * significand * 2 ** -24;
  if (exponent === 31) return significand ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + significand / 1024) * 2 ** (exponent - 15);
}
