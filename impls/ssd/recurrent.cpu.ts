/** The recurrent form: one token after another, constant memory (section 2.1 of the paper, equation 1). */
import { hostRounding } from "../bound.js";
import { implementation } from "../implementation.js";
import { flushNegligible, gatherRows } from "../recurrence/host-matrix.js";
import { storedRoundings } from "./cpu/epilogue.js";
import { partsOf } from "./cpu/parts.js";
import { decayed } from "./cpu/steps.js";
import { STEPS_AND_STATES, ssd } from "./operator.js";

/** Tokens between two looks for states that have decayed to nothing. */
const FLUSH_EVERY = 64;

export const recurrentCpu = implementation(ssd, "cpu", {
  form: "recurrent",
  takes: STEPS_AND_STATES,
  source: "arXiv 2405.21060, equation (1); the loop of section 6 with chunk length 1",
  rounding: (problem) => hostRounding(0, storedRoundings(problem)),
  prepare(engine, problem) {
    const { batch, length, heads, groups, headDim, state } = problem.dims;
    const { inputs, outputs, logA, dt, make, ends, finish } = partsOf(engine, problem);
    const { X, B, C, initialState } = inputs;
    const { Y, finalState } = outputs;
    const headsPerGroup = heads / groups;
    const S = new Float64Array(headDim * state);
    const rowB = new Float64Array(state);
    const rowC = new Float64Array(state);

    return engine.prepared(ssd, problem, outputs, () => {
      make();
      ends?.begin();
      for (let b = 0; b < batch; b++) {
        for (let h = 0; h < heads; h++) {
          const group = Math.floor(h / headsPerGroup);
          const first = (b * heads + h) * headDim * state;
          if (initialState) gatherRows(initialState, first, 0, 1, S.length, S, S.length);
          else S.fill(0);
          for (let t = 0; t < length; t++) {
            const token = (b * length + t) * heads + h;
            const row = ((b * length + t) * groups + group) * state;
            gatherRows(B, row, 0, 1, state, rowB, state);
            gatherRows(C, row, 0, 1, state, rowC, state);
            const a = Math.exp(logA[token]);
            decayed(S, a);
            const step = dt ? dt[token] : 1;
            updateAndRead(S, a, step, X, token * headDim, rowB, rowC, Y, headDim, state);
            ends?.keep(b, h, t, S);
            if (t % FLUSH_EVERY === FLUSH_EVERY - 1) flushNegligible(S);
          }
          finalState.set(S, first);
        }
      }
      finish();
    });
  },
});

/** S_t = a S_(t-1) + dt x B^T and y = S_t C for one head at one token: four channels at once share the reads of B and C. */
function updateAndRead(
  S: Float64Array,
  a: number,
  step: number,
  X: Float32Array,
  channel0: number,
  B: Float64Array,
  C: Float64Array,
  Y: Float32Array,
  headDim: number,
  state: number,
): void {
  let p = 0;
  for (; p + 4 <= headDim; p += 4) {
    const s0 = p * state;
    const s1 = s0 + state;
    const s2 = s1 + state;
    const s3 = s2 + state;
    const channel = channel0 + p;
    const x0 = step * X[channel];
    const x1 = step * X[channel + 1];
    const x2 = step * X[channel + 2];
    const x3 = step * X[channel + 3];
    let [y0, y1, y2, y3] = [0, 0, 0, 0];
    for (let n = 0; n < state; n++) {
      const b = B[n];
      const c = C[n];
      const v0 = a * S[s0 + n] + x0 * b;
      S[s0 + n] = v0;
      y0 += v0 * c;
      const v1 = a * S[s1 + n] + x1 * b;
      S[s1 + n] = v1;
      y1 += v1 * c;
      const v2 = a * S[s2 + n] + x2 * b;
      S[s2 + n] = v2;
      y2 += v2 * c;
      const v3 = a * S[s3 + n] + x3 * b;
      S[s3 + n] = v3;
      y3 += v3 * c;
    }
    Y[channel] = y0;
    Y[channel + 1] = y1;
    Y[channel + 2] = y2;
    Y[channel + 3] = y3;
  }
  for (; p < headDim; p++) {
    const x = step * X[channel0 + p];
    let y = 0;
    for (let n = 0, s = p * state; n < state; n++, s++) {
      const value = a * S[s] + x * B[n];
      S[s] = value;
      y += value * C[n];
    }
    Y[channel0 + p] = y;
  }
}
