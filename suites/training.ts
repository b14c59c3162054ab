/** Gradients over length: forward and backward in one run, and backward alone from the inputs. */
import { attentionGrad } from "../impls/attention_grad/index.js";
import { type AnyOperator, type Problem, randomProblem } from "../impls/operator.js";
import { selectiveScanGrad } from "../impls/selective_scan_grad/index.js";
import { ssdGrad } from "../impls/ssd_grad/index.js";
import { doubling, GRIDS, gridProblem, STATE } from "./grids.js";
import type { Grid, Suite } from "./suite.js";

/** Few heads leave a processor's threads idle; the quick grid has no time for the float64 gradients of more than one. */
const HEADS: Readonly<Record<Grid, number>> = { quick: 1, default: 8, paper: 16 };
const LENGTHS: Readonly<Record<Grid, readonly number[]>> = {
  quick: doubling(128, 1024),
  default: doubling(512, 16384),
  paper: doubling(512, 65536),
};

export const training: Suite = {
  name: "training",
  question: `How long do gradients take over length at state ${STATE}, with the forward pass and without it?`,
  onlyNamed: true,
  curves(grid, seed) {
    const shape = { ...GRIDS[grid], heads: HEADS[grid] };
    // dB of a long memory leaves the range of f16 (66,974 at 4,096 tokens): models train in bf16, or scale their loss
    const dtypes = shape.dtypes.filter((dtype) => dtype !== "f16");
    return dtypes.flatMap((dtype) =>
      [ssdGrad, selectiveScanGrad, attentionGrad].flatMap((operator) =>
        [true, false].map((both) => ({
          operator,
          problems: LENGTHS[grid].map((length) =>
            withPass(operator, gridProblem(operator, shape, { length, state: STATE, dtype, seed }), both),
          ),
        })),
      ),
    );
  },
};

/**
 * A grid's problem of a gradient operator, with the forward pass or without it. ssd as Mamba-2 trains it: one rate a head, and steps by
 * softplus; ready decays have gradients that the official kernels do not give.
 */
export function withPass(
  operator: AnyOperator,
  { dims, dtype, seed, inputs }: Problem,
  training: boolean,
): Problem {
  const own = operator === ssdGrad ? { layouts: { logA: ["heads"] }, settings: { softplus: true } } : {};
  return randomProblem(operator, {
    dims,
    dtype,
    seed,
    with: inputs.dt ? ["dt"] : [],
    ...own,
    settings: { ...own.settings, training },
  } as never) as Problem;
}
