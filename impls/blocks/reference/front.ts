/** A block's inputs of a token: as they are, and behind the norm in front where the block is a layer. */
import type { Bounds } from "../../bound.js";
import type { AnyOperator, Problem } from "../../operator.js";
import { inputReader } from "../../operator.js";
import { normOf } from "./norm.js";
import { copyNumbers, type Numbers, numbers } from "./numbers.js";

export interface Front {
  /** What is added to the block's output, where it is a layer. */
  readonly u: Numbers | undefined;
  /** What the block works on. */
  readonly v: Numbers;
}

/**
 * @param before outputs of a layer in front, (batch, length, modelDim), with the errors that they carry; they stand for the input u
 * @returns a function of the row, batch x length + t; both of what it gives are overwritten by the next call
 */
export function frontOf(operator: AnyOperator, problem: Problem, before?: Bounds): (row: number) => Front {
  const { modelDim } = problem.dims as Readonly<Record<string, number>>;
  const U = inputReader(operator, problem, "u")!;
  const preNorm = inputReader(operator, problem, "preNorm");
  const [u, v] = [numbers(modelDim), numbers(modelDim)];
  return (row) => {
    if (before) readBounds(before, row * modelDim, u);
    else for (let i = 0; i < modelDim; i++) u.value[i] = U.at(row, i);
    copyNumbers(u, v);
    if (preNorm) normOf(v, modelDim, preNorm, problem.settings.eps as number);
    return { u: preNorm && u, v };
  };
}

function readBounds(from: Bounds, offset: number, to: Numbers): void {
  for (let i = 0; i < to.value.length; i++) {
    const at = offset + i;
    const scale = from.scale[at];
    to.value[i] = from.value[at];
    to.certified[i] = from.count[at] * scale;
    to.squares[i] = (from.squares ?? from.count)[at] * scale ** 2;
    to.stored[i] = scale;
    to.storedSquares[i] = (from.storedSquares?.[at] ?? 1) * scale ** 2;
    to.perSum[i] = from.countPerSum[at] * scale;
  }
}
