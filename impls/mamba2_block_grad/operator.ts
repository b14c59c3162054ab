/** Gradients of a Mamba-2 block: of sum(Y dY) for its input and every weight. Equations and the bound: README.md. */
import { blockGradients, cotangent, forwardProblem, inputsWithout, TRAINING } from "../blocks/gradients.js";
import { leastBytes } from "../gradients.js";
import { EXTRAS as BLOCK_EXTRAS, mamba2Block } from "../mamba2_block/operator.js";
import { defineOperator, type Problem } from "../operator.js";
import { SLOPED } from "./reference/features.js";
import { reference } from "./reference.js";

/** What a problem may have beyond Mamba's own block. */
export const EXTRAS = BLOCK_EXTRAS.filter((extra) => extra !== "documents");

const inputs = inputsWithout(mamba2Block.inputs, ["documents", "initialConv"]);

export const mamba2BlockGrad = defineOperator({
  name: "mamba2_block_grad",
  dims: mamba2Block.dims,
  inputs: { ...inputs, dY: cotangent },
  outputs: blockGradients(inputs),
  /** Those of the block; training: Y too, computed in the same run. */
  settings: { ...mamba2Block.settings, ...TRAINING },
  // every weight's gradient is a sum over all tokens
  laneAxes: [],
  laneCost: (problem) => problem.dims.batch * mamba2Block.laneCost(blockOf(problem as Problem)),
  timed: "forward and backward from the inputs alone; nothing is kept from another run",
  reference(problem, lanes) {
    return reference(this, problem, lanes);
  },
  // the block itself, and its products and its map twice more, for what meets a weight and for the weight
  cost(problem) {
    return {
      flops: 3 * mamba2Block.cost(blockOf(problem as Problem)).flops,
      bytes: leastBytes(this, problem as Problem),
    };
  },
  extras: (problem) => mamba2Block.extras?.(blockOf(problem as Problem)) ?? [],
  idKeys: (problem) => mamba2Block.idKeys?.(blockOf(problem as Problem)) ?? {},
  derived: (problem) => mamba2Block.derived?.(problem) ?? {},
  invalid: (problem) =>
    problem.settings.features < SLOPED.length
      ? mamba2Block.invalid?.(blockOf(problem as Problem))
      : `gradients have the features ${SLOPED.join(", ")}, got features=${problem.settings.features}`,
});

/** The block's own problem. */
export function blockOf(problem: Problem): Problem<typeof mamba2Block> {
  return forwardProblem(mamba2Block, problem);
}

export type Mamba2BlockGrad = typeof mamba2BlockGrad;
