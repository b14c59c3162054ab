/** Figure 10 right: time over state size. An operator without a state is one level line. */
import { figureOperators, GRIDS, gridProblem, LENGTH } from "./grids.js";
import type { Suite } from "./suite.js";

export const stateSize: Suite = {
  name: "state-size",
  question: `How does time grow with state size, at length ${LENGTH}? (Figure 10 right)`,
  curves(grid, seed) {
    const shape = GRIDS[grid];
    return shape.dtypes.flatMap((dtype) =>
      figureOperators().map((operator) => {
        const hasState = (operator.dims as readonly string[]).includes("state");
        const states = hasState ? shape.states : [0];
        return {
          operator,
          problems: states.map((state) =>
            gridProblem(operator, shape, { length: LENGTH, state, dtype, seed }),
          ),
        };
      }),
    );
  },
};
