/** Forms of ssd in tensor ops: every element within the bound, odd sizes, every optional input, resets. */
import { type Problem, randomProblem } from "../../../impls/operator.js";
import { chunkedTfjs } from "../../../impls/ssd/chunked.tfjs.js";
import { ssd } from "../../../impls/ssd/operator.js";
import { quadraticTfjs } from "../../../impls/ssd/quadratic.tfjs.js";
import { scanTfjs } from "../../../impls/ssd/scan.tfjs.js";
import { holdsOnEveryBackend, survivesOnEveryBackend } from "../tensor-ops.js";

const forms = [
  [quadraticTfjs, {}],
  [chunkedTfjs, { chunk: 16 }],
  [chunkedTfjs, { chunk: 64 }],
  [scanTfjs, {}],
] as const;
const control = { batch: 1, length: 64, heads: 2, groups: 1, headDim: 8, state: 16 };
const everything = ["dt", "D", "z", "initialState"] as const;

holdsOnEveryBackend(forms, {
  control: randomProblem(ssd, { dims: control }),
  "one token": randomProblem(ssd, { dims: { ...control, length: 1 }, with: everything }),
  "one less than a chunk": randomProblem(ssd, { dims: { ...control, length: 63 }, with: ["initialState"] }),
  "one more than a chunk": randomProblem(ssd, { dims: { ...control, length: 65 }, with: everything }),
  "odd length, groups, batch": randomProblem(ssd, {
    dims: { batch: 2, length: 117, heads: 6, groups: 3, headDim: 5, state: 7 },
    with: everything,
  }),
  "one of everything": randomProblem(ssd, {
    dims: { batch: 1, length: 33, heads: 1, groups: 1, headDim: 1, state: 1 },
  }),
  "products large enough to be computed one by one": randomProblem(ssd, {
    dims: { batch: 1, length: 200, heads: 2, groups: 2, headDim: 40, state: 40 },
    with: ["dt", "initialState"],
  }),
});

survivesOnEveryBackend(
  forms,
  Object.fromEntries(
    [Number.NEGATIVE_INFINITY, -1e4, -800].map((reset) => [
      `forgets everything at logA = ${reset}`,
      resetProblem(reset),
    ]),
  ),
);

/** Mild decays with a reset in the middle of a chunk. */
function resetProblem(reset: number): Problem {
  const dims = { ...control, length: 70 };
  const random = randomProblem(ssd, { dims, with: ["initialState"] });
  const data = Float64Array.from({ length: 140 }, (_, i) => (i % 50 === 7 ? reset : -0.1 * (i % 3)));
  const logA = { ...random.inputs.logA!, kind: "given" as const, data };
  return { ...random, inputs: { ...random.inputs, logA } } as Problem;
}
