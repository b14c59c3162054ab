import { attention } from "../../impls/attention/index.js";
import { attentionBlockGrad } from "../../impls/attention_block_grad/index.js";
import { attentionDecode } from "../../impls/attention_decode/index.js";
import { attentionGrad } from "../../impls/attention_grad/index.js";
import { causalConv1d } from "../../impls/causal_conv1d/index.js";
import { convolution } from "../../impls/convolution/index.js";
import { mamba1BlockGrad } from "../../impls/mamba1_block_grad/index.js";
import { mamba2BlockGrad } from "../../impls/mamba2_block_grad/index.js";
import { maskedAttention } from "../../impls/masked_attention/index.js";
import { outputNames } from "../../impls/operator.js";
import { selectiveScan } from "../../impls/selective_scan/index.js";
import { selectiveScanDecode } from "../../impls/selective_scan_decode/index.js";
import { selectiveScanGrad } from "../../impls/selective_scan_grad/index.js";
import { ssd } from "../../impls/ssd/index.js";
import { ssdDecode } from "../../impls/ssd_decode/index.js";
import { ssdGrad } from "../../impls/ssd_grad/index.js";
import { swigluBlockGrad } from "../../impls/swiglu_block_grad/index.js";
import { specs } from "../problems/arbitrary.js";
import { linearInputs, linearSpecs } from "../problems/linear-input.js";
import { given, mapValues, withInputs } from "./edit.js";
import { difference } from "./hold.js";
import { defineLaw, HOLDS, violated } from "./law.js";

/** Values on this grid, and their sums, are exact in every storage type. */
const GRID = 2 ** -6;
const onGrid = (value: number) => Math.round(value / GRID) * GRID;

export const linearity = defineLaw({
  name: "linearity",
  states: "the output of a sum of inputs is the sum of their outputs",
  source: "arXiv 2405.21060, equation (3): Y = M X with M free of X; attention: Y = softmax(QK) V",
  operators: [
    ...[ssd, selectiveScan, attention, convolution, maskedAttention, causalConv1d],
    ...[ssdGrad, selectiveScanGrad, attentionGrad],
    ...[mamba2BlockGrad, mamba1BlockGrad, attentionBlockGrad, swigluBlockGrad],
    ...[ssdDecode, selectiveScanDecode, attentionDecode],
  ],
  exact: [],
  cases: (operator) => specs(operator, linearSpecs).map((spec) => ({ spec })),
  async holds({ spec }, subject) {
    const { operator } = subject.target.impl;
    const problem = subject.problem(operator, spec);
    const other = subject.problem(operator, { ...spec, seed: spec.seed + 1000 });
    const names = linearInputs(operator, problem.inputs);
    const replace = (value: (name: string) => (index: number) => number) =>
      withInputs(
        problem,
        Object.fromEntries(
          names.map((name) => [name, mapValues(given(problem, name), (_, i) => value(name)(i))]),
        ),
      );
    const left = (name: string) => (i: number) => onGrid(given(problem, name).data[i]);
    const right = (name: string) => (i: number) => onGrid(given(other, name).data[i]);
    const first = await subject.run(replace(left));
    const second = await subject.run(replace(right));
    const both = await subject.run(replace((name) => (i) => left(name)(i) + right(name)(i)));
    for (const output of outputNames(operator, problem)) {
      const found = difference({
        operator,
        problem,
        output,
        got: both.values[output],
        wanted: (i) => first.values[output][i] + second.values[output][i],
        tolerance: (i) =>
          [first, second, both].reduce((sum, { bounds }) => sum + bounds[output].certified[i], 0),
        what: `sum of two inputs ${names.join(", ")}`,
      });
      if (found) return violated(found);
    }
    return HOLDS;
  },
});
