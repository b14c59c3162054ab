/** The recurrent form: one token after another, each reading the state that it has corrected. */
import { hostRounding } from "../bound.js";
import { implementation } from "../implementation.js";
import { flushNegligible, gatherRows } from "../recurrence/host-matrix.js";
import { decaysOf } from "./cpu/decays.js";
import { gatedDelta, queryScale } from "./operator.js";

/** Tokens between two looks for states that have decayed to nothing. */
const FLUSH_EVERY = 64;

export const recurrentCpu = implementation(gatedDelta, "cpu", {
  form: "recurrent",
  source: "arXiv 2412.06464, equation (10); arXiv 2510.26692, equation (1)",
  rounding: () => hostRounding(0, 1),
  prepare(engine, problem) {
    const { batch, length, heads, groups, headDim, state } = problem.dims;
    const inputs = engine.inputs(gatedDelta, problem);
    const outputs = engine.outputs(gatedDelta, problem);
    const { Q, K, V, beta, initialState } = inputs;
    const { Y, finalState } = outputs;
    const factor = queryScale(problem);
    const decays = decaysOf(problem, inputs);
    const S = new Float64Array(headDim * state);
    const [a, q, k] = Array.from({ length: 3 }, () => new Float64Array(state));

    const oneHead = (b: number, h: number) => {
      const head = b * heads + h;
      if (initialState) gatherRows(initialState, head * headDim * state, state, headDim, state, S, state);
      else S.fill(0);
      for (let t = 0; t < length; t++) {
        const token = (b * length + t) * heads + h;
        const row = ((b * length + t) * groups + Math.floor((h * groups) / heads)) * state;
        decays.read(token, a);
        for (let n = 0; n < state; n++) [q[n], k[n]] = [factor * Q[row + n], K[row + n]];
        correctAndRead(S, a, k, q, beta[token], V, Y, token * headDim);
        if (t % FLUSH_EVERY === FLUSH_EVERY - 1) flushNegligible(S);
      }
      finalState.set(S, head * headDim * state);
    };
    return engine.prepared(gatedDelta, problem, outputs, () => {
      for (let b = 0; b < batch; b++) for (let h = 0; h < heads; h++) oneHead(b, h);
    });
  },
});

/** S <- a S, S <- S + beta (v - S k) k', y = S q, one channel after another. @param channel where v and y begin */
function correctAndRead(
  S: Float64Array,
  a: Float64Array,
  k: Float64Array,
  q: Float64Array,
  beta: number,
  V: Float32Array,
  Y: Float32Array,
  channel: number,
): void {
  const state = k.length;
  for (let first = 0, p = channel; first < S.length; first += state, p++) {
    let predicted = 0;
    for (let n = 0; n < state; n++) {
      S[first + n] *= a[n];
      predicted += S[first + n] * k[n];
    }
    const added = beta * (V[p] - predicted);
    let y = 0;
    for (let n = 0; n < state; n++) {
      S[first + n] += added * k[n];
      y += S[first + n] * q[n];
    }
    Y[p] = y;
  }
}
