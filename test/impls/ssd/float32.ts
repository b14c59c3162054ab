/**
 * The three forms of ssd with every operation rounded to float32, written for plainness: what kernels on other engines do. The cpu
 * engine works in float64, so the bound of float32 arithmetic is held against these.
 */
import { f32Rounding } from "../../../impls/bound.js";
import { type Form, implementation } from "../../../impls/implementation.js";
import type { Inputs, Problem } from "../../../impls/operator.js";
import type { Options } from "../../../impls/prepared.js";
import { type Ssd, ssd } from "../../../impls/ssd/operator.js";

const f = Math.fround;
const exp = (l: number) => f(Math.exp(l));

interface Head {
  readonly length: number;
  readonly headDim: number;
  readonly state: number;
  a(t: number): number;
  l(t: number): number;
  x(t: number, p: number): number;
  B(t: number, n: number): number;
  C(t: number, n: number): number;
  /** p * state + n; holds the initial state, then the final one. */
  readonly S: Float32Array;
  Y(t: number, p: number, value: number): void;
}

/** y = sum over s < count of term(s), in float32 from left to right. */
function sum(count: number, term: (s: number) => number): number {
  let total = 0;
  for (let s = 0; s < count; s++) total = f(total + term(s));
  return total;
}

/** exp(l_(s+1) + ... + l_t), the segment summed from its later end. */
function decay(head: Head, s: number, t: number): number {
  return exp(sum(t - s, (i) => head.l(t - i)));
}

function recurrent({ length, headDim, state, a, x, B, C, S, Y }: Head): void {
  for (let t = 0; t < length; t++)
    for (let p = 0; p < headDim; p++) {
      for (let n = 0; n < state; n++) S[p * state + n] = f(f(a(t) * S[p * state + n]) + f(x(t, p) * B(t, n)));
      Y(
        t,
        p,
        sum(state, (n) => f(S[p * state + n] * C(t, n))),
      );
    }
}

function chunked(head: Head, chunk: number): void {
  const { length, headDim, state, x, B, C, S, Y } = head;
  for (let t0 = 0; t0 < length; t0 += chunk) {
    const end = Math.min(t0 + chunk, length);
    for (let t = t0; t < end; t++) {
      const carried = decay(head, t0 - 1, t);
      for (let p = 0; p < headDim; p++) {
        const past = f(carried * sum(state, (n) => f(C(t, n) * S[p * state + n])));
        const own = sum(t - t0 + 1, (i) => {
          const s = t0 + i;
          return f(f(decay(head, s, t) * sum(state, (n) => f(C(t, n) * B(s, n)))) * x(s, p));
        });
        Y(t, p, f(past + own));
      }
    }
    const carried = decay(head, t0 - 1, end - 1);
    for (let p = 0; p < headDim; p++)
      for (let n = 0; n < state; n++) {
        const own = sum(end - t0, (i) => f(f(decay(head, t0 + i, end - 1) * x(t0 + i, p)) * B(t0 + i, n)));
        S[p * state + n] = f(f(carried * S[p * state + n]) + own);
      }
  }
}

function eachHead(
  problem: Problem<Ssd>,
  inputs: Inputs<Ssd>,
  Y: Float32Array,
  finalState: Float32Array,
  run: (head: Head) => void,
): void {
  const { batch, length, heads, groups, headDim, state } = problem.dims;
  const { X, logA, B, C, dt, initialState } = inputs;
  for (let b = 0; b < batch; b++)
    for (let h = 0; h < heads; h++) {
      const token = (t: number) => (b * length + t) * heads + h;
      const row = (t: number) => ((b * length + t) * groups + Math.floor(h / (heads / groups))) * state;
      const first = (b * heads + h) * headDim * state;
      const S = finalState.subarray(first, first + headDim * state);
      S.set(initialState ? initialState.subarray(first, first + S.length) : new Float32Array(S.length));
      run({
        length,
        headDim,
        state,
        S,
        l: (t) => logA[token(t)],
        a: (t) => exp(logA[token(t)]),
        x: (t, p) => f((dt ? dt[token(t)] : 1) * X[token(t) * headDim + p]),
        B: (t, n) => B[row(t) + n],
        C: (t, n) => C[row(t) + n],
        Y: (t, p, value) => {
          Y[token(t) * headDim + p] = value;
        },
      });
    }
}

function float32Form(
  form: Form,
  longestSum: (problem: Problem<Ssd>, options: Options) => number,
  run: (head: Head, options: Options) => void,
) {
  return implementation(ssd, "cpu", {
    form,
    source: "float32 for the test of the bound; no D, no z",
    rounding: (problem, options) => f32Rounding(longestSum(problem, options)),
    prepare(engine, problem, options) {
      const inputs = engine.inputs(ssd, problem);
      const outputs = engine.outputs(ssd, problem);
      return engine.prepared(ssd, problem, outputs, () =>
        eachHead(problem, inputs, outputs.Y, outputs.finalState, (head) => run(head, options)),
      );
    },
  });
}

export const recurrentFloat32 = float32Form("recurrent", () => 0, recurrent);
export const chunkedFloat32 = float32Form(
  "chunked",
  (_, { chunk = 1 }) => chunk,
  (head, { chunk = 1 }) => chunked(head, chunk),
);
export const quadraticFloat32 = float32Form(
  "quadratic",
  ({ dims }) => dims.length,
  (head) => chunked(head, head.length),
);
