import { ROUNDOFF } from "../../impls/bound.js";
import { convolution, ltiProblem } from "../../impls/convolution/index.js";
import { givenProblem, inputReader, type Problem } from "../../impls/operator.js";
import { selectiveScan } from "../../impls/selective_scan/index.js";
import { specs } from "../problems/arbitrary.js";
import { boundArrays, truthOf } from "../verify/compare.js";
import { given } from "./edit.js";
import { difference, float64Rounding } from "./hold.js";
import { defineLaw, HOLDS, violated } from "./law.js";

/** Poles in (0, 1], so that they have a logarithm and the scan can run them. */
const pole = (value: number) => Math.fround(1 - Math.abs(value) / 2);

/** Every form of convolution, the transform too, against the float64 recurrence of a selective scan with constant parameters. */
export const recurrenceIsConvolution = defineLaw({
  name: "recurrence-is-convolution",
  states: "a recurrence with constant parameters is the convolution with its impulse response",
  source: "arXiv 2405.21060, section 2.1; Gu et al. (S4), arXiv 2111.00396, equation (5)",
  operators: [convolution],
  exact: [],
  cases: () =>
    specs(convolution, { ordinary: true, work: 60_000, with: ["poles"] }).map((spec) => ({
      // as many modes a channel as the head has channels: few channels keep the recurrence cheap
      spec: { ...spec, dims: { ...spec.dims, headDim: 1 + ((spec.dims.headDim - 1) % 8) } },
    })),
  async holds({ spec }, subject) {
    const drawn = subject.problem(convolution, spec);
    const dims = drawn.dims;
    const poles = given(drawn, "poles").data.map(pole);
    const weights = given(drawn, "weights").data.map(Math.fround);
    const { dtype } = subject;
    const problem = ltiProblem({ dims, dtype, seed: spec.seed, u: given(drawn, "u").data, poles, weights });
    const { values, bounds } = await subject.run(problem);

    const scan = recurrence(problem, poles, weights);
    const exact = boundArrays(truthOf(selectiveScan, scan), float64Rounding(dims.length)).Y;
    const kernel = kernelRounding(problem);
    const found = difference({
      operator: convolution,
      problem,
      output: "Y",
      got: values.Y,
      wanted: (i) => exact.value[i],
      tolerance: (i) => bounds.Y.certified[i] + exact.certified[i] + ROUNDOFF[dtype] * kernel[i],
      what: "against the recurrence",
    });
    return found ? violated(found) : HOLDS;
  },
});

/** s_n <- pole_n s_n + u, y = sum_n weight_n s_n, on the very u that the implementation was given. */
function recurrence(problem: Problem, poles: Float64Array, weights: Float64Array): Problem {
  const { batch, length, heads, headDim } = problem.dims;
  const reader = inputReader(convolution, problem, "u")!;
  const width = heads * headDim;
  const u = Float64Array.from({ length: batch * length * width }, (_, i) =>
    reader.at(Math.floor(i / width), i % width),
  );
  const constant = ["heads", "headDim", "state"];
  return givenProblem(selectiveScan, {
    dims: { batch, length, heads, groups: 1, headDim, state: headDim },
    dtype: "f64",
    inputs: {
      u,
      delta: new Float64Array(u.length).fill(1),
      A: poles.map(Math.log),
      B: new Float64Array(poles.length).fill(1),
      C: weights,
    },
    layouts: { B: constant, C: constant },
  });
}

/** sum_j |K_j| |u_(t-j)|: what rounding the kernel to its storage type can change, in units of that rounding. */
function kernelRounding(problem: Problem): Float64Array {
  const { batch, length, heads, headDim } = problem.dims;
  const width = heads * headDim;
  const [u, K] = ["u", "K"].map((name) => inputReader(convolution, problem, name)!);
  const sums = new Float64Array(batch * length * width);
  for (let b = 0; b < batch; b++)
    for (let t = 0; t < length; t++)
      for (let c = 0; c < width; c++) {
        let sum = 0;
        for (let j = 0; j <= t; j++)
          sum += Math.abs(K.at(0, c * length + j)) * Math.abs(u.at(b * length + t - j, c));
        sums[(b * length + t) * width + c] = sum;
      }
  return sums;
}
