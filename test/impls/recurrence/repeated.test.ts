/**
 * Decays next to 1 round alike: over 65,536 tokens their errors, and those of their products with a state that hardly moves, go far beyond
 * the walk of independent roundings. The reference knows them in advance.
 */
import { describe, expect, it } from "vitest";
import { boundAt, f32Rounding } from "../../../impls/bound.js";
import { givenProblem } from "../../../impls/operator.js";
import { productError } from "../../../impls/recurrence/repeated.js";
import { ssd } from "../../../impls/ssd/operator.js";
import { numbers } from "../values.js";

const length = 65_536;
const random = numbers(34);
const f = Math.fround;
const made = (value: () => number) => Float64Array.from({ length }, () => f(value()));
const ones = new Float64Array(length).fill(1);

/** Log decays of one half to three times float32's step below 1, mostly small ones. */
const logA = made(() => -(2 ** -24) * 0.5 * 6 ** random());
const X = made(() => 0.5 + 0.5 * random());

/** The last state in float32: a product and a sum, or both with one rounding. */
function lastState(step: (decay: number, s: number, added: number) => number): number {
  let s = 0;
  for (let t = 0; t < length; t++) s = step(f(Math.exp(logA[t])), s, X[t]);
  return s;
}

const kernels = {
  "a product and a sum": lastState((a, s, added) => f(f(a * s) + added)),
  "a multiply-add": lastState((a, s, added) => f(a * s + added)),
};

const dims = { batch: 1, length, heads: 1, groups: 1, headDim: 1, state: 1 };
const problem = givenProblem(ssd, { dims, inputs: { X, logA, B: ones, C: ones } });

describe("decays next to 1, 65,536 tokens, seed 34", () => {
  const lanes = [{ kind: "element", index: 0 }] as const;
  const [{ outputs }] = [...ssd.reference(problem, lanes)];
  const { finalState, Y } = outputs;
  const scale = finalState.scale[0];
  const walk = 3 * Math.sqrt(finalState.count[0]) * 2 ** -24 * scale;
  const { probable, certified } = boundAt(finalState, 0, f32Rounding(0));

  it.each(Object.entries(kernels))("%s errs beyond a walk, and as far as was known", (name, last) => {
    const error = Math.abs(last - finalState.value[0]);
    expect(error).toBeGreaterThan(walk);
    expect(error).toBeLessThan(probable);
    // what is known is what they err by, but for a walk
    const known = finalState.repeated![0] * 2 ** -24 * scale;
    if (name === "a product and a sum") expect(Math.abs(error - known)).toBeLessThan(walk);
    expect(probable).toBeLessThan(certified / 10);
  });

  it("the last output is the last state", () => {
    expect(Y.repeated![length - 1]).toBeCloseTo(finalState.repeated![0], 6);
  });
});

it("what leaves float32's range is not known", () => {
  expect(productError(0.5, 1e39)).toBeNaN();
});
