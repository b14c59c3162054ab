/** Least operations and bytes of a block: its matrix products, its sequence map, and every tensor once. */
import {
  type AnyOperator,
  type Cost,
  inputDtype,
  isF32Output,
  outputNames,
  outputSize,
  type Problem,
} from "../operator.js";
import { WEIGHT_PERIOD } from "../random.js";
import { elementCount } from "../tensor.js";

/** Operations of y = W x for every token. */
export function productFlops(tokens: number, rows: number, columns: number): number {
  return 2 * tokens * rows * columns;
}

/** @param flops of the block; its bytes are those of its inputs, weights included, and outputs */
export function blockCost(operator: AnyOperator, problem: Problem, flops: number): Cost {
  const bytesOf = (isF32: boolean) => (isF32 || problem.dtype === "f32" ? 4 : 2);
  const read = Object.entries(problem.inputs).map(([name, source]) =>
    source ? elementCount(source.shape) * bytesOf(inputDtype(operator, problem, name) === "f32") : 0,
  );
  const written = outputNames(operator, problem).map(
    (name) => outputSize(operator, problem, name) * bytesOf(isF32Output(operator, problem, name)),
  );
  return { flops, bytes: [...read, ...written].reduce((sum, bytes) => sum + bytes, 0) };
}

/** Columns that a reference multiplies of a row of random weights, whose values repeat. */
export function columnsOf(columns: number): number {
  return Math.min(columns, WEIGHT_PERIOD);
}
