/** One token of the selective scan for every sequence of a batch. Equations and the bound: README.md. */
import { defineOperator } from "../operator.js";
import { forwardProblem } from "../recurrence/one-token.js";
import { selectiveScan } from "../selective_scan/operator.js";
import { reference } from "./reference.js";

export const selectiveScanDecode = defineOperator({
  name: "selective_scan_decode",
  // context: tokens before this one; a state has the same size after any number of them
  dims: ["batch", "context", "heads", "groups", "headDim", "state"],
  inputs: {
    u: { axes: ["batch", "heads", "headDim"], random: "coherent" },
    delta: { axes: ["batch", "heads", "headDim"], f32: true, random: "timeStep" },
    A: { axes: ["heads", "headDim", "state"], f32: true, random: "channelDecay" },
    B: {
      axes: ["batch", "groups", "state"],
      alternatives: [["heads", "headDim", "state"]],
      random: "coherent",
    },
    C: {
      axes: ["batch", "groups", "state"],
      alternatives: [["heads", "headDim", "state"]],
      random: "coherent",
    },
    D: { axes: ["heads", "headDim"], optional: true, f32: true, random: "coherent" },
    z: { axes: ["batch", "heads", "headDim"], optional: true, random: "coherent" },
    deltaBias: { axes: ["heads", "headDim"], optional: true, f32: true, random: "coherent" },
    initialState: { axes: ["batch", "heads", "headDim", "state"], f32: true, random: "coherent" },
  },
  outputs: {
    Y: ["batch", "heads", "headDim"],
    finalState: ["batch", "heads", "headDim", "state"],
  },
  /** As selective_scan has it. */
  settings: { softplus: false as boolean },
  laneAxes: ["batch", "heads", "headDim"],
  laneCost: ({ dims }) => 3 * dims.state,
  timed: "one token, discretisation included; states read from one buffer and written to another",
  reference(problem, lanes) {
    return reference(problem, lanes);
  },
  cost: (problem) => selectiveScan.cost(forwardProblem(selectiveScan, problem)),
  invalid: (problem) => selectiveScan.invalid!(forwardProblem(selectiveScan, problem)),
});

export type SelectiveScanDecode = typeof selectiveScanDecode;
