/**
 * What every form of the gradients does around the state of one head on the host: dY through the gate before, and after it what follows
 * from R B (`dx`), a <R, S_(t-1)> (`dl`) and S C (`y`). Sums over tokens and batches are float64 until the end of a run.
 */
import type { Inputs, Outputs, Problem } from "../../operator.js";
import { type StepSettings, stepSlope } from "../../recurrence/step.js";
import { tokenSteps } from "../../ssd/cpu/steps.js";
import type { SsdGrad } from "../operator.js";

export interface HostHead {
  /** (batch, length, heads): log decays, -Infinity where a document begins, and steps, 1 where undefined. */
  readonly logA: Float32Array | Float64Array;
  readonly dt: Float32Array | Float64Array | undefined;
  /** (length, headDim) */
  readonly dy: Float64Array;
  readonly y: Float64Array;
  readonly dx: Float64Array;
  /** (length) */
  readonly dl: Float64Array;
  /** (length, state): sums over the heads of a group. */
  readonly dB: Float64Array;
  readonly dC: Float64Array;
  /** Of all these. */
  readonly bytes: number;
  /** Whether `y` is asked for. */
  readonly needsY: boolean;
  beginRun(): void;
  beginGroup(): void;
  begin(b: number, h: number): void;
  finish(b: number, h: number): void;
  finishGroup(b: number, group: number): void;
  finishRun(): void;
}

/** How often a result is stored as float32 on its way: once, all else is float64. */
export const STORED = 1;

export function hostHead(
  problem: Problem<SsdGrad>,
  inputs: Inputs<SsdGrad>,
  outputs: Outputs<SsdGrad>,
): HostHead {
  const { length, heads, groups, headDim, state } = problem.dims;
  const { X, dt: rawDt, dtBias, D, z, dY, logA: givenLogA } = inputs;
  const { logA, dt, make } = tokenSteps(problem as never, inputs);
  const settings = problem.settings as unknown as StepSettings;
  const rateOf = problem.inputs.logA?.axes.length === 1 ? (h: number) => givenLogA[h] : undefined;
  const skipPlace =
    problem.inputs.D?.axes.length === 1 ? (h: number) => h : (h: number, p: number) => h * headDim + p;
  const rows = () => new Float64Array(length * headDim);
  const [dy, y, dx] = [rows(), rows(), rows()];
  const dl = new Float64Array(length);
  const [dB, dC] = [new Float64Array(length * state), new Float64Array(length * state)];
  const totals = {
    dD: new Float64Array(outputs.dD?.length ?? 0),
    dlogA: new Float64Array(rateOf ? heads : 0),
    ddtBias: new Float64Array(heads),
  };

  /** Through the gate: dz, Y, and y with its skip. */
  const gate = (h: number, i: number, at: number, p: number) => {
    const total = y[i] + (D ? D[skipPlace(h, p)] * X[at] : 0);
    if (!z) {
      if (outputs.Y) outputs.Y[at] = total;
      return;
    }
    const sigmoid = 1 / (1 + Math.exp(-z[at]));
    if (outputs.Y) outputs.Y[at] = total * z[at] * sigmoid;
    outputs.dz![at] = dY[at] * total * sigmoid * (1 + z[at] * (1 - sigmoid));
  };

  /** The step's gradient through x and, for a rate of the head, through the decay too. */
  const finishStep = (h: number, token: number, t: number, throughX: number) => {
    const rate = rateOf?.(h);
    if (rate === undefined) outputs.dlogA[token] = dl[t];
    else totals.dlogA[h] += dl[t] * dt![token];
    if (!rawDt) return;
    // a rate of -Infinity forgets everything, whatever the step
    const throughDecay = rate === undefined || dl[t] === 0 ? 0 : rate * dl[t];
    const raw = rawDt[token] + (dtBias ? dtBias[h] : 0);
    const gradient = (throughX + throughDecay) * stepSlope(raw, settings);
    outputs.ddt![token] = gradient;
    totals.ddtBias[h] += gradient;
  };

  return {
    logA,
    dt,
    dy,
    y,
    dx,
    dl,
    dB,
    dC,
    bytes: [dy, y, dx, dl, dB, dC].reduce((sum, { byteLength }) => sum + byteLength, 0),
    needsY: z !== undefined || outputs.Y !== undefined,
    beginRun() {
      make();
      for (const total of Object.values(totals)) total.fill(0);
    },
    beginGroup() {
      dB.fill(0);
      dC.fill(0);
    },
    begin(b, h) {
      for (let t = 0, i = 0; t < length; t++) {
        const at = ((b * length + t) * heads + h) * headDim;
        for (let p = 0; p < headDim; p++, i++)
          dy[i] = z ? (dY[at + p] * z[at + p]) / (1 + Math.exp(-z[at + p])) : dY[at + p];
      }
    },
    finish(b, h) {
      for (let t = 0, i = 0; t < length; t++) {
        const token = (b * length + t) * heads + h;
        const step = dt ? dt[token] : 1;
        let throughX = 0;
        for (let p = 0, at = token * headDim; p < headDim; p++, i++, at++) {
          throughX += X[at] * dx[i];
          outputs.dX[at] = step * dx[i] + (D ? D[skipPlace(h, p)] * dy[i] : 0);
          if (D) totals.dD[skipPlace(h, p)] += dy[i] * X[at];
          gate(h, i, at, p);
        }
        finishStep(h, token, t, throughX);
      }
    },
    finishGroup(b, group) {
      for (let t = 0, i = 0; t < length; t++) {
        const at = ((b * length + t) * groups + group) * state;
        for (let n = 0; n < state; n++, i++) {
          outputs.dB[at + n] = dB[i];
          outputs.dC[at + n] = dC[i];
        }
      }
    },
    finishRun() {
      outputs.dD?.set(totals.dD);
      outputs.ddtBias?.set(totals.ddtBias);
      if (rateOf) outputs.dlogA.set(totals.dlogA);
    },
  };
}

/** One run: all heads, those of a group one after another, since their dB and dC are one sum. */
export function everyHead(
  head: HostHead,
  { batch, heads, groups }: Problem<SsdGrad>["dims"],
  oneHead: (b: number, group: number, h: number) => void,
): void {
  head.beginRun();
  for (let b = 0; b < batch; b++)
    for (let group = 0; group < groups; group++) {
      head.beginGroup();
      for (let h = (group * heads) / groups; h < ((group + 1) * heads) / groups; h++) oneHead(b, group, h);
      head.finishGroup(b, group);
    }
  head.finishRun();
}
