/** What programs of jax-js share, whatever the operator. */
import type { JaxArray, JaxOps } from "../engines/jaxjs.js";

/** (y + D x) silu(z), with the raw x, the gate last; D and z where there are any. D broadcasts against X. */
export function jaxGated(
  ops: JaxOps,
  Y: JaxArray,
  X: JaxArray,
  D: JaxArray | undefined,
  z: JaxArray | undefined,
): JaxArray {
  const skipped = D ? ops.add(Y, ops.multiply(X, D)) : Y;
  return z ? ops.multiply(skipped, ops.divide(z, ops.add(ops.exp(ops.negative(z)), 1))) : skipped;
}

/** 1 where the place's row and column say so, else 0. */
export function jaxMask(
  ops: JaxOps,
  rows: number,
  columns: number,
  at: (row: number, column: number) => boolean,
): JaxArray {
  const values = Float32Array.from({ length: rows * columns }, (_, i) =>
    Number(at(Math.floor(i / columns), i % columns)),
  );
  return ops.array(values, { shape: [rows, columns] });
}
