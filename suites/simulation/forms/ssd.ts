/** The forms of ssd as their sections write them, in any arithmetic, for plainness: no D, no z, no documents. */
import type { Problem } from "../../../impls/operator.js";
import type { Ssd } from "../../../impls/ssd/operator.js";
import { type Arithmetic, sum } from "../arithmetic.js";

/** One head of one sequence. */
interface Head {
  readonly length: number;
  readonly headDim: number;
  readonly state: number;
  l(t: number): number;
  x(t: number, p: number): number;
  B(t: number, n: number): number;
  C(t: number, n: number): number;
  /** p * state + n; holds the initial state, then the final one. */
  readonly S: Values;
  Y(t: number, p: number, value: number): void;
}

export type Values = Float32Array | Float64Array;
/** exp(l_(s+1) + ... + l_t) of a head: how a form makes it. */
type Decay = (arithmetic: Arithmetic, head: Head, s: number, t: number) => number;
export type HeadForm = (arithmetic: Arithmetic, head: Head) => void;

/** The segment summed from its later end. */
const segmentSum: Decay = ({ add, exp }, head, s, t) =>
  exp(s === t ? 0 : sum(add, t - s, (i) => head.l(t - i)));

/** The difference of two running sums over the whole sequence: what loses digits. */
export const differenceOfSums: Decay = ({ add, exp }, head, s, t) => {
  const upTo = (end: number) => sum(add, end + 1, (i) => head.l(i));
  return exp(add(upTo(t), -upTo(s)));
};

/** Equation (1). @param stored what becomes of a state where it is kept */
export const recurrent =
  (stored = (s: number) => s): HeadForm =>
  (arithmetic, { length, headDim, state, l, x, B, C, S, Y }) => {
    const { add, mul, exp } = arithmetic;
    for (let t = 0; t < length; t++) {
      const a = exp(l(t));
      for (let p = 0; p < headDim; p++) {
        const xt = x(t, p);
        for (let n = 0; n < state; n++) {
          const at = p * state + n;
          S[at] = stored(add(mul(a, S[at]), mul(xt, B(t, n))));
        }
        Y(
          t,
          p,
          arithmetic.products(
            state,
            (n) => S[p * state + n],
            (n) => C(t, n),
          ),
        );
      }
    }
  };

/** Section 6, listing 1; one chunk of the whole length is the quadratic form of section 4.3. */
export const chunked =
  (chunk: number, decay: Decay = segmentSum): HeadForm =>
  (arithmetic, head) => {
    const { length, headDim, state, x, B, C, S, Y } = head;
    const { add, mul, products } = arithmetic;
    for (let t0 = 0; t0 < length; t0 += chunk) {
      const end = Math.min(t0 + chunk, length);
      const inputs = Array.from({ length: end - t0 }, (_, i) =>
        Array.from({ length: headDim }, (_, p) => x(t0 + i, p)),
      );
      for (let t = t0; t < end; t++) {
        // 1. the diagonal block's scores
        const scores = Array.from({ length: t - t0 + 1 }, (_, i) =>
          mul(
            decay(arithmetic, head, t0 + i, t),
            products(
              state,
              (n) => C(t, n),
              (n) => B(t0 + i, n),
            ),
          ),
        );
        const carried = decay(arithmetic, head, t0 - 1, t);
        for (let p = 0; p < headDim; p++) {
          // 4. the state to the output
          const past = mul(
            carried,
            products(
              state,
              (n) => C(t, n),
              (n) => S[p * state + n],
            ),
          );
          Y(
            t,
            p,
            add(
              past,
              products(
                scores.length,
                (i) => scores[i],
                (i) => inputs[i][p],
              ),
            ),
          );
        }
      }
      // 2. the chunk's state, 3. passed on
      const kept = inputs.map((_, i) => decay(arithmetic, head, t0 + i, end - 1));
      const carried = decay(arithmetic, head, t0 - 1, end - 1);
      for (let p = 0; p < headDim; p++) {
        const weighted = inputs.map((row, i) => mul(kept[i], row[p]));
        for (let n = 0; n < state; n++) {
          const own = products(
            weighted.length,
            (i) => weighted[i],
            (i) => B(t0 + i, n),
          );
          S[p * state + n] = add(mul(carried, S[p * state + n]), own);
        }
      }
    }
  };

/** Inputs and outputs in C order. */
export interface SsdValues {
  readonly X: ArrayLike<number>;
  readonly logA: ArrayLike<number>;
  readonly B: ArrayLike<number>;
  readonly C: ArrayLike<number>;
  readonly dt: ArrayLike<number> | undefined;
  readonly initialState: ArrayLike<number> | undefined;
}

/** Runs a form on every head of every sequence. */
export function eachHead(
  { dims }: Pick<Problem<Ssd>, "dims">,
  { X, logA, B, C, dt, initialState }: SsdValues,
  { Y, finalState }: { readonly Y: Values; readonly finalState: Values },
  arithmetic: Arithmetic,
  form: HeadForm,
): void {
  const { batch, length, heads, groups, headDim, state } = dims;
  for (let b = 0; b < batch; b++)
    for (let h = 0; h < heads; h++) {
      const token = (t: number) => (b * length + t) * heads + h;
      const row = (t: number) => ((b * length + t) * groups + Math.floor(h / (heads / groups))) * state;
      const first = (b * heads + h) * headDim * state;
      const S = finalState.subarray(first, first + headDim * state);
      for (let i = 0; i < S.length; i++) S[i] = initialState?.[first + i] ?? 0;
      form(arithmetic, {
        length,
        headDim,
        state,
        S,
        l: (t) => logA[token(t)],
        x: (t, p) =>
          dt ? arithmetic.mul(dt[token(t)], X[token(t) * headDim + p]) : X[token(t) * headDim + p],
        B: (t, n) => B[row(t) + n],
        C: (t, n) => C[row(t) + n],
        Y: (t, p, value) => {
          Y[token(t) * headDim + p] = value;
        },
      });
    }
}
