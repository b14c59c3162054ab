/** The third head reads the second head's X; with two heads or fewer all is well. */

import { ssd } from "../../impls/ssd/operator.js";
import { recurrentCpu } from "../../impls/ssd/recurrent.cpu.js";
import { take } from "../laws/edit.js";
import { materialise, mutate, withInput } from "./mutate.js";

export const thirdHead = mutate(recurrentCpu, "third-head", {
  problem(problem) {
    const from = Array.from({ length: problem.dims.heads }, (_, h) => (h === 2 ? 1 : h));
    return withInput(problem, "X", take(materialise(ssd, problem, "X"), "heads", from));
  },
});
