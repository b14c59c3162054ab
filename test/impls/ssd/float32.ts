/**
 * The three forms of ssd with every operation rounded to float32: what kernels on other engines do. The cpu engine works in float64, so
 * the bound of float32 arithmetic is held against these.
 */
import { f32Rounding } from "../../../impls/bound.js";
import { type Form, implementation } from "../../../impls/implementation.js";
import type { Problem } from "../../../impls/operator.js";
import type { Options } from "../../../impls/prepared.js";
import { type Ssd, ssd } from "../../../impls/ssd/operator.js";
import { nearest } from "../../../suites/simulation/arithmetic.js";
import { chunked, eachHead, type HeadForm, recurrent } from "../../../suites/simulation/forms/ssd.js";

const float32 = nearest(24);

function float32Form(
  form: Form,
  longestSum: (problem: Problem<Ssd>, options: Options) => number,
  formOf: (problem: Problem<Ssd>, options: Options) => HeadForm,
) {
  return implementation(ssd, "cpu", {
    form,
    source: "float32 for the test of the bound; no D, no z",
    rounding: (problem, options) => f32Rounding(longestSum(problem, options)),
    prepare(engine, problem, options) {
      const inputs = engine.inputs(ssd, problem);
      const outputs = engine.outputs(ssd, problem);
      return engine.prepared(ssd, problem, outputs, () =>
        eachHead(problem, inputs, outputs, float32, formOf(problem, options)),
      );
    },
  });
}

export const recurrentFloat32 = float32Form(
  "recurrent",
  () => 0,
  () => recurrent(),
);
export const chunkedFloat32 = float32Form(
  "chunked",
  (_, { chunk = 1 }) => chunk,
  (_, { chunk = 1 }) => chunked(chunk),
);
export const quadraticFloat32 = float32Form(
  "quadratic",
  ({ dims }) => dims.length,
  ({ dims }) => chunked(dims.length),
);
