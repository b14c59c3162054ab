/**
 * The chunked form: the SSD algorithm (section 6 of the paper) and its reverse. States at chunk borders are kept; within a chunk every
 * gradient is a matrix product with the mask L, C B^T or dy x^T of its tokens, which are computed again. The steps are those of README.md.
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
} from "../recurrence/host-matrix.js";
import { whyNoChunk } from "../recurrence/whole-chunk.js";
import { decayed } from "../ssd/cpu/steps.js";
import { STEPS } from "../ssd/operator.js";
import { type Chunk, emptyChunk, gradientsOfDecays, loadMask } from "./cpu/chunk.js";
import { everyHead, hostHead, STORED } from "./cpu/head.js";
import { ssdGrad } from "./operator.js";

/** Longer ones pay no more without a matrix unit, and shorter ones keep more states. */
const DEFAULT_CHUNK = 16;

export const chunkedCpu = implementation(ssdGrad, "cpu", {
  form: "chunked",
  takes: STEPS,
  source: "reverse mode through section 6 and listing 1 of arXiv 2405.21060, chunk by chunk",
  options: () => [{ chunk: DEFAULT_CHUNK }],
  // what a reset or a border hides is multiplied by 0
  nonFinite: { borders: true },
  rounding: (_problem, { chunk = DEFAULT_CHUNK }) => hostRounding(chunk, STORED),
  unsupported: (_problem, { chunk = DEFAULT_CHUNK }) => whyNoChunk(chunk),
  prepare(engine, problem, { chunk = DEFAULT_CHUNK }) {
    const { length, heads, groups, headDim, state } = problem.dims;
    const inputs = engine.inputs(ssdGrad, problem);
    const { X, B, C, initialState, dFinalState } = inputs;
    const outputs = engine.outputs(ssdGrad, problem);
    const head = hostHead(problem, inputs, outputs);
    const { logA, dt, dl, needsY } = head;
    const rows = padded(chunk, LEFT_ROWS);
    const cols = padded(headDim, RIGHT_ROWS);
    const size = cols * state;
    const count = Math.ceil(length / chunk);
    const part = emptyChunk(chunk, rows, cols, state);
    const S = new Float64Array(size);
    const R = new Float64Array(size);
    const borders = new Float64Array(count * size);

    const loadTokens = (b: number, group: number, h: number, t0: number): Chunk => {
      part.size = Math.min(chunk, length - t0);
      const row = ((b * length + t0) * groups + group) * state;
      gatherRows(B, row, groups * state, part.size, state, part.B, state);
      gatherRows(C, row, groups * state, part.size, state, part.C, state);
      const token = (b * length + t0) * heads + h;
      gatherRows(X, token * headDim, heads * headDim, part.size, headDim, part.x, cols);
      if (dt) for (let q = 0; q < part.size; q++) scaleRow(part.x, q, cols, dt[token + q * heads]);
      loadMask(part, (q) => Math.exp(logA[token + q * heads]));
      return part;
    };

    /** 1. The state after a chunk from the one before it. */
    const advance = (): void => {
      const { x, scaled, toEnd, B: chunkB, all } = part;
      for (let i = 0; i < rows * cols; i++) scaled[i] = x[i] * toEnd[Math.floor(i / cols)];
      decayed(S, all);
      addOuterProducts(S, all, scaled, chunkB, rows, cols, state);
    };

    const retreat = (t0: number, before: Float64Array): void => {
      const { L, scores, products, weights, fromStart, toEnd, all } = part;
      const used = part.size;
      part.dy.fill(0);
      for (let q = 0; q < used; q++)
        for (let p = 0; p < headDim; p++) part.dy[q * cols + p] = head.dy[(t0 + q) * headDim + p];

      // 2. C B^T and dy x^T; what the chunk's first state gives to its outputs, what R takes from its inputs
      multiplyTransposed(part.C, state, rows, part.B, state, rows, state, scores, rows);
      multiplyTransposed(part.dy, cols, rows, part.x, cols, rows, cols, products, rows);
      multiplyTransposed(part.C, state, rows, before, state, cols, state, part.y, cols);
      multiplyTransposed(part.B, state, rows, R, state, cols, state, part.dx, cols);
      for (let q = 0; q < used; q++) {
        scaleRow(part.y, q, cols, fromStart[q]);
        scaleRow(part.dx, q, cols, toEnd[q]);
      }

      // 3. gradients of the decays
      gradientsOfDecays(part, all * inner(R, before), cols, dl, t0);

      for (let q = 0; q < used; q++) {
        // 4. Y within the chunk, for the gate
        for (let s = 0; s <= q; s++) weights[s] = L[q * rows + s] * scores[q * rows + s];
        if (needsY) addWeightedRows(part.y, q, part.x, weights, q + 1, cols);
        // 5. dC: sum_s L (dy x^T) B, and dy times the state before the chunk
        for (let s = 0; s <= q; s++) weights[s] = L[q * rows + s] * products[q * rows + s];
        addWeightedRows(head.dC, t0 + q, part.B, weights, q + 1, state);
        for (let p = 0; p < cols; p++) weights[p] = fromStart[q] * part.dy[q * cols + p];
        addWeightedRows(head.dC, t0 + q, before, weights, cols, state);
        // 6. dx: sum over later tokens of L (C B^T) dy
        for (let u = 0; u < used - q; u++) weights[u] = L[(q + u) * rows + q] * scores[(q + u) * rows + q];
        addWeightedRows(part.dx, q, part.dy.subarray(q * cols), weights, used - q, cols);
        // 7. dB: sum over later tokens of L (dy x^T) C, and x times R
        for (let u = 0; u < used - q; u++) weights[u] = L[(q + u) * rows + q] * products[(q + u) * rows + q];
        addWeightedRows(head.dB, t0 + q, part.C.subarray(q * state), weights, used - q, state);
        for (let p = 0; p < cols; p++) weights[p] = toEnd[q] * part.x[q * cols + p];
        addWeightedRows(head.dB, t0 + q, R, weights, cols, state);
        for (let p = 0; p < headDim; p++) {
          head.dx[(t0 + q) * headDim + p] = part.dx[q * cols + p];
          head.y[(t0 + q) * headDim + p] = part.y[q * cols + p];
        }
      }

      // 8. R at the chunk's start
      for (let q = 0; q < used; q++) scaleRow(part.dy, q, cols, fromStart[q]);
      decayed(R, all);
      addOuterProducts(R, all, part.dy, part.C, rows, cols, state);
    };

    const oneHead = (b: number, group: number, h: number) => {
      const first = (b * heads + h) * headDim * state;
      for (const [array, source] of [[S, initialState] as const, [R, dFinalState] as const]) {
        array.fill(0);
        if (source) gatherRows(source, first, state, headDim, state, array, state);
      }
      head.begin(b, h);
      for (let k = 0; k < count; k++) {
        borders.set(S, k * size);
        loadTokens(b, group, h, k * chunk);
        advance();
        flushNegligible(S);
      }
      outputs.finalState?.set(S.subarray(0, headDim * state), first);
      for (let k = count - 1; k >= 0; k--) {
        loadTokens(b, group, h, k * chunk);
        retreat(k * chunk, borders.subarray(k * size, (k + 1) * size));
        flushNegligible(R);
      }
      outputs.dinitialState?.set(R.subarray(0, headDim * state), first);
      head.finish(b, h);
    };

    return engine.prepared(
      ssdGrad,
      problem,
      outputs,
      () => everyHead(head, problem.dims, oneHead),
      head.bytes + borders.byteLength,
    );
  },
});

function inner(u: Float64Array, v: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < u.length; i++) sum += u[i] * v[i];
  return sum;
}
