/** The forms of the selective scan in any arithmetic. */
import type { Problem } from "../../../impls/operator.js";
import type { SelectiveScan } from "../../../impls/selective_scan/operator.js";
import type { Arithmetic } from "../arithmetic.js";
import { silu } from "./block-parts.js";
import type { Values } from "./ssd.js";

/** A step (a, x B) of one state: S <- a S + x B. */
type Step = readonly [a: number, added: number];
/** All states of s_t = a_t s_(t-1) + added_t. */
export type States = (arithmetic: Arithmetic, steps: readonly Step[], initial: number) => number[];

/** Token by token, algorithm 2. */
export const recurrent: States = ({ add, mul }, steps, initial) => {
  let s = initial;
  return steps.map(([a, added]) => {
    s = add(mul(a, s), added);
    return s;
  });
};

/** By halves: the states of the second half are those without a past, and the decayed last state of the first half. */
export const associative: States = (arithmetic, steps, initial) => {
  const { add, mul } = arithmetic;
  return prefixes(arithmetic, steps).map(([a, s]) => add(mul(a, initial), s));
};

function prefixes(arithmetic: Arithmetic, steps: readonly Step[]): Step[] {
  if (steps.length === 1) return [...steps];
  const { add, mul } = arithmetic;
  const middle = steps.length >> 1;
  const before = prefixes(arithmetic, steps.slice(0, middle));
  const [aBefore, sBefore] = before[before.length - 1];
  const after = prefixes(arithmetic, steps.slice(middle)).map(
    ([a, s]): Step => [mul(a, aBefore), add(mul(a, sBefore), s)],
  );
  return [...before, ...after];
}

/** Inputs in C order; absent ones are undefined. */
type ScanValues = {
  readonly [N in "u" | "delta" | "A" | "B" | "C"]: ArrayLike<number>;
} & { readonly [N in "D" | "z" | "deltaBias" | "initialState"]: ArrayLike<number> | undefined };

/** Runs a form on every channel of every sequence. */
export function eachChannel(
  problem: Pick<Problem<SelectiveScan>, "dims" | "inputs" | "settings">,
  { u, delta, A, B, C, D, z, deltaBias, initialState }: ScanValues,
  outputs: { readonly Y: Values; readonly finalState: Values },
  arithmetic: Arithmetic,
  states: States,
): void {
  const { batch, length, heads, groups, headDim, state } = problem.dims;
  const { add, mul, exp, log1p } = arithmetic;
  const width = heads * headDim;
  const isConstant = (name: "B" | "C") => problem.inputs[name]!.axes[0] !== "batch";
  const [constantB, constantC] = [isConstant("B"), isConstant("C")];
  for (let b = 0; b < batch; b++)
    for (let d = 0; d < width; d++) {
      const at = (t: number) => (b * length + t) * width + d;
      const row = (t: number) => ((b * length + t) * groups + Math.floor(d / (width / groups))) * state;
      const steps = Array.from({ length }, (_, t) => {
        const raw = deltaBias ? add(delta[at(t)], deltaBias[d]) : delta[at(t)];
        return problem.settings.softplus && raw <= 20 ? log1p(exp(raw)) : raw;
      });
      const inputs = steps.map((step, t) => mul(step, u[at(t)]));
      const all = Array.from({ length: state }, (_, n) => {
        const pairs = steps.map((step, t): Step => {
          const a = exp(mul(step, A[d * state + n]));
          return [a, mul(inputs[t], B[constantB ? d * state + n : row(t) + n])];
        });
        const first = (b * width + d) * state + n;
        const passed = states(arithmetic, pairs, initialState?.[first] ?? 0);
        outputs.finalState[first] = passed[length - 1];
        return passed;
      });
      for (let t = 0; t < length; t++) {
        const y = arithmetic.products(
          state,
          (n) => all[n][t],
          (n) => C[constantC ? d * state + n : row(t) + n],
        );
        const skipped = D ? add(y, mul(D[d], u[at(t)])) : y;
        outputs.Y[at(t)] = z ? mul(skipped, silu(arithmetic, z[at(t)])) : skipped;
      }
    }
}
