import * as fc from "fast-check";
import { attentionGrad } from "../../impls/attention_grad/index.js";
import { documentsOfSource } from "../../impls/documents.js";
import { outputAxes, outputNames } from "../../impls/operator.js";
import { selectiveScanGrad } from "../../impls/selective_scan_grad/index.js";
import { ssdGrad } from "../../impls/ssd_grad/index.js";
import type { GivenTensor } from "../../impls/tensor.js";
import { specs } from "../problems/arbitrary.js";
import { alongAxis, given } from "./edit.js";
import { axisIndex, difference, promisesExactly } from "./hold.js";
import { defineLaw, HOLDS, violated } from "./law.js";

interface Stretch {
  readonly b: number;
  readonly start: number;
  readonly end: number;
}

/** All tokens outside of one document are replaced, cotangents included. */
export const packedGradients = defineLaw({
  name: "packed-gradients",
  states: "gradients of one document's tokens do not change when the other documents do",
  source:
    "arXiv 2405.21060, section 8.3, transposed: a decay of 0 between sequences keeps them apart both ways",
  operators: [ssdGrad, selectiveScanGrad, attentionGrad],
  exact: ["recurrent", "scan"],
  cases: (operator) =>
    fc.record({
      spec: specs(operator, { ordinary: true, work: 20_000, with: ["documents"] }),
      pick: fc.nat(9999),
    }),
  async holds({ spec, pick }, subject) {
    const { operator } = subject.target.impl;
    const problem = subject.problem(operator, spec);
    const other = subject.problem(operator, { ...spec, seed: spec.seed + 1000 });
    const all = documentsOfSource(problem.inputs.documents!).flatMap((row, b) =>
      row.map(({ start, end }): Stretch => ({ b, start, end })),
    );
    const own = all[pick % all.length];
    const changed = alongAxis(problem, ["length", "context"], (source, _axis, name) =>
      name === "documents" ? source : outside(source, given(other, name), own),
    );
    const before = await subject.run(problem);
    const after = await subject.run(changed);
    for (const output of outputNames(operator, problem)) {
      const axes = outputAxes(operator, problem, output);
      const axis = ["length", "context"].find((name) => axes.includes(name));
      if (axis === undefined) continue;
      const token = axisIndex(operator, problem, output, axis);
      const row = axisIndex(operator, problem, output, "batch");
      const found = difference({
        operator,
        problem,
        output,
        got: after.values[output],
        wanted: (i) => before.values[output][i],
        tolerance: promisesExactly(packedGradients, subject)
          ? undefined
          : (i) => before.bounds[output].certified[i] + after.bounds[output].certified[i],
        only: (i) => row(i) === own.b && token(i) >= own.start && token(i) < own.end,
        what: `all but tokens ${own.start} to ${own.end - 1} of row ${own.b} were replaced`,
      });
      if (found) return violated(found);
    }
    return HOLDS;
  },
});

/** A tensor whose rows of one stretch are its own, all others another one's. */
function outside(own: GivenTensor, other: GivenTensor, { b, start, end }: Stretch): GivenTensor {
  const [, length] = own.shape;
  const width = own.data.length / own.shape[0] / length;
  const data = other.data.slice();
  const [from, to] = [(b * length + start) * width, (b * length + end) * width];
  data.set(own.data.subarray(from, to), from);
  return { ...own, data };
}
