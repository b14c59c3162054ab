/** The recurrent form: one token after another, the fused scan of Mamba-1 on one processor (section 3.3 and algorithm 2). */
import { hostRounding } from "../bound.js";
import { skipAndGate } from "../epilogue.js";
import { flushNegligible, gatherRows } from "../host-matrix.js";
import { implementation } from "../implementation.js";
import { EXP_DECAY_ERROR, expDecay } from "./exp.js";
import { selectiveScan } from "./operator.js";
import { softplus } from "./step.js";

/** Channels that walk the tokens together: a cache line of u, delta and Y, while their states stay in the first-level cache. */
const CHANNELS_AT_ONCE = 16;
/** Tokens between two looks for states that have decayed to nothing. */
const FLUSH_EVERY = 64;

export const recurrentCpu = implementation(selectiveScan, "cpu", {
  form: "recurrent",
  source: "arXiv 2312.00752, equation (2) and algorithm 2; selective_scan_ref of state-spaces/mamba",
  // float64 but for the exponential; the reference grants each of them eight roundings
  rounding: ({ inputs: { D, z } }) => ({
    ...hostRounding(0, 1 + (D ? 1 : 0) + (z ? 1 : 0)),
    accumulate: EXP_DECAY_ERROR / 4,
  }),
  prepare(engine, problem) {
    const { batch, length, heads, groups, headDim, state } = problem.dims;
    const { u, delta, A, B, C, D, z, deltaBias, initialState } = engine.inputs(selectiveScan, problem);
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
    const rowOf = (token: number, d: number) => (token * groups + Math.floor(d / channelsPerGroup)) * state;
    // one row more than channels: the partner of the last channel when their number is odd
    const S = new Float64Array((CHANNELS_AT_ONCE + 1) * state);
    const y = new Float64Array(2);

    /** All tokens for channels d0 .. d0 + count of one batch entry. */
    const someChannels = (b: number, d0: number, count: number) => {
      const first = (b * width + d0) * state;
      if (initialState) gatherRows(initialState, first, state, count, state, S, state);
      else S.fill(0);
      for (let t = 0; t < length; t++) {
        const token = b * length + t;
        for (let d = d0; d < d0 + count; d += 2) {
          const i = token * width + d;
          const partner = d + 1 < d0 + count ? 1 : 0;
          const step0 = stepOf(i, d);
          const step1 = partner ? stepOf(i + 1, d + 1) : 0;
          const x1 = partner ? step1 * u[i + 1] : 0;
          const b0 = constantB ? d * state : rowOf(token, d);
          const b1 = constantB ? (d + partner) * state : rowOf(token, d + partner);
          const c0 = constantC ? d * state : rowOf(token, d);
          const c1 = constantC ? (d + partner) * state : rowOf(token, d + partner);
          const a0 = d * state;
          const a1 = a0 + partner * state;
          twoChannels(
            S,
            (d - d0) * state,
            step0,
            step0 * u[i],
            step1,
            x1,
            A,
            a0,
            a1,
            B,
            b0,
            b1,
            C,
            c0,
            c1,
            state,
            y,
          );
          Y[i] = y[0];
          if (partner) Y[i + 1] = y[1];
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

/** s_t = exp(delta A) s_(t-1) + x B and y = s_t . C for two neighbouring channels at one token: two chains hide each other's waits. */
function twoChannels(
  S: Float64Array,
  s0: number,
  step0: number,
  x0: number,
  step1: number,
  x1: number,
  A: Float32Array,
  a0: number,
  a1: number,
  B: Float32Array,
  b0: number,
  b1: number,
  C: Float32Array,
  c0: number,
  c1: number,
  state: number,
  y: Float64Array,
): void {
  const s1 = s0 + state;
  let [y0, y1] = [0, 0];
  for (let n = 0; n < state; n++) {
    const v0 = expDecay(step0 * A[a0 + n]) * S[s0 + n] + x0 * B[b0 + n];
    S[s0 + n] = v0;
    y0 += v0 * C[c0 + n];
    const v1 = expDecay(step1 * A[a1 + n]) * S[s1 + n] + x1 * B[b1 + n];
    S[s1 + n] = v1;
    y1 += v1 * C[c1 + n];
  }
  y[0] = y0;
  y[1] = y1;
}
