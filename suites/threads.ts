/** What more threads give, and how near one thread comes to the processor's multiply-adds: a model of eight heads, then few heads. */
import { attention } from "../impls/attention/operator.js";
import type { AnyOperator, Problem } from "../impls/operator.js";
import { selectiveScan } from "../impls/selective_scan/operator.js";
import { ssd } from "../impls/ssd/operator.js";
import { ssdGrad } from "../impls/ssd_grad/operator.js";
import { type GridShape, gridProblem, LENGTH, STATE } from "./grids.js";
import type { Suite } from "./suite.js";
import { withPass } from "./training.js";

const HEADS = 8;
const WIDE: GridShape = { batch: 1, heads: HEADS, headDim: 64, lengths: [], states: [], dtypes: ["f32"] };

export const threads: Suite = {
  name: "threads",
  question: `What does each thread add, at ${HEADS} heads, one head, and one head of 8 channels?`,
  onlyNamed: true,
  everyChoice: true,
  curves(grid, seed) {
    const length = grid === "quick" ? 1024 : LENGTH;
    const problem = (
      operator: AnyOperator,
      shape: Partial<GridShape>,
      size: { length?: number; state?: number },
    ) => gridProblem(operator, { ...WIDE, ...shape }, { length, state: STATE, dtype: "f32", seed, ...size });
    const curve = (operator: AnyOperator, problems: readonly Problem[]) => ({ operator, problems });
    return [
      curve(
        ssd,
        [64, 128, 256].map((state) => problem(ssd, {}, { state })),
      ),
      curve(ssd, [problem(ssd, { heads: 1 }, {})]),
      // Too narrow to share by heads or channels: only the sequence is left. From short to long, as a curve is predicted.
      curve(
        ssd,
        [1, 4, 16].map((times) => problem(ssd, { heads: 1, headDim: 8 }, { length: times * length })),
      ),
      curve(selectiveScan, [problem(selectiveScan, {}, {})]),
      curve(attention, [problem(attention, { heads: 1 }, {})]),
      curve(ssdGrad, [withPass(ssdGrad, problem(ssdGrad, {}, {}), true)]),
    ];
  },
};
