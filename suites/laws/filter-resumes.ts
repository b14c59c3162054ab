import { causalConv1d } from "../../impls/causal_conv1d/index.js";
import type { GivenTensor } from "../../impls/tensor.js";
import { cuts, describeCut, part, placeIn, stateTensor } from "./cut.js";
import { given, withInputs } from "./edit.js";
import { difference, promisesExactly } from "./hold.js";
import { defineLaw, HOLDS, violated } from "./law.js";

/** Unlike a sequence map's, this state is a copy of inputs: nothing is lost by going on from it. */
export const filterResumes = defineLaw({
  name: "filter-resumes",
  states: "a sequence cut in two, the second part started from the last inputs of the first, equals one shot",
  source:
    "arXiv 2405.21060, figure 6: the short convolution of a block, whose last inputs are its decoding state",
  operators: [causalConv1d],
  exact: ["direct"],
  cases: (operator) => cuts(operator),
  describe: describeCut,
  async holds({ spec, first }, subject) {
    const { operator } = subject.target.impl;
    const { length } = spec.dims;
    if (length < 2) return undefined;
    const problem = subject.problem(operator, spec);
    const whole = await subject.run(problem);
    const left = await subject.run(part(problem, 0, first));
    const right = await subject.run(
      withInputs(part(problem, first, length), {
        initialState: stateTensor(operator, problem, left.values.finalState),
        documents: problem.inputs.documents && continued(given(problem, "documents"), first),
      }),
    );
    const exact = promisesExactly(filterResumes, subject);
    const place = placeIn(operator, whole, first, [left, right]);
    for (const output of ["Y", "finalState"] as const) {
      const piece = (i: number) => (output === "Y" ? place(i) : { run: right, at: i });
      const found = difference({
        operator,
        problem,
        output,
        got: Float64Array.from(whole.values[output], (_, i) => piece(i).run.values[output][piece(i).at]),
        wanted: (i) => whole.values[output][i],
        tolerance: exact
          ? undefined
          : (i) => whole.bounds[output].certified[i] + piece(i).run.bounds[output].certified[piece(i).at],
        what: `${describeCut({ spec, first })} and resumed`,
      });
      if (found) return violated(found);
    }
    return HOLDS;
  },
});

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
