/** Figure 10 left: time over sequence length. */
import { figureOperators, GRIDS, gridProblem, STATE } from "./grids.js";
import type { Suite } from "./suite.js";

export const sequenceLength: Suite = {
  name: "sequence-length",
  question: `How does time grow with sequence length, at state ${STATE}? (Figure 10 left)`,
  curves(grid, seed) {
    const shape = GRIDS[grid];
    return shape.dtypes.flatMap((dtype) =>
      figureOperators().map((operator) => ({
        operator,
        problems: shape.lengths.map((length) =>
          gridProblem(operator, shape, { length, state: STATE, dtype, seed }),
        ),
      })),
    );
  },
};
