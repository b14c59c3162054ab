/** What the wasm kernels read in place of logA and dt where a problem has more to it than those. */
import type { Room } from "../../engines/wasm/room.js";
import type { AnyOperator } from "../../operator.js";
import { type MadeSteps, NOTHING_MADE, placeSteps } from "../cpu/made.js";
import type { Asked } from "../operator.js";

/** In the order of class Steps in recurrence/wasm/steps.as.ts. */
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

export interface StepsInFront {
  /** Where the kernels find them; absent where the inputs will do. */
  readonly addresses: { readonly logA?: number; readonly dt?: number };
  /** What is made, and how. */
  readonly made: MadeSteps;
  /** Makes them; called at the start of each run. */
  make(dispatch: (entry: "steps", args: number, tasks: number) => void): void;
  readonly scratchBytes: number;
}

/** The bits of a number as a float32, which an argument word holds. */
export function bitsOf(value: number): number {
  return new Int32Array(Float32Array.of(value).buffer)[0];
}

export function stepsIn(
  room: Pick<Room<AnyOperator>, "address" | "reserve" | "words"> & { readonly problem: Asked },
): StepsInFront {
  const made = placeSteps(room);
  if (!made) return { addresses: {}, made: NOTHING_MADE, make() {}, scratchBytes: 0 };
  const { batch, length, heads } = room.problem.dims;
  const { dt, dtBias, logA, documents } = room.address;
  const args = room.words(fields, {
    ...made,
    ...{ dt, dtBias, logA, documents, length, heads },
    dtMin: bitsOf(made.dtMin),
    dtMax: bitsOf(made.dtMax),
    tokens: TOKENS,
  });
  return {
    addresses: {
      ...(made.logAMade ? { logA: made.logAMade } : {}),
      ...(made.dtMade ? { dt: made.dtMade } : {}),
    },
    made,
    make: (dispatch) => dispatch("steps", args.address, batch * Math.ceil(length / TOKENS)),
    scratchBytes: 32 * heads + 64,
  };
}
