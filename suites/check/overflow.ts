/** A value that no correct kernel can store: said in the rejection, so that nobody looks for the mistake in the arithmetic. */
import { type AnyOperator, isF32Output, type Problem } from "../../impls/operator.js";
import type { Dtype } from "../../impls/tensor.js";

/** Largest finite number of each storage type (IEEE 754-2019, table 3.5; bfloat16 has the exponents of f32). */
const LARGEST: Readonly<Record<Dtype, number>> = {
  f64: Number.MAX_VALUE,
  f32: (2 - 2 ** -23) * 2 ** 127,
  f16: 65_504,
  bf16: (2 - 2 ** -7) * 2 ** 127,
};

/** A sentence where the true value of an element of an output is beyond what it is stored in, or undefined. */
export function overflowOf(
  operator: AnyOperator,
  problem: Problem,
  output: string,
  wanted: number,
): string | undefined {
  const dtype = isF32Output(operator, problem, output) ? "f32" : problem.dtype;
  const largest = LARGEST[dtype];
  if (!(Math.abs(wanted) > largest)) return undefined;
  return `the true value is beyond ${largest}, the largest of ${dtype}: it overflows in any kernel`;
}
