/** The first tap of the short convolution meets the current token: a convolution where the operator is a correlation. */
import { directCpu } from "../../impls/causal_conv1d/direct.cpu.js";
import { causalConv1d } from "../../impls/causal_conv1d/operator.js";
import { range, take } from "../laws/edit.js";
import { materialise, mutate, withInput } from "./mutate.js";

export const tapsFlipped = mutate(directCpu, "taps-flipped", {
  problem(problem) {
    const weight = materialise(causalConv1d, problem, "weight");
    return withInput(problem, "weight", take(weight, "width", range(0, problem.dims.width).reverse()));
  },
});
