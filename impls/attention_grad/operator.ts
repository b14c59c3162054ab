/** Gradients of softmax attention: of sum(Y dY) for Q, K and V. Equations, forms and the bound: README.md. */
import { attention, visiblePairs } from "../attention/operator.js";
import { gradientOutputs, leastBytes, TRAINING, whenTraining } from "../gradients.js";
import { defineOperator } from "../operator.js";
import { reference } from "./reference.js";

export const attentionGrad = defineOperator({
  name: "attention_grad",
  dims: attention.dims,
  inputs: { ...attention.inputs, dY: { axes: attention.outputs.Y, random: "coherent" } },
  outputs: {
    ...gradientOutputs(attention.inputs, ["Q", "K", "V"]),
    Y: whenTraining(attention.outputs.Y),
  },
  /** Those of attention; training: Y too, computed in the same run. */
  settings: { ...attention.settings, ...TRAINING },
  // dK and dV are sums over the queries of a group's heads
  laneAxes: ["batch", "groups"],
  laneCost: ({ dims }) =>
    dims.length * dims.context * (dims.heads / dims.groups) * (dims.headDim + dims.headDimV),
  timed: "from the inputs alone: softmax statistics are computed within the run, probabilities twice",
  reference(problem, lanes) {
    return reference(this, problem, lanes);
  },
  // q . k, dY . v, p dY, dS k and dS q, a multiply-add a channel each, over the pairs that may see each other; Y one more
  cost(problem) {
    const { heads, headDim, headDimV } = problem.dims;
    const channels = 3 * headDim + (problem.settings.training ? 3 : 2) * headDimV;
    return { flops: 2 * heads * visiblePairs(problem as never) * channels, bytes: leastBytes(this, problem) };
  },
  extras: (problem) => attention.extras?.(problem as never) ?? [],
  invalid: (problem) => attention.invalid?.(problem as never),
});

export type AttentionGrad = typeof attentionGrad;
