/** Shapes that others published times for, so that a row can be held against what was measured elsewhere. */
import { ssd } from "../impls/ssd/index.js";
import { GRIDS, gridProblem, STATE } from "./grids.js";
import type { Suite } from "./suite.js";

/** cuDNN's native Mamba-2 forward was timed on it: 54.5 us on a B200, where the Triton kernels took 141 (bf16, chunk 32). */
const ANCHOR = { batch: 2, heads: 64, headDim: 64 } as const;
const LENGTH = 2048;

export const anchor: Suite = {
  name: "anchor",
  question: `How long does SSD take at batch ${ANCHOR.batch}, length ${LENGTH}, ${ANCHOR.heads} heads, where others published a time?`,
  onlyNamed: true,
  curves(grid, seed) {
    const { dtypes } = GRIDS[grid];
    return dtypes.map((dtype) => ({
      operator: ssd,
      problems: [
        gridProblem(ssd, { ...GRIDS[grid], ...ANCHOR }, { length: LENGTH, state: STATE, dtype, seed }),
      ],
    }));
  },
};
