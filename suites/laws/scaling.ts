import * as fc from "fast-check";
import { attention } from "../../impls/attention/index.js";
import { attentionDecode } from "../../impls/attention_decode/index.js";
import { attentionGrad } from "../../impls/attention_grad/index.js";
import type { Rounding } from "../../impls/bound.js";
import { causalConv1d } from "../../impls/causal_conv1d/index.js";
import { convolution } from "../../impls/convolution/index.js";
import { gatedDelta } from "../../impls/gated_delta/index.js";
import { maskedAttention } from "../../impls/masked_attention/index.js";
import { type AnyOperator, outputNames, type Problem } from "../../impls/operator.js";
import { selectiveScan } from "../../impls/selective_scan/index.js";
import { selectiveScanDecode } from "../../impls/selective_scan_decode/index.js";
import { selectiveScanGrad } from "../../impls/selective_scan_grad/index.js";
import { ssd } from "../../impls/ssd/index.js";
import { ssdDecode } from "../../impls/ssd_decode/index.js";
import { ssdGrad } from "../../impls/ssd_grad/index.js";
import { specs } from "../problems/arbitrary.js";
import { linearInputs, linearSpecs } from "../problems/linear-input.js";
import { boundArrays, truthOf } from "../verify/compare.js";
import { given, mapValues, withInputs } from "./edit.js";
import { difference, promisesExactly } from "./hold.js";
import { defineLaw, EVERY_FORM, HOLDS, violated } from "./law.js";

/**
 * A power of two only moves the exponent, so every rounding falls the same way; f16 alone has too few exponents for that. What a kernel
 * may flush to zero (a state below 1e-25) it may flush on one side only.
 */
/** What flushing to zero alone may cost each element: the bound of arithmetic that does not round. */
function flushedOf(operator: AnyOperator, problem: Problem) {
  const unrounded: Rounding = { accumulate: 0, storage: 0, roundings: 0, longestSum: 0, decay: "segsum" };
  return () => boundArrays(truthOf(operator, problem), unrounded);
}

export const scaling = defineLaw({
  name: "scaling",
  states: "an input multiplied by a power of two multiplies the output by it, bit for bit",
  source:
    "IEEE 754: scaling by a power of two is exact away from underflow and overflow; linearity of the map",
  operators: [
    ...[ssd, selectiveScan, attention, convolution, maskedAttention, causalConv1d, gatedDelta],
    ...[ssdGrad, selectiveScanGrad, attentionGrad],
    ...[ssdDecode, selectiveScanDecode, attentionDecode],
  ],
  exact: EVERY_FORM,
  cases: (operator) =>
    fc.record({
      spec: specs(operator, linearSpecs),
      exponent: fc.constantFrom(1, -1, 4, -4, 9, -9),
    }),
  describe: ({ exponent }) => `input times 2^${exponent}`,
  async holds({ spec, exponent }, subject) {
    const { operator } = subject.target.impl;
    const problem = subject.problem(operator, spec);
    const factor = 2 ** (subject.dtype === "f16" ? Math.sign(exponent) : exponent);
    const names = linearInputs(operator, problem.inputs);
    const scaled = withInputs(
      problem,
      Object.fromEntries(
        names.map((name) => [name, mapValues(given(problem, name), (value) => factor * value)]),
      ),
    );
    const exact = promisesExactly(scaling, subject) && subject.dtype !== "f16";
    const before = await subject.run(problem);
    const after = await subject.run(scaled);
    const flushed = [flushedOf(operator, problem), flushedOf(operator, scaled)] as const;
    for (const output of outputNames(operator, problem)) {
      const found = difference({
        operator,
        problem,
        output,
        got: after.values[output],
        wanted: (i) => factor * before.values[output][i],
        tolerance: exact
          ? (i) => factor * flushed[0]()[output].certified[i] + flushed[1]()[output].certified[i]
          : (i) => factor * before.bounds[output].certified[i] + after.bounds[output].certified[i],
        what: `${names.join(", ")} times ${factor}`,
      });
      if (found) return violated(found);
    }
    return HOLDS;
  },
});
