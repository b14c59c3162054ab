/** The quadratic form, masked attention: Y = (L o C B^T) X with the 1-semiseparable mask L (section 2.1, equations 2 to 4, and 4.3). */
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
import { storedRoundings } from "./cpu/epilogue.js";
import { nextMaskRow } from "./cpu/mask.js";
import { partsOf } from "./cpu/parts.js";
import { decayed } from "./cpu/steps.js";
import { STEPS_AND_STATES, ssd } from "./operator.js";

export const quadraticCpu = implementation(ssd, "cpu", {
  form: "quadratic",
  takes: STEPS_AND_STATES,
  source: "arXiv 2405.21060, section 4.3: (L o C B^T) X with the mask of equation (4)",
  rounding: (problem) => hostRounding(problem.dims.length, storedRoundings(problem)),
  prepare(engine, problem) {
    const { batch, length, heads, groups, headDim, state } = problem.dims;
    const { inputs, outputs, logA, dt, make, ends, finish } = partsOf(engine, problem);
    const { X, B, C, initialState } = inputs;
    const { Y, finalState } = outputs;
    const headsPerGroup = heads / groups;

    const rows = padded(length, LEFT_ROWS);
    const cols = padded(headDim, RIGHT_ROWS);
    const S = new Float64Array(cols * state);
    const allB = new Float64Array(rows * state);
    const blockC = new Float64Array(LEFT_ROWS * state);
    const x = new Float64Array(rows * cols);
    const y = new Float64Array(LEFT_ROWS * cols);
    const scores = new Float64Array(LEFT_ROWS * rows);
    const mask = new Float64Array(length);
    const weights = new Float64Array(length);

    const after = new Float64Array(headDim * state);
    /** The state after token t, from the mask's row: what has decayed to exactly 0 is not looked at. */
    const stateAfter = (from: number, t: number, decay: number) => {
      for (let i = 0; i < after.length; i++) after[i] = decay === 0 ? 0 : decay * S[i];
      for (let s = from; s <= t; s++) {
        if (mask[s] === 0) continue;
        for (let p = 0; p < headDim; p++)
          for (let n = 0; n < state; n++)
            after[p * state + n] += mask[s] * x[s * cols + p] * allB[s * state + n];
      }
      return after;
    };

    const oneHead = (b: number, h: number) => {
      const group = Math.floor(h / headsPerGroup);
      const token = b * length * heads + h;
      const row = (b * length * groups + group) * state;
      const first = (b * heads + h) * headDim * state;
      gatherRows(B, row, groups * state, length, state, allB, state);
      gatherRows(X, token * headDim, heads * headDim, length, headDim, x, cols);
      if (dt) for (let t = 0; t < length; t++) scaleRow(x, t, cols, dt[token + t * heads]);
      if (initialState) gatherRows(initialState, first, state, headDim, state, S, state);
      else S.fill(0);

      let decay = 1; // of the initial state
      let from = 0; // the last token that forgot what was before it: 0 times NaN would not be 0
      for (let t0 = 0; t0 < length; t0 += LEFT_ROWS) {
        const size = Math.min(LEFT_ROWS, length - t0);
        gatherRows(C, row + t0 * groups * state, groups * state, size, state, blockC, state);
        multiplyTransposed(blockC, state, LEFT_ROWS, allB, state, t0 + LEFT_ROWS, state, scores, rows);
        if (initialState) multiplyTransposed(blockC, state, LEFT_ROWS, S, state, cols, state, y, cols);
        else y.fill(0);
        for (let i = 0; i < size; i++) {
          const t = t0 + i;
          const a = Math.exp(logA[token + t * heads]);
          nextMaskRow(mask, t, a);
          decay = a === 0 ? 0 : decay * a;
          if (a === 0) from = t;
          if (decay === 0) y.fill(0, i * cols, (i + 1) * cols);
          else scaleRow(y, i, cols, decay);
          // s <= t only: a masked product would spread a later token's NaN
          for (let s = from; s <= t; s++) weights[s - from] = mask[s] * scores[i * rows + s];
          addWeightedRows(y, i, from === 0 ? x : x.subarray(from * cols), weights, t + 1 - from, cols);
          if (ends?.left(b, t) === 1) ends.keep(b, h, t, stateAfter(from, t, decay));
          storeRow(y, i, cols, Y, (token + t * heads) * headDim, headDim);
        }
      }

      // the state after the last token: every token decayed by the mask's last row
      x.fill(0, 0, from * cols);
      allB.fill(0, 0, from * state);
      decayed(S, decay);
      for (let t = from; t < length; t++) scaleRow(x, t, cols, mask[t]);
      addOuterProducts(S, decay, x, allB, rows, cols, state);
      finalState.set(S.subarray(0, headDim * state), first);
    };

    return engine.prepared(ssd, problem, outputs, () => {
      make();
      ends?.begin();
      for (let b = 0; b < batch; b++) for (let h = 0; h < heads; h++) oneHead(b, h);
      finish();
    });
  },
});
