/**
 * The chunked form: ssd's algorithm (arXiv 2405.21060, section 6 and listing 1) on keys and queries that a rotation has turned, with two
 * weights a token: what it counts for itself, on the diagonal, and what it counts for all later ones.
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
import { whyNoChunk } from "../recurrence/whole-chunk.js";
import { nextMaskRow } from "../ssd/cpu/mask.js";
import { firstState, storeLast } from "./cpu/carried.js";
import { storedRoundings } from "./cpu/epilogue.js";
import { partsOf } from "./cpu/parts.js";
import { laterWeight } from "./cpu/trapezoid.js";
import { mamba3 } from "./operator.js";

/** As ssd's, whose README says why it is short. */
const DEFAULT_CHUNK = 8;
/** Tokens between two looks for states that have decayed to nothing. */
const FLUSH_EVERY = 64;

export const chunkedCpu = implementation(mamba3, "cpu", {
  form: "chunked",
  source: "arXiv 2603.15569; arXiv 2405.21060, section 6 and listing 1",
  options: () => [{ chunk: DEFAULT_CHUNK }],
  rounding: (problem, { chunk = DEFAULT_CHUNK }) => hostRounding(chunk, storedRoundings(problem)),
  unsupported: (_problem, { chunk = DEFAULT_CHUNK }) => whyNoChunk(chunk),
  prepare(engine, problem, { chunk = DEFAULT_CHUNK }) {
    const { batch, length, heads, headDim, state, pairs } = problem.dims;
    const { inputs, outputs, finish, halves, rotation } = partsOf(engine, problem);
    const { V, logA } = inputs;
    const { Y, finalAngles, finalState } = outputs;

    const rows = padded(chunk, LEFT_ROWS);
    const cols = padded(headDim, RIGHT_ROWS);
    const S = new Float64Array(cols * state);
    const Q = new Float64Array(rows * state);
    const K = new Float64Array(rows * state);
    const scores = new Float64Array(rows * rows);
    const x = new Float64Array(rows * cols);
    const y = new Float64Array(rows * cols);
    const [mask, weights, later] = Array.from({ length: 3 }, () => new Float64Array(rows));

    /** Tokens t0 .. t0 + size of head h of sequence b. */
    const oneChunk = (b: number, h: number, t0: number, size: number) => {
      const token = (b * length + t0) * heads + h;
      const used = padded(size, LEFT_ROWS);
      gatherRows(V, token * headDim, heads * headDim, size, headDim, x, cols);
      // rows that are not there: the padding of the products
      Q.fill(0, size * state);
      K.fill(0, size * state);
      for (let q = 0; q < size; q++) {
        rotation.next(b * length + t0 + q, h, Q, K, q * state);
        later[q] = laterWeight(halves, problem, token + q * heads);
      }
      multiplyTransposed(Q, state, used, K, state, used, state, scores, rows);

      // 4. state to output, 1. diagonal blocks
      multiplyTransposed(Q, state, used, S, state, cols, state, y, cols);
      let decay = 1;
      for (let q = 0; q < size; q++) {
        const a = Math.exp(logA[token + q * heads]);
        decay *= a;
        scaleRow(y, q, cols, decay);
        nextMaskRow(mask, q, a);
        for (let s = 0; s < q; s++) weights[s] = mask[s] * later[s] * scores[q * rows + s];
        // the correction of the paper's form, made on the weight: what the next token adds of this one is no part of its own output
        weights[q] = halves.own(token + q * heads) * scores[q * rows + q];
        addWeightedRows(y, q, x, weights, q + 1, cols);
        storeRow(y, q, cols, Y, (token + q * heads) * headDim, headDim);
      }

      // 2. chunk states, 3. pass states
      for (let q = 0; q < size; q++) scaleRow(x, q, cols, mask[q] * later[q]);
      addOuterProducts(S, decay, x, K, used, cols, state);
    };

    const oneHead = (b: number, h: number) => {
      rotation.begin(b, h);
      firstState(problem, inputs, halves, b, h, S);
      let size = 0;
      for (let t0 = 0; t0 < length; t0 += size) {
        size = Math.min(chunk, length - t0);
        oneChunk(b, h, t0, size);
        if (Math.floor(t0 / FLUSH_EVERY) !== Math.floor((t0 + size) / FLUSH_EVERY)) flushNegligible(S);
      }
      const head = b * heads + h;
      finalState.set(S.subarray(0, headDim * state), head * headDim * state);
      storeLast(problem, inputs, outputs, b, h, K, (size - 1) * state);
      rotation.store(finalAngles, head * pairs);
    };
    return engine.prepared(mamba3, problem, outputs, () => {
      for (let b = 0; b < batch; b++) for (let h = 0; h < heads; h++) oneHead(b, h);
      finish();
    });
  },
});
