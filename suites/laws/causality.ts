import * as fc from "fast-check";
import { attention } from "../../impls/attention/index.js";
import { attentionBlock } from "../../impls/attention_block/index.js";
import { causalConv1d } from "../../impls/causal_conv1d/index.js";
import { convolution } from "../../impls/convolution/index.js";
import { gatedDelta } from "../../impls/gated_delta/index.js";
import { mamba1Block } from "../../impls/mamba1_block/index.js";
import { mamba2Block } from "../../impls/mamba2_block/index.js";
import { mamba3 } from "../../impls/mamba3/index.js";
import { maskedAttention } from "../../impls/masked_attention/index.js";
import type { Problem } from "../../impls/operator.js";
import { rmsNormGated } from "../../impls/rms_norm_gated/index.js";
import { selectiveScan } from "../../impls/selective_scan/index.js";
import { ssd } from "../../impls/ssd/index.js";
import { swigluBlock } from "../../impls/swiglu_block/index.js";
import { specs } from "../problems/arbitrary.js";
import { alongAxis, given, splice } from "./edit.js";
import { axisIndex, difference, promisesExactly } from "./hold.js";
import { DIRECT_FORMS, defineLaw, HOLDS, violated } from "./law.js";

/** Everything after token `last` is replaced; a transform spreads its rounding over all tokens, so fft holds within its bound. */
export const causality = defineLaw({
  name: "causality",
  states: "outputs up to a token do not change when the inputs after it do",
  source: "arXiv 2405.21060, definition 3.1: the matrix of the map is lower triangular",
  operators: [
    ...[ssd, selectiveScan, attention, convolution, maskedAttention, causalConv1d, rmsNormGated],
    ...[mamba3, gatedDelta],
    ...[mamba2Block, mamba1Block, attentionBlock, swigluBlock],
  ],
  exact: DIRECT_FORMS,
  cases: (operator) =>
    fc
      .record({
        // a cache lies before every token
        spec: specs(operator, {
          ...{ ordinary: true, work: 20_000, settings: { causal: true } },
          without: ["keys", "values"],
        }),
        pick: fc.nat(9999),
      })
      .map(({ spec, pick }) => ({ spec, last: pick % spec.dims.length })),
  describe: ({ last }) => `inputs after token ${last} replaced`,
  async holds({ spec, last }, subject) {
    const { operator } = subject.target.impl;
    const drawn = subject.problem(operator, spec);
    // other documents after `last` are more or fewer, and so would be the states that a problem asks for
    const { documents: _, ...dims } = drawn.dims;
    const problem = { ...drawn, dims } as Problem;
    const other = subject.problem(operator, { ...spec, seed: spec.seed + 1000 });
    // taps after `last` cannot reach back either, but a kernel that belongs to poles must stay what they say
    const changed = alongAxis(problem, ["length", "context"], (source, axis, name) =>
      name === "K" && problem.inputs.poles ? source : splice(source, given(other, name), axis, last),
    );
    // where documents begin and end decides the order of a kernel's sums, as sizes do
    const exact = promisesExactly(causality, subject) && !problem.inputs.documents;
    const before = exact ? { values: await subject.values(problem) } : await subject.run(problem);
    const after = exact ? { values: await subject.values(changed) } : await subject.run(changed);
    const token = axisIndex(operator, problem, "Y", "length");
    const found = difference({
      operator,
      problem,
      output: "Y",
      got: after.values.Y,
      wanted: (i) => before.values.Y[i],
      tolerance:
        "bounds" in before && "bounds" in after
          ? (i) => before.bounds.Y.certified[i] + after.bounds.Y.certified[i]
          : undefined,
      only: (i) => token(i) <= last,
      what: `inputs after token ${last} were replaced`,
    });
    return found ? violated(found) : HOLDS;
  },
});
