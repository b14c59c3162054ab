/**
 * The recurrent form: one token after another forwards, then backwards (README.md, equations 1 to 6). States are kept at the borders of
 * segments of about sqrt(length) tokens, and walked again within one.
 */
import { hostRounding } from "../bound.js";
import { implementation } from "../implementation.js";
import { KeptStates, segmentLength } from "../recurrence/gradient-states.js";
import { flushNegligible, gatherRows } from "../recurrence/host-matrix.js";
import { decayed } from "../ssd/cpu/steps.js";
import { STEPS } from "../ssd/operator.js";
import { everyHead, hostHead, STORED } from "./cpu/head.js";
import { ssdGrad } from "./operator.js";

export const recurrentCpu = implementation(ssdGrad, "cpu", {
  form: "recurrent",
  takes: STEPS,
  source: "reverse mode through equation (1) of arXiv 2405.21060, token by token",
  rounding: () => hostRounding(0, STORED),
  prepare(engine, problem) {
    const { length, heads, groups, headDim, state } = problem.dims;
    const inputs = engine.inputs(ssdGrad, problem);
    const { X, B, C, initialState, dFinalState } = inputs;
    const outputs = engine.outputs(ssdGrad, problem);
    const head = hostHead(problem, inputs, outputs);
    const { logA, dt, dy, y, dx, dl, dB, dC, needsY } = head;
    const size = headDim * state;
    const segment = segmentLength(length);
    const S = new Float64Array(size);
    const R = new Float64Array(size);
    const borders = new KeptStates(Math.ceil(length / segment), [S]);
    const within = new KeptStates(Math.min(segment, length) + 1, [S]);
    const rowB = new Float64Array(state);
    const rowC = new Float64Array(state);
    const x = new Float64Array(headDim);

    const loadToken = (b: number, group: number, h: number, t: number) => {
      const row = ((b * length + t) * groups + group) * state;
      gatherRows(B, row, 0, 1, state, rowB, state);
      gatherRows(C, row, 0, 1, state, rowC, state);
      const token = (b * length + t) * heads + h;
      for (let p = 0; p < headDim; p++) x[p] = (dt ? dt[token] : 1) * X[token * headDim + p];
      return Math.exp(logA[token]);
    };

    const advance = (b: number, group: number, h: number, t: number) => {
      const a = loadToken(b, group, h, t);
      decayed(S, a);
      for (let p = 0, i = 0; p < headDim; p++)
        for (let n = 0; n < state; n++, i++) S[i] = a * S[i] + x[p] * rowB[n];
    };

    /** From the states before and after a token, and R of the one after it, to R of this one and all gradients of the token. */
    const retreat = (
      b: number,
      group: number,
      h: number,
      t: number,
      before: Float64Array,
      after: Float64Array,
    ) => {
      const a = loadToken(b, group, h, t);
      let inner = 0;
      for (let p = 0, i = 0; p < headDim; p++) {
        const g = dy[t * headDim + p];
        let [sum, core] = [0, 0];
        for (let n = 0, row = t * state; n < state; n++, i++, row++) {
          const r = R[i] + g * rowC[n];
          sum += r * rowB[n];
          dB[row] += r * x[p];
          dC[row] += after[i] * g;
          core += after[i] * rowC[n];
          inner += r * before[i];
          R[i] = a * r;
        }
        dx[t * headDim + p] = sum;
        if (needsY) y[t * headDim + p] = core;
      }
      dl[t] = a === 0 ? 0 : a * inner;
      decayed(R, a);
    };

    const oneHead = (b: number, group: number, h: number) => {
      const first = (b * heads + h) * size;
      for (const [array, source] of [[S, initialState] as const, [R, dFinalState] as const]) {
        if (source) gatherRows(source, first, 0, 1, size, array, size);
        else array.fill(0);
      }
      head.begin(b, h);
      for (let t = 0; t < length; t++) {
        if (t % segment === 0) {
          flushNegligible(S);
          borders.keep(t / segment);
        }
        advance(b, group, h, t);
      }
      outputs.finalState?.set(S, first);
      for (let k = Math.ceil(length / segment) - 1; k >= 0; k--) {
        borders.restore(k);
        const t0 = k * segment;
        const tokens = Math.min(segment, length - t0);
        for (let i = 0; i < tokens; i++) {
          within.keep(i);
          advance(b, group, h, t0 + i);
        }
        within.keep(tokens);
        for (let i = tokens - 1; i >= 0; i--)
          retreat(b, group, h, t0 + i, within.at(i)[0], within.at(i + 1)[0]);
        flushNegligible(R);
      }
      outputs.dinitialState?.set(R, first);
      head.finish(b, h);
    };

    return engine.prepared(
      ssdGrad,
      problem,
      outputs,
      () => everyHead(head, problem.dims, oneHead),
      head.bytes + borders.bytes + within.bytes,
    );
  },
});
