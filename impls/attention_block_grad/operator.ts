/** Gradients of an attention block over a sequence: of sum(Y dY) for its input and every weight. Equations and the bound: README.md. */

import { attentionBlock } from "../attention_block/operator.js";
import { blockGradients, cotangent, forwardProblem, inputsWithout, TRAINING } from "../blocks/gradients.js";
import { leastBytes } from "../gradients.js";
import { defineOperator, type Problem } from "../operator.js";
import { reference } from "./reference.js";

const inputs = inputsWithout(attentionBlock.inputs, ["keys", "values"]);

export const attentionBlockGrad = defineOperator({
  name: "attention_block_grad",
  dims: attentionBlock.dims,
  inputs: { ...inputs, dY: cotangent },
  outputs: blockGradients(inputs),
  /** Those of the block; training: Y too, computed in the same run. */
  settings: { ...attentionBlock.settings, ...TRAINING },
  // every weight's gradient is a sum over all tokens
  laneAxes: [],
  laneCost: (problem) =>
    problem.dims.batch * problem.dims.length * attentionBlock.laneCost(blockOf(problem as Problem)),
  timed: "forward and backward from the inputs alone; nothing is kept from another run",
  reference(problem, lanes) {
    return reference(this, problem, lanes);
  },
  // the block itself, and its products and its map twice more, for what meets a weight and for the weight
  cost(problem) {
    return {
      flops: 3 * attentionBlock.cost(blockOf(problem as Problem)).flops,
      bytes: leastBytes(this, problem as Problem),
    };
  },
  derived: (problem) => attentionBlock.derived?.(problem) ?? {},
  invalid: (problem) => attentionBlock.invalid?.(blockOf(problem as Problem)),
});

/** The block's own problem. */
export function blockOf(problem: Problem): Problem<typeof attentionBlock> {
  return forwardProblem(attentionBlock, problem);
}

export type AttentionBlockGrad = typeof attentionBlockGrad;
