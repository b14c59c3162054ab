/** The scan of selective_scan in tensor ops: every element within the bound, odd sizes, every optional input and layout. */
import { type Problem, randomProblem, shapeOf } from "../../../impls/operator.js";
import { selectiveScan } from "../../../impls/selective_scan/operator.js";
import { scanTfjs } from "../../../impls/selective_scan/scan.tfjs.js";
import { holdsOnEveryBackend } from "../tensor-ops.js";

const forms = [[scanTfjs, {}]] as const;
const control = { batch: 1, length: 64, heads: 2, groups: 1, headDim: 4, state: 8 };
const everything = ["D", "z", "deltaBias", "initialState"] as const;

holdsOnEveryBackend(forms, {
  control: randomProblem(selectiveScan, { dims: control }),
  "one token": randomProblem(selectiveScan, { dims: { ...control, length: 1 }, with: everything }),
  "odd length": randomProblem(selectiveScan, { dims: { ...control, length: 65 }, with: ["initialState"] }),
  "odd at every level": randomProblem(selectiveScan, { dims: { ...control, length: 63 }, with: ["D"] }),
  "everything, groups, batch, softplus": randomProblem(selectiveScan, {
    dims: { batch: 2, length: 77, heads: 6, groups: 3, headDim: 3, state: 5 },
    with: everything,
    settings: { softplus: true },
  }),
  "constant B and C": constantInTime(
    randomProblem(selectiveScan, { dims: { ...control, length: 50 }, with: ["z"] }),
  ),
  "one of everything": randomProblem(selectiveScan, {
    dims: { batch: 1, length: 33, heads: 1, groups: 1, headDim: 1, state: 1 },
  }),
});

/** B and C as Mamba-1 has them without selection: (h p n). */
function constantInTime(problem: Problem<typeof selectiveScan>): Problem {
  const axes = ["heads", "headDim", "state"];
  const constant = (name: "B" | "C") => ({
    ...problem.inputs[name]!,
    axes,
    shape: shapeOf(axes, problem.dims),
  });
  return { ...problem, inputs: { ...problem.inputs, B: constant("B"), C: constant("C") } } as Problem;
}
