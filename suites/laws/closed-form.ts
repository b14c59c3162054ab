/** ssd written out as a sum over pairs of tokens, in float64: what a law holds an implementation to, free of any recurrence. */
import { inputReader, type Problem } from "../../impls/operator.js";
import { ssd } from "../../impls/ssd/index.js";
import type { Spec } from "../problems/spec.js";
import { boundArrays, truthOf } from "../verify/compare.js";
import type { Subject } from "../verify/subject.js";
import { difference, float64Rounding } from "./hold.js";
import { type Finding, HOLDS, violated } from "./law.js";

/** Implementations that are held to one closed form share its values. */
const known = new WeakMap<Problem, { readonly what: string; readonly sum: Float64Array }>();

/** Holds an implementation's Y to a closed form of the same problem, within the bounds of both. */
export async function heldToClosedForm(
  spec: Spec,
  subject: Subject,
  closedForm: (problem: Problem) => Float64Array,
  what: string,
): Promise<Finding> {
  const problem = subject.problem(ssd, spec);
  const { values, bounds } = await subject.run(problem);
  const before = known.get(problem);
  const sum = before?.what === what ? before.sum : closedForm(problem);
  known.set(problem, { what, sum });
  const own = boundArrays(truthOf(ssd, problem), float64Rounding(spec.dims.length)).Y.certified;
  const found = difference({
    operator: ssd,
    problem,
    output: "Y",
    got: values.Y,
    wanted: (i) => sum[i],
    tolerance: (i) => bounds.Y.certified[i] + own[i],
    what,
  });
  return found ? violated(found) : HOLDS;
}

/**
 * Y_t = sum_{s <= t} weight(t, s, head) (C_t . B_s) dt_s x_s, the duality's quadratic side.
 * @returns Y (batch length heads headDim)
 */
export function pairSum(
  problem: Problem,
  weight: (t: number, s: number, head: number) => number,
): Float64Array {
  const { batch, length, heads, groups, headDim, state } = problem.dims;
  const [X, B, C] = ["X", "B", "C"].map((name) => inputReader(ssd, problem, name)!);
  const dt = inputReader(ssd, problem, "dt");
  const Y = new Float64Array(batch * length * heads * headDim);
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      const group = Math.floor(h / (heads / groups));
      for (let t = 0; t < length; t++) {
        for (let s = 0; s <= t; s++) {
          let product = 0;
          for (let n = 0; n < state; n++)
            product += C.at(b * length + t, group * state + n) * B.at(b * length + s, group * state + n);
          const factor = weight(t, s, h) * product * (dt ? dt.at(b * length + s, h) : 1);
          const row = ((b * length + t) * heads + h) * headDim;
          for (let p = 0; p < headDim; p++) Y[row + p] += factor * X.at(b * length + s, h * headDim + p);
        }
      }
    }
  }
  return Y;
}

/** Y_t = C_t . sum_{s <= t} B_s dt_s x_s by a running sum: linear attention as its authors write it. */
export function cumulativeSum(problem: Problem): Float64Array {
  const { batch, length, heads, groups, headDim, state } = problem.dims;
  const [X, B, C] = ["X", "B", "C"].map((name) => inputReader(ssd, problem, name)!);
  const dt = inputReader(ssd, problem, "dt");
  const Y = new Float64Array(batch * length * heads * headDim);
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      const group = Math.floor(h / (heads / groups));
      for (let p = 0; p < headDim; p++) {
        const sum = new Float64Array(state);
        for (let t = 0; t < length; t++) {
          const row = b * length + t;
          const x = (dt ? dt.at(row, h) : 1) * X.at(row, h * headDim + p);
          let y = 0;
          for (let n = 0; n < state; n++) {
            sum[n] += B.at(row, group * state + n) * x;
            y += C.at(row, group * state + n) * sum[n];
          }
          Y[(row * heads + h) * headDim + p] = y;
        }
      }
    }
  }
  return Y;
}
