import * as fc from "fast-check";
import { causalConv1d } from "../../impls/causal_conv1d/index.js";
import type { Problem } from "../../impls/operator.js";
import type { GivenTensor } from "../../impls/tensor.js";
import { specs } from "../problems/arbitrary.js";
import { alongAxis, given, range, take, withInputs } from "./edit.js";
import { axisIndex, difference, promisesExactly } from "./hold.js";
import { defineLaw, HOLDS, violated } from "./law.js";

/** Unlike a sequence map's, this state is a copy of inputs: nothing is lost by going on from it. */
export const filterResumes = defineLaw({
  name: "filter-resumes",
  states: "a sequence cut in two, the second part started from the last inputs of the first, equals one shot",
  source:
    "arXiv 2405.21060, figure 6: the short convolution of a block, whose last inputs are its decoding state",
  operators: [causalConv1d],
  exact: ["direct"],
  cases: (operator) =>
    fc
      .record({ spec: specs(operator, { ordinary: true, work: 20_000 }), pick: fc.nat(9999) })
      .map(({ spec, pick }) => ({ spec, first: 1 + (pick % Math.max(1, spec.dims.length - 1)) })),
  describe: ({ first }) => `cut after ${first} tokens`,
  async holds({ spec, first }, subject) {
    const { operator } = subject.target.impl;
    const { length } = spec.dims;
    if (length < 2) return undefined;
    const problem = subject.problem(operator, spec);
    const part = (from: number, to: number) =>
      alongAxis(problem, ["length"], (source, axis) => take(source, axis, range(from, to)), {
        length: to - from,
      });
    const whole = await subject.run(problem);
    const left = await subject.run(part(0, first));
    const right = await subject.run(
      withInputs(part(first, length), {
        initialState: stateTensor(problem, left.values.finalState),
        documents: problem.inputs.documents && continued(given(problem, "documents"), first),
      }),
    );
    const exact = promisesExactly(filterResumes, subject);
    const token = axisIndex(operator, problem, "Y", "length");
    const width = whole.values.Y.length / (problem.dims.batch * length);
    const place = (i: number): [typeof left, number] => {
      const row = Math.floor(i / (width * length));
      return token(i) < first
        ? [left, (row * first + token(i)) * width + (i % width)]
        : [right, (row * (length - first) + token(i) - first) * width + (i % width)];
    };
    for (const output of ["Y", "finalState"] as const) {
      const at = (i: number) => (output === "Y" ? place(i) : ([right, i] as const));
      const found = difference({
        operator,
        problem,
        output,
        got: Float64Array.from(whole.values[output], (_, i) => at(i)[0].values[output][at(i)[1]]),
        wanted: (i) => whole.values[output][i],
        tolerance: exact
          ? undefined
          : (i) => whole.bounds[output].certified[i] + at(i)[0].bounds[output].certified[at(i)[1]],
        what: `cut after ${first} tokens and resumed`,
      });
      if (found) return violated(found);
    }
    return HOLDS;
  },
});

function stateTensor({ dims }: Problem, values: ArrayLike<number>): GivenTensor {
  const axes: readonly string[] = causalConv1d.outputs.finalState;
  return { kind: "given", axes, shape: axes.map((axis) => dims[axis]), data: Float64Array.from(values) };
}

/** The documents from token `first` on, by number: 0 is the one that began before, and none where another one begins there. */
function continued(documents: GivenTensor, first: number): GivenTensor {
  const [batch, length] = documents.shape;
  const data: number[] = [];
  for (let b = 0; b < batch; b++)
    for (let t = first, number = 0; t < length; t++) {
      const row = b * length + t;
      if (documents.data[row] !== documents.data[row - 1]) number++;
      data.push(number);
    }
  return { ...documents, shape: [batch, length - first], data: Float64Array.from(data) };
}
