/** The recurrence of ssd over packed documents, small enough to read, and two ways to get it wrong. */
import { f32Rounding } from "../../impls/bound.js";
import { implementation } from "../../impls/implementation.js";
import { stepOf } from "../../impls/recurrence/step.js";
import { epilogue } from "../../impls/ssd/cpu/epilogue.js";
import { STEPS, ssd } from "../../impls/ssd/operator.js";

export interface Mistakes {
  /** Misses borders that fall on the border of a chunk of so many tokens. */
  readonly leaksEvery?: number;
  /** Starts every document from the initial state. */
  readonly startsAll?: boolean;
}

export function wrongDocuments(make: string, { leaksEvery = 0, startsAll = false }: Mistakes) {
  return implementation(ssd, "cpu", {
    form: "recurrent",
    source: `a planted bug: ${make}`,
    options: () => [{ make }],
    rounding: () => f32Rounding(0),
    takes: STEPS,
    prepare(engine, problem) {
      const { batch, length, heads, groups, headDim, state } = problem.dims;
      const { X, logA, B, C, dt, dtBias, D, z, initialState, documents } = engine.inputs(ssd, problem);
      const outputs = engine.outputs(ssd, problem);
      const { Y, finalState } = outputs;
      const finish = epilogue(problem, { X, D, z }, Y);
      const perHead = problem.inputs.logA?.axes.length === 1;
      const S = new Float64Array(headDim * state);

      return engine.prepared(ssd, problem, outputs, () => {
        for (let b = 0; b < batch; b++) for (let h = 0; h < heads; h++) oneHead(b, h);
        finish();
      });

      function oneHead(b: number, h: number): void {
        const first = (b * heads + h) * headDim * state;
        const start = (own: boolean) => {
          for (let i = 0; i < S.length; i++) S[i] = own && initialState ? initialState[first + i] : 0;
        };
        start(!documents || startsAll || documents[b * length] === 0);
        for (let t = 0; t < length; t++) {
          const row = b * length + t;
          const begins = documents && t > 0 && documents[row] !== documents[row - 1];
          if (begins && !(leaksEvery > 0 && t % leaksEvery === 0)) start(startsAll);
          const step = dt ? stepOf(dt[row * heads + h] + (dtBias?.[h] ?? 0), problem.settings) : 1;
          const a = Math.exp(perHead ? step * logA[h] : logA[row * heads + h]);
          const group = (row * groups + Math.floor(h / (heads / groups))) * state;
          for (let p = 0; p < headDim; p++) {
            const place = (row * heads + h) * headDim + p;
            let y = 0;
            for (let n = 0; n < state; n++) {
              const i = p * state + n;
              S[i] = (a === 0 ? 0 : a * S[i]) + step * X[place] * B[group + n];
              y += S[i] * C[group + n];
            }
            Y[place] = y;
          }
        }
        finalState.set(S, first);
      }
    },
  });
}
