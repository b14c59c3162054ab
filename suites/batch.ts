/** What fills the device: one model's sequences beside each other, as in training and serving. */
import { doubling, figureOperators, GRIDS, gridProblem, LENGTH, STATE } from "./grids.js";
import type { Suite } from "./suite.js";

export const batch: Suite = {
  name: "batch",
  question: `How does time grow with the sequences beside each other, at length ${LENGTH} and state ${STATE}?`,
  onlyNamed: true,
  curves(grid, seed) {
    const shape = GRIDS[grid];
    const [most, length] = grid === "quick" ? [4, 512] : [32, LENGTH];
    return shape.dtypes.flatMap((dtype) =>
      figureOperators().map((operator) => ({
        operator,
        problems: doubling(1, most).map((batch) =>
          gridProblem(operator, { ...shape, batch }, { length, state: STATE, dtype, seed }),
        ),
      })),
    );
  },
};
