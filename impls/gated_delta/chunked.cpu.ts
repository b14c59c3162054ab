/**
 * The chunked form: what the tokens of a chunk add to the state follows from one triangular system (the WY representation with its UT
 * transform), solved by substitution.
 */
import { hostRounding } from "../bound.js";
import { implementation } from "../implementation.js";
import {
  addOuterProducts,
  addWeightedRows,
  flushNegligible,
  gatherRows,
  LEFT_ROWS,
  multiplyTransposed,
  padded,
  RIGHT_ROWS,
  scaleRow,
  storeRow,
} from "../recurrence/host-matrix.js";
import { pairsOf } from "./cpu/pairs.js";
import { gatedDelta, LONGEST_CHUNK, queryScale } from "./operator.js";

/** As ssd's, whose README says why it is short. */
const DEFAULT_CHUNK = 8;
/** Tokens between two looks for states that have decayed to nothing. */
const FLUSH_EVERY = 64;

export const chunkedCpu = implementation(gatedDelta, "cpu", {
  form: "chunked",
  source: "arXiv 2412.06464, section 3.3; arXiv 2406.06484, section 3.2; arXiv 2510.26692, section 3",
  options: () => [{ chunk: DEFAULT_CHUNK }],
  rounding: (_problem, { chunk = DEFAULT_CHUNK }) => hostRounding(chunk, 1),
  unsupported: (_problem, { chunk = DEFAULT_CHUNK }) =>
    Number.isInteger(chunk) && chunk > 0 && chunk <= LONGEST_CHUNK
      ? undefined
      : `needs chunk to be a whole number from 1 to ${LONGEST_CHUNK}, got ${chunk}`,
  prepare(engine, problem, { chunk = DEFAULT_CHUNK }) {
    const { batch, length, heads, groups, headDim, state } = problem.dims;
    const inputs = engine.inputs(gatedDelta, problem);
    const outputs = engine.outputs(gatedDelta, problem);
    const { Q, K, V, beta, initialState } = inputs;
    const { Y, finalState } = outputs;
    const factor = queryScale(problem);

    const rows = padded(chunk, LEFT_ROWS);
    const cols = padded(headDim, RIGHT_ROWS);
    const S = new Float64Array(cols * state);
    const [q, k] = [0, 1].map(() => new Float64Array(rows * state));
    const [predicted, y, u] = Array.from({ length: 3 }, () => new Float64Array(rows * cols));
    const pairs = pairsOf(problem, inputs, rows);
    const weights = new Float64Array(rows);

    /** Tokens t0 .. t0 + size of head h of sequence b. */
    const oneChunk = (b: number, h: number, t0: number, size: number) => {
      const token = (b * length + t0) * heads + h;
      const row = ((b * length + t0) * groups + Math.floor((h * groups) / heads)) * state;
      const used = padded(size, LEFT_ROWS);
      gatherRows(Q, row, groups * state, size, state, q, state);
      gatherRows(K, row, groups * state, size, state, k, state);
      gatherRows(V, token * headDim, heads * headDim, size, headDim, u, cols);
      for (let i = 0; i < size * state; i++) q[i] *= factor;

      // 1. products of pairs, decayed; 2. what the state behind the last chunk gives each token
      pairs.make(q, k, token, size);
      multiplyTransposed(k, state, used, S, state, cols, state, predicted, cols);
      multiplyTransposed(q, state, used, S, state, cols, state, y, cols);

      for (let t = 0; t < size; t++) {
        // 3. u = beta (v - what is predicted): a row of the triangular system, in which earlier rows are known
        const step = beta[token + t * heads];
        for (let p = 0; p < cols; p++) u[t * cols + p] -= predicted[t * cols + p];
        for (let s = 0; s < t; s++) weights[s] = -pairs.keys[t * rows + s];
        addWeightedRows(u, t, u, weights, t, cols);
        scaleRow(u, t, cols, step);
        // 4. outputs: the chunk's own tokens
        for (let s = 0; s <= t; s++) weights[s] = pairs.queries[t * rows + s];
        addWeightedRows(y, t, u, weights, t + 1, cols);
        storeRow(y, t, cols, Y, (token + t * heads) * headDim, headDim);
      }
      // 5. the state behind the chunk
      pairs.decayState(S);
      addOuterProducts(S, 1, u, pairs.toEnd, used, cols, state);
    };

    const oneHead = (b: number, h: number) => {
      const head = b * heads + h;
      if (initialState) gatherRows(initialState, head * headDim * state, state, headDim, state, S, state);
      else S.fill(0);
      let size = 0;
      for (let t0 = 0; t0 < length; t0 += size) {
        size = Math.min(chunk, length - t0);
        oneChunk(b, h, t0, size);
        if (Math.floor(t0 / FLUSH_EVERY) !== Math.floor((t0 + size) / FLUSH_EVERY)) flushNegligible(S);
      }
      finalState.set(S.subarray(0, headDim * state), head * headDim * state);
    };
    return engine.prepared(gatedDelta, problem, outputs, () => {
      for (let b = 0; b < batch; b++) for (let h = 0; h < heads; h++) oneHead(b, h);
    });
  },
});
