import type { Problem } from "../../operator.js";
import type { Ssd } from "../operator.js";

/** Where the states of documents go, on the host. */
export interface DocumentStates {
  /** Reads the ids, and puts zeros where a row has fewer documents; called at the start of each run. */
  begin(): void;
  /** Tokens after t up to the end of its document, itself counted. */
  left(b: number, t: number): number;
  /** Keeps the state of a head after token t, where a document ends there. @param S headDim x state */
  keep(b: number, h: number, t: number, S: Float64Array): void;
}

/** @returns undefined where the problem asks for none */
export function documentStates(
  { dims }: Problem<Ssd>,
  ids: Float32Array | undefined,
  states: Float32Array | undefined,
): DocumentStates | undefined {
  const { batch, length, heads, headDim, state, documents = 0 } = dims;
  if (!ids || !states || documents === 0) return undefined;
  /** Of each token: its document's place in the row and the document's end. */
  const place = new Int32Array(batch * length);
  const end = new Int32Array(batch * length);
  return {
    begin() {
      states.fill(0);
      for (let b = 0; b < batch; b++) {
        const row = b * length;
        for (let t = 0, k = 0; t < length; t++) {
          if (t > 0 && ids[row + t] !== ids[row + t - 1]) k++;
          place[row + t] = k;
        }
        for (let t = length - 1, last = length; t >= 0; t--) {
          end[row + t] = last;
          if (t > 0 && place[row + t] !== place[row + t - 1]) last = t;
        }
      }
    },
    left: (b, t) => end[b * length + t] - t,
    keep(b, h, t, S) {
      if (end[b * length + t] !== t + 1) return;
      for (let p = 0; p < headDim; p++) {
        const to = (((b * heads + h) * headDim + p) * documents + place[b * length + t]) * state;
        for (let n = 0; n < state; n++) states[to + n] = S[p * state + n];
      }
    },
  };
}
