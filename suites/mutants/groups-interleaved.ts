/** Head h reads group h % groups in place of h // (heads / groups). */

import { ssd } from "../../impls/ssd/operator.js";
import { recurrentCpu } from "../../impls/ssd/recurrent.cpu.js";
import { take, withInputs } from "../laws/edit.js";
import { materialise, mutate } from "./mutate.js";

export const groupsInterleaved = mutate(recurrentCpu, "groups-interleaved", {
  problem(problem) {
    const { heads, groups } = problem.dims;
    const from = Array.from({ length: heads }, (_, h) => h % groups);
    const spread = (name: string) => take(materialise(ssd, problem, name), "groups", from);
    return withInputs(problem, { B: spread("B"), C: spread("C") }, { groups: heads });
  },
});
