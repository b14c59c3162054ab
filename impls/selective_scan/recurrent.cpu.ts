/** The recurrent form: one token after another, the hardware-aware scan of Mamba-1 without its hardware (section 3.3, algorithm 2). */
import { f32Rounding } from "../bound.js";
import { skipAndGate } from "../epilogue.js";
import { implementation } from "../implementation.js";
import { selectiveScan } from "./operator.js";
import { softplus } from "./step.js";

export const recurrentCpu = implementation(selectiveScan, "cpu", {
  form: "recurrent",
  source: "arXiv 2312.00752, equation (2) and algorithm 2; selective_scan_ref of state-spaces/mamba",
  rounding: () => f32Rounding(0),
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

    return engine.prepared(selectiveScan, problem, outputs, () => {
      if (initialState) finalState.set(initialState);
      else finalState.fill(0);
      for (let b = 0; b < batch; b++) {
        for (let t = 0; t < length; t++) {
          const token = b * length + t;
          for (let d = 0; d < width; d++) {
            const row = (token * groups + Math.floor(d / channelsPerGroup)) * state;
            const raw = delta[token * width + d] + (deltaBias ? deltaBias[d] : 0);
            const step = withSoftplus ? softplus(raw) : raw;
            Y[token * width + d] = updateAndRead(
              finalState,
              (b * width + d) * state,
              step,
              step * u[token * width + d],
              A,
              d * state,
              B,
              constantB ? d * state : row,
              C,
              constantC ? d * state : row,
              state,
            );
          }
        }
      }
      finish();
    });
  },
});

/** s_t = exp(delta A) s_(t-1) + x B for one channel at one token, and s_t . C. */
function updateAndRead(
  S: Float32Array,
  s: number,
  step: number,
  x: number,
  A: Float32Array,
  a: number,
  B: Float32Array,
  b: number,
  C: Float32Array,
  c: number,
  state: number,
): number {
  let y = 0;
  for (let n = 0; n < state; n++) {
    const value = Math.fround(Math.exp(step * A[a + n]) * S[s + n] + x * B[b + n]);
    S[s + n] = value;
    y += value * C[c + n];
  }
  return y;
}
