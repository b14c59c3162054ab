/** What grew from SSD, beside it: time over sequence length and over state size, with the scan it came from and attention. */
import { attention } from "../impls/attention/index.js";
import { gatedDelta } from "../impls/gated_delta/index.js";
import { mamba3 } from "../impls/mamba3/index.js";
import { selectiveScan } from "../impls/selective_scan/index.js";
import { ssd } from "../impls/ssd/index.js";
import { GRIDS, gridProblem, LENGTH, STATE } from "./grids.js";
import type { Suite } from "./suite.js";

export const relatives: Suite = {
  name: "relatives",
  question: `What do Mamba-3 and the gated delta rule cost beside SSD, over length (at N = ${STATE}) and over state (at length ${LENGTH})?`,
  onlyNamed: true,
  curves(grid, seed) {
    const shape = GRIDS[grid];
    return shape.dtypes.flatMap((dtype) =>
      [mamba3, gatedDelta, ssd, selectiveScan, attention].flatMap((operator) => {
        const sized = (length: number, state: number) =>
          gridProblem(operator, shape, { length, state, dtype, seed });
        const over = { operator, problems: shape.lengths.map((length) => sized(length, STATE)) };
        // the level line that attention is: over length it has the point already
        if (operator === attention) return [over];
        return [over, { operator, problems: shape.states.map((state) => sized(LENGTH, state)) }];
      }),
    );
  },
};
