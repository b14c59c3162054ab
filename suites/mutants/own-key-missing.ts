/** A decode step attends to the cache and not to its own token, whose key and value are not in it yet. */
import { materialisedCpu } from "../../impls/attention_decode/materialised.cpu.js";
import { range, take } from "../laws/edit.js";
import { given, mutate } from "./mutate.js";

export const ownKeyMissing = mutate(materialisedCpu, "own-key-missing", {
  problem(problem) {
    const { context } = problem.dims;
    // of an empty cache there would be nothing left
    if (context === 1) return problem;
    const { inputs } = given(materialisedCpu.operator, problem);
    const last = (name: "K" | "V") => {
      const { axes, shape, ...rest } = take(inputs[name] as never, "context", [context - 1]);
      const without = <T>(list: readonly T[]) => list.filter((_, i) => axes[i] !== "context");
      return { ...rest, axes: without(axes), shape: without(shape) };
    };
    const kept = (name: "K" | "V") => take(inputs[name] as never, "context", range(0, context - 1));
    return {
      ...problem,
      dims: { ...problem.dims, context: context - 1 },
      inputs: { ...inputs, K: kept("K"), V: kept("V"), k: last("K"), v: last("V") },
    };
  },
});
