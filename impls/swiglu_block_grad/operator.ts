/** Gradients of a gated MLP: of sum(Y dY) for its input and every weight. Equations and the bound: README.md. */
import { blockGradients, cotangent, forwardProblem, TRAINING } from "../blocks/gradients.js";
import { leastBytes } from "../gradients.js";
import { defineOperator, type Problem } from "../operator.js";
import { swigluBlock } from "../swiglu_block/operator.js";
import { reference } from "./reference.js";

const { inputs } = swigluBlock;

export const swigluBlockGrad = defineOperator({
  name: "swiglu_block_grad",
  dims: swigluBlock.dims,
  inputs: { ...inputs, dY: cotangent },
  outputs: blockGradients(inputs),
  /** Those of the block; training: Y too, computed in the same run. */
  settings: { ...swigluBlock.settings, ...TRAINING },
  // every weight's gradient is a sum over all tokens
  laneAxes: [],
  laneCost: (problem) =>
    problem.dims.batch * problem.dims.length * swigluBlock.laneCost(blockOf(problem as Problem)),
  timed: "forward and backward from the inputs alone; nothing is kept from another run",
  reference(problem, lanes) {
    return reference(this, problem, lanes);
  },
  // the block itself, and its products and its map twice more, for what meets a weight and for the weight
  cost(problem) {
    return {
      flops: 3 * swigluBlock.cost(blockOf(problem as Problem)).flops,
      bytes: leastBytes(this, problem as Problem),
    };
  },
  derived: (problem) => swigluBlock.derived?.(problem) ?? {},
  invalid: (problem) => swigluBlock.invalid?.(blockOf(problem as Problem)),
});

/** The block's own problem. */
export function blockOf(problem: Problem): Problem<typeof swigluBlock> {
  return forwardProblem(swigluBlock, problem);
}

export type SwigluBlockGrad = typeof swigluBlockGrad;
