/** The mask's diagonals are counted from 1: the current token meets the weight of the one before it. */
import { maskedAttention } from "../../impls/masked_attention/operator.js";
import { quadraticCpu } from "../../impls/masked_attention/quadratic.cpu.js";
import { range, take } from "../laws/edit.js";
import { materialise, mutate, withInput } from "./mutate.js";

export const toeplitzOffByOne = mutate(quadraticCpu, "toeplitz-off-by-one", {
  problem(problem) {
    if (!problem.inputs.m) return problem;
    const { length } = problem.dims;
    const next = range(0, length).map((j) => Math.min(j + 1, length - 1));
    return withInput(problem, "m", take(materialise(maskedAttention, problem, "m"), "length", next));
  },
});
