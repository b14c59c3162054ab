import * as fc from "fast-check";
import { attentionBlockGrad } from "../../impls/attention_block_grad/index.js";
import { attentionGrad } from "../../impls/attention_grad/index.js";
import { mamba1BlockGrad } from "../../impls/mamba1_block_grad/index.js";
import { mamba2BlockGrad } from "../../impls/mamba2_block_grad/index.js";
import { outputAxes, outputNames } from "../../impls/operator.js";
import { selectiveScanGrad } from "../../impls/selective_scan_grad/index.js";
import { ssdGrad } from "../../impls/ssd_grad/index.js";
import { swigluBlockGrad } from "../../impls/swiglu_block_grad/index.js";
import { specs } from "../problems/arbitrary.js";
import { given, splice, withInputs } from "./edit.js";
import { axisIndex, difference, promisesExactly } from "./hold.js";
import { DIRECT_FORMS, defineLaw, HOLDS, violated } from "./law.js";

/** Cotangents of the first tokens are replaced; what they are multiplied by on their way to later tokens is nothing at all. */
export const reverseCausality = defineLaw({
  name: "reverse-causality",
  states: "gradients from a token on do not change when the cotangents before it do",
  source: "arXiv 2405.21060, definition 3.1, transposed: no output depends on an input after it",
  operators: [
    ...[ssdGrad, selectiveScanGrad, attentionGrad],
    ...[mamba2BlockGrad, mamba1BlockGrad, attentionBlockGrad, swigluBlockGrad],
  ],
  exact: DIRECT_FORMS,
  cases: (operator) =>
    fc
      .record({
        spec: specs(operator, { ordinary: true, work: 20_000, settings: { causal: true } }),
        pick: fc.nat(9999),
      })
      .map(({ spec, pick }) => ({ spec, last: pick % spec.dims.length })),
  describe: ({ last }) => `cotangents up to token ${last} replaced`,
  async holds({ spec, last }, subject) {
    const { operator } = subject.target.impl;
    const problem = subject.problem(operator, spec);
    const other = subject.problem(operator, { ...spec, seed: spec.seed + 1000 });
    const dY = splice(given(other, "dY"), given(problem, "dY"), "length", last);
    const before = await subject.run(problem);
    const after = await subject.run(withInputs(problem, { dY }));
    for (const output of outputNames(operator, problem)) {
      const axes = outputAxes(operator, problem, output);
      const axis = ["length", "context"].find((name) => axes.includes(name));
      if (axis === undefined) continue;
      const token = axisIndex(operator, problem, output, axis);
      const found = difference({
        operator,
        problem,
        output,
        got: after.values[output],
        wanted: (i) => before.values[output][i],
        tolerance: promisesExactly(reverseCausality, subject)
          ? undefined
          : (i) => before.bounds[output].certified[i] + after.bounds[output].certified[i],
        only: (i) => token(i) > last,
        what: `cotangents up to token ${last} were replaced`,
      });
      if (found) return violated(found);
    }
    return HOLDS;
  },
});
