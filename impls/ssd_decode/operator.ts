/** One token of ssd for every sequence of a batch: a state is read, decayed, added to and written. Equations and the bound: README.md. */
import { defineOperator } from "../operator.js";
import { forwardProblem } from "../recurrence/one-token.js";
import { ssd } from "../ssd/operator.js";
import { reference } from "./reference.js";

export const ssdDecode = defineOperator({
  name: "ssd_decode",
  // context: tokens before this one; a state has the same size after any number of them
  dims: ["batch", "context", "heads", "groups", "headDim", "state"],
  inputs: {
    X: { axes: ["batch", "heads", "headDim"], random: "coherent" },
    // one number a head is A of Mamba-2: then logA of the token is dt A
    logA: { axes: ["batch", "heads"], alternatives: [["heads"]], f32: true, random: "logDecay" },
    B: { axes: ["batch", "groups", "state"], random: "coherent" },
    C: { axes: ["batch", "groups", "state"], random: "coherent" },
    dt: { axes: ["batch", "heads"], optional: true, f32: true, random: "timeStep" },
    D: {
      axes: ["heads", "headDim"],
      alternatives: [["heads"]],
      optional: true,
      f32: true,
      random: "coherent",
    },
    z: { axes: ["batch", "heads", "headDim"], optional: true, random: "coherent" },
    initialState: { axes: ["batch", "heads", "headDim", "state"], f32: true, random: "coherent" },
    dtBias: { axes: ["heads"], optional: true, f32: true, random: "coherent" },
  },
  outputs: {
    Y: ["batch", "heads", "headDim"],
    finalState: ["batch", "heads", "headDim", "state"],
  },
  /** As ssd has them. */
  settings: { softplus: false as boolean, dtMin: 0 as number, dtMax: 0 as number },
  laneAxes: ["batch", "heads", "headDim"],
  projection: { axis: "headDim", applies: (problem) => problem.inputs.z === undefined },
  laneCost: ({ dims }) => dims.state,
  timed: "one token; states read from one buffer and written to another",
  reference(problem, lanes) {
    return reference(problem, lanes);
  },
  cost: (problem) => ssd.cost(forwardProblem(ssd, problem)),
  extras: (problem) => ssd.extras!(forwardProblem(ssd, problem)),
  invalid: (problem) => ssd.invalid!(forwardProblem(ssd, problem)),
});

export type SsdDecode = typeof ssdDecode;
