/** `ssd_minimal`: A is already the log of the decay and X already multiplied by dt; B and C come per head. */
import { givenProblem } from "../../impls/operator.js";
import { ssd } from "../../impls/ssd/index.js";
import type { GoldenOp } from "./mapping.js";

export const ssdMinimal: GoldenOp = {
  op: "ssd_minimal",
  map(golden) {
    const { b: batch, t: length, h: heads, p: headDim, n: state } = golden.sizes;
    const problem = givenProblem(ssd, {
      dims: { batch, length, heads, groups: heads, headDim, state },
      dtype: "f64",
      inputs: {
        X: golden.take("X", "b t h p"),
        logA: golden.take("A", "b t h"),
        B: golden.take("B", "b t h n"),
        C: golden.take("C", "b t h n"),
        initialState: golden.has("initial_states") ? golden.take("initial_states", "b h p n") : undefined,
      },
    });
    const expected = [{ golden: "out.Y", output: "Y", values: golden.take("out.Y", "b t h p") }];
    if (golden.has("out.final_state"))
      expected.push({
        golden: "out.final_state",
        output: "finalState",
        values: golden.take("out.final_state", "b h p n"),
      });
    return { problems: [{ operator: ssd, problem, expected }] };
  },
};
