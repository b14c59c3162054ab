/** State space duality, the map of Mamba-2 (arXiv 2405.21060). Equations, forms and the bound: README.md. */
import { documentsInput, documentsOfSource } from "../documents.js";
import { defineOperator, type ProblemOf } from "../operator.js";
import { elementCount } from "../tensor.js";
import { reference } from "./reference.js";

export const ssd = defineOperator({
  name: "ssd",
  dims: ["batch", "length", "heads", "groups", "headDim", "state"],
  inputs: {
    X: { axes: ["batch", "length", "heads", "headDim"], random: "coherent" },
    // one number a head is A of Mamba-2: then logA of a token is dt A
    logA: { axes: ["batch", "length", "heads"], alternatives: [["heads"]], f32: true, random: "logDecay" },
    B: { axes: ["batch", "length", "groups", "state"], random: "coherent" },
    C: { axes: ["batch", "length", "groups", "state"], random: "coherent" },
    dt: { axes: ["batch", "length", "heads"], optional: true, f32: true, random: "timeStep" },
    D: {
      axes: ["heads", "headDim"],
      alternatives: [["heads"]],
      optional: true,
      f32: true,
      random: "coherent",
    },
    z: { axes: ["batch", "length", "heads", "headDim"], optional: true, random: "coherent" },
    initialState: {
      axes: ["batch", "heads", "headDim", "state"],
      optional: true,
      f32: true,
      random: "coherent",
    },
    dtBias: { axes: ["heads"], optional: true, f32: true, random: "coherent" },
    documents: documentsInput,
  },
  outputs: {
    Y: ["batch", "length", "heads", "headDim"],
    finalState: ["batch", "heads", "headDim", "state"],
    /** The state at the end of each document of a row, 0 where a row has fewer. */
    documentStates: ["batch", "heads", "headDim", "documents", "state"],
  },
  /** dt <- clamp(softplus(dt + dtBias), dtMin, dtMax); a dtMax of 0 stands for none. */
  settings: { softplus: false as boolean, dtMin: 0 as number, dtMax: 0 as number },
  laneAxes: ["batch", "heads", "headDim"],
  // Y is linear in X, so one sum over a head's channels checks all of them; the gate z is not shared by channels
  projection: { axis: "headDim", applies: (problem) => problem.inputs.z === undefined },
  laneCost: ({ dims }) => dims.length * dims.state,
  timed: "logA given, no discretisation; dt, D and z where the problem has them",
  reference(problem, lanes) {
    return reference(this, problem, lanes);
  },
  // state update and output are one multiply-add an element of the state each; the decay can be shared (chunked form)
  cost: ({ dims, inputs, dtype }) => {
    const { batch, length, heads, headDim, state, documents = 0 } = dims;
    const storage = dtype === "f32" ? 4 : 2;
    const inputBytes = Object.entries(inputs).reduce(
      (bytes, [name, source]) =>
        bytes + (source ? elementCount(source.shape) * (IN_F32.has(name) ? 4 : storage) : 0),
      0,
    );
    const outputBytes = batch * heads * headDim * (length * storage + (1 + documents) * state * 4);
    return { flops: 4 * batch * length * heads * headDim * state, bytes: inputBytes + outputBytes };
  },
  extras: (problem) => extrasOf(problem as never),
  invalid: ({ dims, inputs }) => {
    const { heads, groups, documents = 0 } = dims;
    if (heads % groups !== 0) return `groups must divide heads, got groups=${groups} heads=${heads}`;
    if (!inputs.dt && inputs.dtBias) return "dtBias needs dt";
    if (!inputs.dt && inputs.logA?.axes.length === 1)
      return "logA (heads) needs dt, which it is multiplied by";
    if (documents === 0) return undefined;
    if (!inputs.documents)
      return `documents=${documents} asks for their states, and the problem has no documents`;
    const most = Math.max(...documentsOfSource(inputs.documents).map(({ length }) => length));
    return documents >= most
      ? undefined
      : `a row has ${most} documents, and states of ${documents} are asked for`;
  },
});

export type Ssd = typeof ssd;

const IN_F32 = new Set(["logA", "dt", "D", "initialState", "dtBias", "documents"]);

/** Extras that a step in front of the map takes care of. */
export const STEPS = ["documents", "dtBias", "A", "softplus", "limits of dt"] as const;
/** The same, and a state for each document. */
export const STEPS_AND_STATES = [...STEPS, "states of documents"] as const;

/** What the steps around the map ask of a problem, of ssd or of its gradients. */
export type Asked = Pick<ProblemOf<string, Ssd["inputs"], Ssd["settings"]>, "dims" | "inputs" | "settings">;

/** What a problem wants beyond ready logA and dt of one sequence a row. */
export function extrasOf({ dims, inputs, settings }: Asked): string[] {
  const { softplus, dtMin, dtMax } = settings;
  const asked = {
    documents: inputs.documents,
    dtBias: inputs.dtBias,
    A: inputs.logA?.axes.length === 1,
    softplus: inputs.dt && softplus,
    "limits of dt": inputs.dt && (dtMin > 0 || dtMax > 0),
    "states of documents": dims.documents,
  } satisfies Record<(typeof STEPS_AND_STATES)[number], unknown>;
  return Object.entries(asked).flatMap(([name, is]) => (is ? [name] : []));
}

/** Whether a step in front of the map has something to do. */
export function needsSteps(problem: Asked): boolean {
  return extrasOf(problem).some((extra) => (STEPS as readonly string[]).includes(extra));
}

/** Differences of running sums and derivatives of products have no answer there. */
export function hasInfiniteDecay({ inputs: { logA } }: Pick<Asked, "inputs">): boolean {
  return logA?.kind === "given" && !logA.data.every(Number.isFinite);
}
