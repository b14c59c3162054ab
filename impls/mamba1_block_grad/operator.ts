/** Gradients of a Mamba-1 block: of sum(Y dY) for its input and every weight. Equations and the bound: README.md. */
import { blockGradients, cotangent, forwardProblem, inputsWithout, TRAINING } from "../blocks/gradients.js";
import { leastBytes } from "../gradients.js";
import { mamba1Block } from "../mamba1_block/operator.js";
import { defineOperator, type Problem } from "../operator.js";
import { reference } from "./reference.js";

const inputs = inputsWithout(mamba1Block.inputs, ["initialConv", "initialState"]);

export const mamba1BlockGrad = defineOperator({
  name: "mamba1_block_grad",
  dims: mamba1Block.dims,
  inputs: { ...inputs, dY: cotangent },
  outputs: blockGradients(inputs),
  /** Those of the block; training: Y too, computed in the same run. */
  settings: { ...mamba1Block.settings, ...TRAINING },
  // every weight's gradient is a sum over all tokens
  laneAxes: [],
  laneCost: (problem) => problem.dims.batch * mamba1Block.laneCost(blockOf(problem as Problem)),
  timed: "forward and backward from the inputs alone; nothing is kept from another run",
  reference(problem, lanes) {
    return reference(this, problem, lanes);
  },
  // the block itself, and its products and its map twice more, for what meets a weight and for the weight
  cost(problem) {
    return {
      flops: 3 * mamba1Block.cost(blockOf(problem as Problem)).flops,
      bytes: leastBytes(this, problem as Problem),
    };
  },
  derived: (problem) => mamba1Block.derived?.(problem) ?? {},
  invalid: (problem) => mamba1Block.invalid?.(blockOf(problem as Problem)),
});

/** The block's own problem. */
export function blockOf(problem: Problem): Problem<typeof mamba1Block> {
  return forwardProblem(mamba1Block, problem);
}

export type Mamba1BlockGrad = typeof mamba1BlockGrad;
