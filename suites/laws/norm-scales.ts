import * as fc from "fast-check";
import type { Problem } from "../../impls/operator.js";
import { rmsNormGated } from "../../impls/rms_norm_gated/index.js";
import { specs } from "../problems/arbitrary.js";
import { given, mapValues, withInputs } from "./edit.js";
import { difference, promisesExactly } from "./hold.js";
import { defineLaw, HOLDS, violated } from "./law.js";

/** With eps outside of the root, or a norm that forgets it, the two runs differ. */
export const normScales = defineLaw({
  name: "norm-scales",
  states: "inputs times 2^k, under an eps of 4^k times as much, give the same output, bit for bit",
  source: "arXiv 1910.07467, section 3: RMSNorm is invariant to the scale of its inputs; IEEE 754",
  operators: [rmsNormGated],
  exact: ["fused"],
  cases: (operator) =>
    fc.record({
      spec: specs(operator, { ordinary: true, work: 20_000 }),
      exponent: fc.constantFrom(1, -1, 3, -3, 7, -7),
    }),
  describe: ({ exponent }) => `X times 2^${exponent}, eps times 4^${exponent}`,
  async holds({ spec, exponent }, subject) {
    const { operator } = subject.target.impl;
    const problem = subject.problem(operator, spec);
    // f16 has too few exponents for more
    const power = subject.dtype === "f16" ? Math.sign(exponent) : exponent;
    const scaled: Problem = {
      ...withInputs(problem, { X: mapValues(given(problem, "X"), (x) => x * 2 ** power) }),
      settings: { ...problem.settings, eps: (problem.settings.eps as number) * 4 ** power },
    };
    const before = await subject.run(problem);
    const after = await subject.run(scaled);
    const exact = promisesExactly(normScales, subject) && subject.dtype !== "f16";
    const found = difference({
      operator,
      problem,
      output: "Y",
      got: after.values.Y,
      wanted: (i) => before.values.Y[i],
      tolerance: exact ? undefined : (i) => before.bounds.Y.certified[i] + after.bounds.Y.certified[i],
      what: `X times 2^${power}, eps times 4^${power}`,
    });
    return found ? violated(found) : HOLDS;
  },
});
