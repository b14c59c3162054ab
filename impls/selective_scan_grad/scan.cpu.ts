/**
 * The scan, forwards and then backwards, channel by channel (README.md, equations 1 to 7). States are kept at the borders of segments of
 * about sqrt(length) tokens, and walked again within one, together with their decays.
 */
import { hostRounding } from "../bound.js";
import { beginsAnew } from "../documents.js";
import { implementation } from "../implementation.js";
import { KeptStates, segmentLength } from "../recurrence/gradient-states.js";
import { flushNegligible } from "../recurrence/host-matrix.js";
import { stepOf, stepSlope } from "../recurrence/step.js";
import { EXP_DECAY_ERROR, expDecay } from "../selective_scan/cpu/exp.js";
import { selectiveScanGrad } from "./operator.js";

export const scanCpu = implementation(selectiveScanGrad, "cpu", {
  form: "scan",
  takes: ["documents"],
  source: "arXiv 2312.00752, section 3.3.2 (recomputation); reverse mode through equation (2)",
  // float64 but for the exponential; the reference grants each of them eight roundings
  rounding: () => ({ ...hostRounding(0, 1), accumulate: EXP_DECAY_ERROR / 4 }),
  prepare(engine, problem) {
    const { batch, length, heads, groups, headDim, state } = problem.dims;
    const inputs = engine.inputs(selectiveScanGrad, problem);
    const { u, delta, A, B, C, D, z, deltaBias, initialState, documents, dY, dFinalState } = inputs;
    const outputs = engine.outputs(selectiveScanGrad, problem);
    const width = heads * headDim;
    const channelsPerGroup = width / groups;
    const constantB = problem.inputs.B!.axes[0] !== "batch";
    const constantC = problem.inputs.C!.axes[0] !== "batch";
    const settings = { softplus: problem.settings.softplus, dtMin: 0, dtMax: 0 };
    const ids = documents && { rows: batch * length, cols: 1, at: (row: number) => documents[row] };
    const totals = {
      dA: new Float64Array(width * state),
      dB: new Float64Array(outputs.dB.length),
      dC: new Float64Array(outputs.dC.length),
      dD: new Float64Array(width),
      ddeltaBias: new Float64Array(width),
    };
    const segment = segmentLength(length);
    const S = new Float64Array(state);
    const R = new Float64Array(state);
    const a = new Float64Array(state);
    const borders = new KeptStates(Math.ceil(length / segment), [S]);
    const within = new KeptStates(Math.min(segment, length), [S, a]);

    const rawOf = (i: number, d: number) => delta[i] + (deltaBias ? deltaBias[d] : 0);
    const rowOf = (constant: boolean, token: number, d: number) =>
      (constant ? d : token * groups + Math.floor(d / channelsPerGroup)) * state;

    /** a of a token. */
    const loadDecays = (b: number, t: number, d: number, step: number) => {
      if (ids && beginsAnew(ids, b, length, t)) a.fill(0);
      else for (let n = 0; n < state; n++) a[n] = expDecay(step * A[d * state + n]);
    };

    const advance = (b: number, t: number, d: number, kept: number | undefined) => {
      const i = (b * length + t) * width + d;
      const step = stepOf(rawOf(i, d), settings);
      loadDecays(b, t, d, step);
      if (kept !== undefined) within.keep(kept);
      const x = step * u[i];
      const row = rowOf(constantB, b * length + t, d);
      for (let n = 0; n < state; n++) S[n] = (a[n] === 0 ? 0 : a[n] * S[n]) + x * B[row + n];
    };

    /** From the state before a token and R of the one after it to R of this one and all gradients of the token. */
    const retreat = (b: number, t: number, d: number, [before, decays]: readonly Float64Array[]) => {
      const token = b * length + t;
      const i = token * width + d;
      const raw = rawOf(i, d);
      const step = stepOf(raw, settings);
      const x = step * u[i];
      const sigmoid = z ? 1 / (1 + Math.exp(-z[i])) : 1;
      const dy = z ? dY[i] * z[i] * sigmoid : dY[i];
      const rowB = rowOf(constantB, token, d);
      const rowC = rowOf(constantC, token, d);
      let [dx, y, dStep] = [0, 0, 0];
      for (let n = 0; n < state; n++) {
        const after = (decays[n] === 0 ? 0 : decays[n] * before[n]) + x * B[rowB + n];
        const r = R[n] + dy * C[rowC + n];
        const dl = decays[n] === 0 ? 0 : decays[n] * r * before[n];
        dx += r * B[rowB + n];
        y += after * C[rowC + n];
        totals.dB[rowB + n] += r * x;
        totals.dC[rowC + n] += after * dy;
        totals.dA[d * state + n] += step * dl;
        dStep += A[d * state + n] * dl;
        R[n] = decays[n] === 0 ? 0 : decays[n] * r;
      }
      outputs.du[i] = step * dx + (D ? D[d] * dy : 0);
      outputs.ddelta[i] = (u[i] * dx + dStep) * stepSlope(raw, settings);
      totals.ddeltaBias[d] += (u[i] * dx + dStep) * stepSlope(raw, settings);
      totals.dD[d] += dy * u[i];
      const skipped = y + (D ? D[d] * u[i] : 0);
      if (outputs.Y) outputs.Y[i] = z ? skipped * z[i] * sigmoid : skipped;
      if (z) outputs.dz![i] = dY[i] * skipped * sigmoid * (1 + z[i] * (1 - sigmoid));
    };

    const oneChannel = (b: number, d: number) => {
      const first = (b * width + d) * state;
      for (let n = 0; n < state; n++) {
        S[n] = initialState ? initialState[first + n] : 0;
        R[n] = dFinalState ? dFinalState[first + n] : 0;
      }
      for (let t = 0; t < length; t++) {
        if (t % segment === 0) {
          flushNegligible(S);
          borders.keep(t / segment);
        }
        advance(b, t, d, undefined);
      }
      outputs.finalState?.set(S, first);
      for (let k = Math.ceil(length / segment) - 1; k >= 0; k--) {
        borders.restore(k);
        const t0 = k * segment;
        const tokens = Math.min(segment, length - t0);
        for (let i = 0; i < tokens; i++) advance(b, t0 + i, d, i);
        for (let i = tokens - 1; i >= 0; i--) retreat(b, t0 + i, d, within.at(i));
        flushNegligible(R);
      }
      outputs.dinitialState?.set(R, first);
    };

    const scratchBytes = Object.values(totals).reduce(
      (bytes, { byteLength }) => bytes + byteLength,
      borders.bytes + within.bytes,
    );
    return engine.prepared(
      selectiveScanGrad,
      problem,
      outputs,
      () => {
        for (const total of Object.values(totals)) total.fill(0);
        for (let b = 0; b < batch; b++) for (let d = 0; d < width; d++) oneChannel(b, d);
        for (const [name, total] of Object.entries(totals)) outputs[name as keyof typeof totals]?.set(total);
      },
      scratchBytes,
    );
  },
});
