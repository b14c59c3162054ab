/** What the wasm kernels read in place of logA and dt where a problem has more to it than those. */
import type { Room } from "../../engines/wasm/room.js";
import { needsSteps, type Ssd } from "../operator.js";

/** In the order of class Steps in steps.as.ts. */
const fields = [
  "dt",
  "dtBias",
  "logA",
  "documents",
  "dtMade",
  "logAMade",
  "length",
  "heads",
  "perHead",
  "softplus",
  "dtMin",
  "dtMax",
  "tokens",
] as const;

/** Tokens of a task. */
const TOKENS = 256;

export interface MadeSteps {
  /** Where the kernels find them; absent where the inputs will do. */
  readonly addresses: { readonly logA?: number; readonly dt?: number };
  /** Makes them; called at the start of each run. */
  make(dispatch: (entry: "steps", args: number, tasks: number) => void): void;
  readonly scratchBytes: number;
}

/** The bits of a number as a float32, which an argument word holds. */
function bitsOf(value: number): number {
  return new Int32Array(Float32Array.of(value).buffer)[0];
}

export function stepsIn(room: Room<Ssd>): MadeSteps {
  const { dims, inputs, settings } = room.problem;
  if (!needsSteps(room.problem)) return { addresses: {}, make() {}, scratchBytes: 0 };
  const { batch, length, heads } = dims;
  const perHead = inputs.logA?.axes.length === 1;
  const { softplus, dtMin, dtMax } = settings;
  const bytes = batch * length * heads * 4;
  const made = {
    ...(inputs.dt && (inputs.dtBias || softplus || dtMin > 0 || dtMax > 0)
      ? { dt: room.reserve(bytes) }
      : {}),
    ...(perHead || inputs.documents ? { logA: room.reserve(bytes) } : {}),
  };
  const limited = dtMin > 0 || dtMax > 0;
  const { dt, dtBias, logA, documents } = room.address;
  const args = room.words(fields, {
    dt,
    dtBias,
    logA,
    documents,
    dtMade: made.dt ?? 0,
    logAMade: made.logA ?? 0,
    length,
    heads,
    perHead: perHead ? 1 : 0,
    softplus: softplus ? 1 : 0,
    dtMin: bitsOf(limited ? dtMin : Number.NEGATIVE_INFINITY),
    dtMax: bitsOf(dtMax || Number.POSITIVE_INFINITY),
    tokens: TOKENS,
  });
  return {
    addresses: made,
    make: (dispatch) => dispatch("steps", args.address, batch * Math.ceil(length / TOKENS)),
    scratchBytes: 32 * heads + 64,
  };
}
