/**
 * The quadratic form: ssd's masked attention (arXiv 2405.21060, section 4.3) on turned keys and queries. Below the diagonal a key counts
 * lambda dt + what the next token adds of it, on the diagonal lambda dt alone.
 */
import { hostRounding } from "../bound.js";
import { implementation } from "../implementation.js";
import {
  addOuterProducts,
  addWeightedRows,
  gatherRows,
  LEFT_ROWS,
  multiplyTransposed,
  padded,
  RIGHT_ROWS,
  scaleRow,
  storeRow,
} from "../recurrence/host-matrix.js";
import { nextMaskRow } from "../ssd/cpu/mask.js";
import { firstState, storeLast } from "./cpu/carried.js";
import { storedRoundings } from "./cpu/epilogue.js";
import { partsOf } from "./cpu/parts.js";
import { laterWeight } from "./cpu/trapezoid.js";
import { mamba3 } from "./operator.js";

export const quadraticCpu = implementation(mamba3, "cpu", {
  form: "quadratic",
  source: "arXiv 2603.15569; arXiv 2405.21060, section 4.3",
  rounding: (problem) => hostRounding(problem.dims.length, storedRoundings(problem)),
  prepare(engine, problem) {
    const { batch, length, heads, headDim, state, pairs } = problem.dims;
    const { inputs, outputs, finish, halves, rotation } = partsOf(engine, problem);
    const { V, logA } = inputs;
    const { Y, finalAngles, finalState } = outputs;

    const rows = padded(length, LEFT_ROWS);
    const cols = padded(headDim, RIGHT_ROWS);
    const S = new Float64Array(cols * state);
    const Q = new Float64Array(rows * state);
    const K = new Float64Array(rows * state);
    const x = new Float64Array(rows * cols);
    const y = new Float64Array(LEFT_ROWS * cols);
    const scores = new Float64Array(LEFT_ROWS * rows);
    const [mask, weights, later] = Array.from({ length: 3 }, () => new Float64Array(length));

    const oneHead = (b: number, h: number) => {
      const token = b * length * heads + h;
      rotation.begin(b, h);
      firstState(problem, inputs, halves, b, h, S);
      gatherRows(V, token * headDim, heads * headDim, length, headDim, x, cols);
      for (let t = 0; t < length; t++) {
        rotation.next(b * length + t, h, Q, K, t * state);
        later[t] = laterWeight(halves, problem, token + t * heads);
      }

      let decay = 1; // of the first state
      for (let t0 = 0; t0 < length; t0 += LEFT_ROWS) {
        const block = Q.subarray(t0 * state, (t0 + LEFT_ROWS) * state);
        multiplyTransposed(block, state, LEFT_ROWS, K, state, t0 + LEFT_ROWS, state, scores, rows);
        multiplyTransposed(block, state, LEFT_ROWS, S, state, cols, state, y, cols);
        for (let t = t0, i = 0; t < Math.min(t0 + LEFT_ROWS, length); t++, i++) {
          const a = Math.exp(logA[token + t * heads]);
          nextMaskRow(mask, t, a);
          decay *= a;
          scaleRow(y, i, cols, decay);
          // s <= t only: a masked product would spread a later token's NaN
          for (let s = 0; s < t; s++) weights[s] = mask[s] * later[s] * scores[i * rows + s];
          weights[t] = halves.own(token + t * heads) * scores[i * rows + t];
          addWeightedRows(y, i, x, weights, t + 1, cols);
          storeRow(y, i, cols, Y, (token + t * heads) * headDim, headDim);
        }
      }

      // the state after the last token: every token decayed by the mask's last row
      for (let t = 0; t < length; t++) scaleRow(x, t, cols, mask[t] * later[t]);
      addOuterProducts(S, decay, x, K, rows, cols, state);
      const head = b * heads + h;
      finalState.set(S.subarray(0, headDim * state), head * headDim * state);
      storeLast(problem, inputs, outputs, b, h, K, (length - 1) * state);
      rotation.store(finalAngles, head * pairs);
    };
    return engine.prepared(mamba3, problem, outputs, () => {
      for (let b = 0; b < batch; b++) for (let h = 0; h < heads; h++) oneHead(b, h);
      finish();
    });
  },
});
