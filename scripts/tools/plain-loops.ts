/**
 * What a careful reader would write by hand: the plain Float32Array loops that the cpu engine's recurrent forms are measured
 * against (they must reach 70% of it). One batch entry, one head, no options: everything a general kernel has to carry is gone.
 * Run: node --import tsx scripts/tools/yardstick.ts
 */
import type { CpuEngine } from "../../impls/engines/cpu.js";
import { type Problem, randomProblem } from "../../impls/operator.js";
import { type SelectiveScan, selectiveScan } from "../../impls/selective_scan/operator.js";
import { type Ssd, ssd } from "../../impls/ssd/operator.js";

const dims = (state: number, length: number) => ({
  batch: 1,
  length,
  heads: 1,
  groups: 1,
  headDim: 64,
  state,
});

export const ssdProblem = (state: number, length: number): Problem<Ssd> =>
  randomProblem(ssd, { dims: dims(state, length) });
export const scanProblem = (state: number, length: number): Problem<SelectiveScan> =>
  randomProblem(selectiveScan, { dims: dims(state, length) });

/** The recurrence of ssd as a hand-written loop. */
export function plainSsd(engine: CpuEngine, problem: Problem<Ssd>): () => void {
  const { length, headDim, state } = problem.dims;
  const { X, logA, B, C } = engine.inputs(ssd, problem);
  const Y = new Float32Array(length * headDim);
  const S = new Float32Array(headDim * state);
  return () => {
    S.fill(0);
    for (let t = 0; t < length; t++) plainSsdToken(S, Math.exp(logA[t]), X, B, C, Y, t, headDim, state);
  };
}

function plainSsdToken(
  S: Float32Array,
  a: number,
  X: Float32Array,
  B: Float32Array,
  C: Float32Array,
  Y: Float32Array,
  t: number,
  headDim: number,
  state: number,
): void {
  for (let p = 0, s = 0; p < headDim; p++) {
    const x = X[t * headDim + p];
    let y = 0;
    for (let n = 0; n < state; n++, s++) {
      const value = a * S[s] + x * B[t * state + n];
      S[s] = value;
      y += value * C[t * state + n];
    }
    Y[t * headDim + p] = y;
  }
}

/** The recurrence of the selective scan as a hand-written loop. */
export function plainScan(engine: CpuEngine, problem: Problem<SelectiveScan>): () => void {
  const { length, headDim, state } = problem.dims;
  const { u, delta, A, B, C } = engine.inputs(selectiveScan, problem);
  const Y = new Float32Array(length * headDim);
  const S = new Float32Array(headDim * state);
  return () => {
    S.fill(0);
    for (let t = 0; t < length; t++)
      for (let p = 0; p < headDim; p++) {
        const i = t * headDim + p;
        Y[i] = plainScanChannel(S, p * state, delta[i], u[i], A, B, C, t * state, state);
      }
  };
}

function plainScanChannel(
  S: Float32Array,
  s: number,
  step: number,
  u: number,
  A: Float32Array,
  B: Float32Array,
  C: Float32Array,
  row: number,
  state: number,
): number {
  let y = 0;
  for (let n = 0; n < state; n++) {
    const value = Math.exp(step * A[s + n]) * S[s + n] + step * u * B[row + n];
    S[s + n] = value;
    y += value * C[row + n];
  }
  return y;
}
