/** Gradients of ssd: of sum(Y dY) + sum(finalState dFinalState) for every input. Equations, forms and the bound: README.md. */
import { gradientOutputs, leastBytes, TRAINING, whenTraining } from "../gradients.js";
import { defineOperator } from "../operator.js";
import { extrasOf, ssd } from "../ssd/operator.js";
import { reference } from "./reference.js";

export const ssdGrad = defineOperator({
  name: "ssd_grad",
  dims: ssd.dims,
  inputs: {
    ...ssd.inputs,
    dY: { axes: ssd.outputs.Y, random: "coherent" },
    dFinalState: { axes: ssd.outputs.finalState, optional: true, f32: true, random: "coherent" },
  },
  outputs: {
    ...gradientOutputs(ssd.inputs, ["X", "logA", "B", "C", "dt", "D", "z", "initialState", "dtBias"]),
    Y: whenTraining(ssd.outputs.Y),
    finalState: whenTraining(ssd.outputs.finalState),
  },
  /** Those of ssd; training: Y and finalState too, computed in the same run. */
  settings: { ...ssd.settings, ...TRAINING },
  // dB and dC are sums over the heads of a group; dD, dtBias and A of a head over all batches
  laneAxes: ["groups"],
  // states forward twice and backward once, each with its error recurrences
  laneCost: ({ dims }) =>
    2 * dims.batch * dims.length * (dims.heads / dims.groups) * dims.headDim * dims.state,
  timed:
    "states at chunk borders kept within the run, tokens computed again by chunk; nothing is kept from another run",
  reference(problem, lanes) {
    return reference(this, problem, lanes);
  },
  // S again, its adjoint R, R B, R^T x, S^T dy and <R, S>: a multiply-add an element of the state each; Y one more
  cost(problem) {
    const { batch, length, heads, headDim, state } = problem.dims;
    const perElement = problem.settings.training ? 14 : 12;
    return {
      flops: perElement * batch * length * heads * headDim * state,
      bytes: leastBytes(this, problem),
    };
  },
  extras: (problem) => extrasOf(problem as never),
  invalid: (problem) =>
    problem.dims.documents
      ? "gradients have no states of documents: leave the dim documents out"
      : ssd.invalid?.(problem as never),
});

export type SsdGrad = typeof ssdGrad;
