/** The recurrent form: one token after another, the fused scan of Mamba-1 on one processor (section 3.3 and algorithm 2). */
import { hostRounding } from "../bound.js";
import { beginsAnew } from "../documents.js";
import { implementation } from "../implementation.js";
import { skipAndGate } from "../recurrence/epilogue.js";
import { flushNegligible, gatherRows } from "../recurrence/host-matrix.js";
import { softplus } from "../recurrence/step.js";
import { EXP_DECAY_ERROR, expDecay } from "./cpu/exp.js";
import { selectiveScan } from "./operator.js";

/** Channels that walk the tokens together: a cache line of u, delta and Y, while their states stay in the first-level cache. */
const CHANNELS_AT_ONCE = 16;
/** Tokens between two looks for states that have decayed to nothing. */
const FLUSH_EVERY = 64;

export const recurrentCpu = implementation(selectiveScan, "cpu", {
  form: "recurrent",
  takes: ["documents"],
  source: "arXiv 2312.00752, equation (2) and algorithm 2; selective_scan_ref of state-spaces/mamba",
  // float64 but for the exponential; the reference grants each of them eight roundings
  rounding: ({ inputs: { D, z } }) => ({
    ...hostRounding(0, 1 + (D ? 1 : 0) + (z ? 1 : 0)),
    accumulate: EXP_DECAY_ERROR / 4,
  }),
  prepare(engine, problem) {
    const { batch, length, heads, groups, headDim, state } = problem.dims;
    const { u, delta, A, B, C, D, z, deltaBias, initialState, documents } = engine.inputs(
      selectiveScan,
      problem,
    );
    const outputs = engine.outputs(selectiveScan, problem);
    const { Y, finalState } = outputs;
    const width = heads * headDim;
    const channelsPerGroup = width / groups;
    const constantB = problem.inputs.B!.axes[0] !== "batch";
    const constantC = problem.inputs.C!.axes[0] !== "batch";
    const { softplus: withSoftplus } = problem.settings;
    const finish = skipAndGate(width, 1, u, D, z, Y);
    const stepOf = (i: number, d: number) => {
      const raw = delta[i] + (deltaBias ? deltaBias[d] : 0);
      return withSoftplus ? softplus(raw) : raw;
    };
    const ids = documents && { rows: batch * length, cols: 1, at: (row: number) => documents[row] };
    const S = new Float64Array(CHANNELS_AT_ONCE * state);
    const a = new Float64Array(state);

    /** All tokens for channels d0 .. d0 + count of one batch entry. */
    const someChannels = (b: number, d0: number, count: number) => {
      const first = (b * width + d0) * state;
      if (initialState) gatherRows(initialState, first, state, count, state, S, state);
      else S.fill(0);
      for (let t = 0; t < length; t++) {
        const token = b * length + t;
        if (ids && beginsAnew(ids, b, length, t)) S.fill(0);
        for (let d = d0; d < d0 + count; d++) {
          const i = token * width + d;
          const row = (token * groups + Math.floor(d / channelsPerGroup)) * state;
          const step = stepOf(i, d);
          expRow(a, step, A, d * state);
          const rowB = constantB ? d * state : row;
          const rowC = constantC ? d * state : row;
          Y[i] = updateAndRead(S, (d - d0) * state, a, step * u[i], B, rowB, C, rowC);
        }
        if (t % FLUSH_EVERY === FLUSH_EVERY - 1) flushNegligible(S);
      }
      for (let i = 0; i < count * state; i++) finalState[first + i] = S[i];
    };

    return engine.prepared(selectiveScan, problem, outputs, () => {
      for (let b = 0; b < batch; b++)
        for (let d = 0; d < width; d += CHANNELS_AT_ONCE)
          someChannels(b, d, Math.min(CHANNELS_AT_ONCE, width - d));
      finish();
    });
  },
});

/** a_n = exp(delta A_n): a loop of its own, in which no state waits for an exponential. */
function expRow(a: Float64Array, step: number, A: Float32Array, first: number): void {
  for (let n = 0; n < a.length; n++) a[n] = expDecay(step * A[first + n]);
}

/** s_t = a s_(t-1) + x B for one channel at one token, and s_t . C. */
function updateAndRead(
  S: Float64Array,
  s: number,
  a: Float64Array,
  x: number,
  B: Float32Array,
  b: number,
  C: Float32Array,
  c: number,
): number {
  let y = 0;
  for (let n = 0; n < a.length; n++) {
    const value = a[n] * S[s + n] + x * B[b + n];
    S[s + n] = value;
    y += value * C[c + n];
  }
  return y;
}
