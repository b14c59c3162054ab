/** Gradients of selective_scan: of sum(Y dY) + sum(finalState dFinalState) for every input. Equations and the bound: README.md. */
import { gradientOutputs, leastBytes, TRAINING, whenTraining } from "../gradients.js";
import { defineOperator } from "../operator.js";
import { selectiveScan } from "../selective_scan/operator.js";
import { reference } from "./reference.js";

export const selectiveScanGrad = defineOperator({
  name: "selective_scan_grad",
  dims: selectiveScan.dims,
  inputs: {
    ...selectiveScan.inputs,
    dY: { axes: selectiveScan.outputs.Y, random: "coherent" },
    dFinalState: { axes: selectiveScan.outputs.finalState, optional: true, f32: true, random: "coherent" },
  },
  outputs: {
    ...gradientOutputs(selectiveScan.inputs, [
      "u",
      "delta",
      "A",
      "B",
      "C",
      "D",
      "z",
      "deltaBias",
      "initialState",
    ]),
    Y: whenTraining(selectiveScan.outputs.Y),
    finalState: whenTraining(selectiveScan.outputs.finalState),
  },
  /** Those of selective_scan; training: Y and finalState too, computed in the same run. */
  settings: { ...selectiveScan.settings, ...TRAINING },
  // dB and dC are sums over the channels of a group; dA, dD, deltaBias over all batches
  laneAxes: ["groups"],
  // as ssd_grad, and an exponential
  laneCost: ({ dims }) =>
    3 * dims.batch * dims.length * (dims.heads / dims.groups) * dims.headDim * dims.state,
  timed:
    "states at borders of blocks kept within the run, tokens computed again by block; nothing is kept from another run",
  reference(problem, lanes) {
    return reference(this, problem, lanes);
  },
  // delta A, S again, its adjoint R, R B, R x, S dy, a R S and its sums with A and delta; Y one multiply-add more
  cost(problem) {
    const { batch, length, heads, headDim, state } = problem.dims;
    const perElement = problem.settings.training ? 20 : 18;
    return {
      flops: perElement * batch * length * heads * headDim * state,
      bytes: leastBytes(this, problem),
    };
  },
  extras: (problem) => selectiveScan.extras?.(problem as never) ?? [],
  invalid: (problem) => selectiveScan.invalid?.(problem as never),
});

export type SelectiveScanGrad = typeof selectiveScanGrad;
