/** The recurrent form: one token after another. The state holds what the next token will add of this one already. */
import { hostRounding } from "../bound.js";
import { implementation } from "../implementation.js";
import { flushNegligible } from "../recurrence/host-matrix.js";
import { firstState, storeLast } from "./cpu/carried.js";
import { storedRoundings } from "./cpu/epilogue.js";
import { partsOf } from "./cpu/parts.js";
import { laterWeight } from "./cpu/trapezoid.js";
import { mamba3 } from "./operator.js";

/** Tokens between two looks for states that have decayed to nothing. */
const FLUSH_EVERY = 64;

export const recurrentCpu = implementation(mamba3, "cpu", {
  form: "recurrent",
  source: "arXiv 2603.15569: the trapezoidal recurrence with rotated states",
  rounding: (problem) => hostRounding(0, storedRoundings(problem)),
  prepare(engine, problem) {
    const { batch, length, heads, headDim, state, pairs } = problem.dims;
    const { inputs, outputs, finish, halves: weights, rotation } = partsOf(engine, problem);
    const { V, logA } = inputs;
    const { Y, finalAngles, finalState } = outputs;
    const S = new Float64Array(headDim * state);
    const [q, k] = [new Float64Array(state), new Float64Array(state)];

    const oneHead = (b: number, h: number) => {
      rotation.begin(b, h);
      firstState(problem, inputs, weights, b, h, S);
      for (let t = 0; t < length; t++) {
        const token = (b * length + t) * heads + h;
        rotation.next(b * length + t, h, q, k, 0);
        const a = Math.exp(logA[token]);
        // a state that is forgotten altogether: 0 times an infinite or a NaN one would not be 0
        if (a === 0) S.fill(0);
        const own = weights.own(token) * dot(q, k);
        readAndUpdate(S, a, own, laterWeight(weights, problem, token), V, token * headDim, k, q, Y);
        if (t % FLUSH_EVERY === FLUSH_EVERY - 1) flushNegligible(S);
      }
      const head = b * heads + h;
      finalState.set(S, head * headDim * state);
      storeLast(problem, inputs, outputs, b, h, k, 0);
      rotation.store(finalAngles, head * pairs);
    };
    return engine.prepared(mamba3, problem, outputs, () => {
      for (let b = 0; b < batch; b++) for (let h = 0; h < heads; h++) oneHead(b, h);
      finish();
    });
  },
});

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let n = 0; n < a.length; n++) sum += a[n] * b[n];
  return sum;
}

/** y = a S q + own v and S <- a S + later v k', one channel after another. */
function readAndUpdate(
  S: Float64Array,
  a: number,
  own: number,
  later: number,
  V: Float32Array,
  channel0: number,
  k: Float64Array,
  q: Float64Array,
  Y: Float32Array,
): void {
  const state = k.length;
  for (let s = 0, channel = channel0; s < S.length; channel++) {
    const x = later * V[channel];
    let y = 0;
    for (let n = 0; n < state; n++, s++) {
      const before = S[s];
      y += before * q[n];
      S[s] = a * before + x * k[n];
    }
    Y[channel] = a * y + own * V[channel];
  }
}
