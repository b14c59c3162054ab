/**
 * The chunked form, the SSD algorithm (section 6 and listing 1 of the paper): matrix products within a chunk, a recurrence between
 * chunks. The steps carry the paper's numbers. Chunks run one after another, so that the state of a head stays in the cache; step 4
 * of a chunk therefore runs before its steps 2 and 3, which overwrite the state that it reads.
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
import { storedRoundings } from "./cpu/epilogue.js";
import { nextMaskRow } from "./cpu/mask.js";
import { partsOf } from "./cpu/parts.js";
import { decayed, isReset } from "./cpu/steps.js";
import { STEPS_AND_STATES, ssd } from "./operator.js";

/** Without a matrix unit a long chunk only adds work (README.md, "Chunk length"). */
const DEFAULT_CHUNK = 8;

export const chunkedCpu = implementation(ssd, "cpu", {
  form: "chunked",
  takes: STEPS_AND_STATES,
  source: "arXiv 2405.21060, section 6 and listing 1 (ssd_minimal_discrete)",
  options: () => [{ chunk: DEFAULT_CHUNK }],
  rounding: (problem, { chunk = DEFAULT_CHUNK }) => hostRounding(chunk, storedRoundings(problem)),
  unsupported: (_problem, { chunk = DEFAULT_CHUNK }) => whyNoChunk(chunk),
  prepare(engine, problem, { chunk = DEFAULT_CHUNK }) {
    const { batch, length, heads, groups, headDim, state } = problem.dims;
    const { inputs, outputs, logA, dt, make, ends, finish } = partsOf(engine, problem);
    const { X, B, C, initialState } = inputs;
    const { Y, finalState } = outputs;
    const headsPerGroup = heads / groups;

    const rows = padded(chunk, LEFT_ROWS);
    const cols = padded(headDim, RIGHT_ROWS);
    const headsAtOnce = Math.min(headsPerGroup, Math.ceil(CACHED_STATE / (cols * state)));
    const states = Array.from({ length: headsAtOnce }, () => new Float64Array(cols * state));
    const chunkB = new Float64Array(rows * state);
    const chunkC = new Float64Array(rows * state);
    const scores = new Float64Array(rows * rows);
    const x = new Float64Array(rows * cols);
    const y = new Float64Array(rows * cols);
    const mask = new Float64Array(rows);
    const weights = new Float64Array(rows);
    const decays = new Float64Array(rows);

    /** Tokens t0 .. t0 + size of a head, where `token` is the flat index of its first one in logA and the chunk's B, C are there. */
    const oneHead = (S: Float64Array, token: number, size: number) => {
      const usedRows = padded(size, LEFT_ROWS);
      gatherRows(X, token * headDim, heads * headDim, size, headDim, x, cols);
      for (let q = 0; q < size; q++) decays[q] = Math.exp(logA[token + q * heads]);
      decayed(S, decays[0]);
      if (dt) for (let q = 0; q < size; q++) scaleRow(x, q, cols, dt[token + q * heads]);

      // 4. state to output: what came before the chunk, decayed to each token
      multiplyTransposed(chunkC, state, usedRows, S, state, cols, state, y, cols);
      let decay = 1;
      for (let q = 0; q < size; q++) {
        decay *= decays[q];
        scaleRow(y, q, cols, decay);
      }

      // 1. diagonal blocks: (L o C B^T) X within the chunk
      for (let q = 0; q < size; q++) {
        nextMaskRow(mask, q, decays[q]);
        for (let s = 0; s <= q; s++) weights[s] = mask[s] * scores[q * rows + s];
        addWeightedRows(y, q, x, weights, q + 1, cols);
        storeRow(y, q, cols, Y, (token + q * heads) * headDim, headDim);
      }

      // 2. chunk states, 3. pass states: the mask's last row weighs each token by its decay to the end of the chunk
      for (let q = 0; q < size; q++) scaleRow(x, q, cols, mask[q]);
      addOuterProducts(S, decay, x, chunkB, usedRows, cols, state);
    };

    /** Tokens of a chunk before the next one that forgets what was before it in any of the heads: 0 times NaN would not be 0. */
    const untilReset = (token: number, count: number, size: number) => {
      for (let q = 1; q < size; q++)
        for (let i = 0; i < count; i++) if (isReset(logA[token + q * heads + i])) return q;
      return size;
    };

    /** The whole length for heads h0 .. h0 + count of one group, which share C B^T. */
    const someHeads = (b: number, group: number, h0: number, count: number) => {
      const first = (b * heads + h0) * headDim * state;
      for (let i = 0; i < count; i++) {
        if (initialState)
          gatherRows(initialState, first + i * headDim * state, state, headDim, state, states[i], state);
        else states[i].fill(0);
      }
      for (let t0 = 0, size = 0; t0 < length; t0 += size) {
        // a chunk ends where a document does whose state is asked for: then that state is the chunk's last one
        const most = Math.min(chunk, ends?.left(b, t0) ?? length - t0, length - t0);
        size = untilReset((b * length + t0) * heads + h0, count, most);
        const row = ((b * length + t0) * groups + group) * state;
        gatherRows(B, row, groups * state, size, state, chunkB, state);
        gatherRows(C, row, groups * state, size, state, chunkC, state);
        const usedRows = padded(size, LEFT_ROWS);
        multiplyTransposed(chunkC, state, usedRows, chunkB, state, usedRows, state, scores, rows);
        for (let i = 0; i < count; i++) {
          oneHead(states[i], (b * length + t0) * heads + h0 + i, size);
          ends?.keep(b, h0 + i, t0 + size - 1, states[i]);
        }
        if (Math.floor(t0 / FLUSH_EVERY) !== Math.floor((t0 + size) / FLUSH_EVERY))
          for (let i = 0; i < count; i++) flushNegligible(states[i]);
      }
      for (let i = 0; i < count; i++)
        finalState.set(states[i].subarray(0, headDim * state), first + i * headDim * state);
    };

    return engine.prepared(ssd, problem, outputs, () => {
      make();
      ends?.begin();
      for (let b = 0; b < batch; b++)
        for (let group = 0; group < groups; group++)
          for (let i = 0; i < headsPerGroup; i += headsAtOnce)
            someHeads(b, group, group * headsPerGroup + i, Math.min(headsAtOnce, headsPerGroup - i));
      finish();
    });
  },
});

/** Numbers of state that walk the tokens together: as many heads as stay in a second-level cache. */
const CACHED_STATE = 16 * 1024;

/** Tokens between two looks for states that have decayed to nothing. */
const FLUSH_EVERY = 64;
