/** The sequence map inside of the block as a problem of ssd: what a kernel of ssd asks of one, whose tensors are the block's own. */
import { type Problem, randomProblem } from "../../operator.js";
import { type Ssd, ssd } from "../../ssd/operator.js";
import { type Mamba2Block, patternOf } from "../operator.js";

/** D (heads headDim), logA being A (heads); z where the block has no norm. Under another pattern than Mamba's every head is a group. */
export function mapProblem({ dtype, dims, inputs, settings }: Problem<Mamba2Block>): Problem<Ssd> {
  const { batch, length, heads, headDim, state } = dims;
  const groups = patternOf(settings) === "multi-value" ? dims.groups : heads;
  const { dtMin, dtMax } = settings;
  const problem = randomProblem(ssd, {
    dtype,
    dims: { batch, length, heads, groups, headDim, state },
    with: [
      ...(["dt", "dtBias", "D"] as const),
      ...(inputs.initialState ? (["initialState"] as const) : []),
      ...(inputs.normWeight ? [] : (["z"] as const)),
    ],
    layouts: { logA: ["heads"] },
    settings: { softplus: true, dtMin, dtMax },
  });
  return inputs.documents
    ? { ...problem, inputs: { ...problem.inputs, documents: inputs.documents } }
    : problem;
}
