/** The first token of a document is taken for the last of the one before it: its taps reach over the border. */
import { directCpu } from "../../impls/causal_conv1d/direct.cpu.js";
import { causalConv1d } from "../../impls/causal_conv1d/operator.js";
import { range, take } from "../laws/edit.js";
import { materialise, mutate, withInput } from "./mutate.js";

export const tapLeaks = mutate(directCpu, "tap-leaks", {
  problem(problem) {
    if (!problem.inputs.documents) return problem;
    const before = range(0, problem.dims.length).map((t) => Math.max(0, t - 1));
    return withInput(
      problem,
      "documents",
      take(materialise(causalConv1d, problem, "documents"), "length", before),
    );
  },
});
