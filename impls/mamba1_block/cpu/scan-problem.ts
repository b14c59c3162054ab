/** The sequence map inside of the block as a problem of selective_scan, all channels being one head. */
import { type Problem, randomProblem } from "../../operator.js";
import { type SelectiveScan, selectiveScan } from "../../selective_scan/operator.js";
import type { Mamba1Block } from "../operator.js";

export function scanProblem({ dtype, dims, inputs }: Problem<Mamba1Block>): Problem<SelectiveScan> {
  const { batch, length, inner, state } = dims;
  return randomProblem(selectiveScan, {
    dtype,
    dims: { batch, length, heads: 1, groups: 1, headDim: inner, state },
    with: ["D", "z", "deltaBias", ...(inputs.initialState ? (["initialState"] as const) : [])],
    settings: { softplus: true },
  });
}
