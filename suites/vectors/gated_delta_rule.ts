/** `gated_delta_rule`: flash-linear-attention's names; the state is (key, value) there. With a decay a key channel it is KDA. */
import { z } from "zod";
import { gatedDelta } from "../../impls/gated_delta/index.js";
import { givenProblem } from "../../impls/operator.js";
import type { GoldenOp } from "./mapping.js";
import { explain } from "./safetensors.js";

const optionsSchema = z.object({ scale: z.number() });

export const gatedDeltaRule: GoldenOp = {
  op: "gated_delta_rule",
  map(golden) {
    const { b: batch, t: length, h: heads, g: groups, p: headDim, n: state } = golden.sizes;
    const { scale } = explain("__metadata__.options", optionsSchema.safeParse(golden.options));
    const decays = golden.axes("g").split(" ").includes("n") ? "b t h n" : "b t h";
    const problem = givenProblem(gatedDelta, {
      dims: { batch, length, heads, groups, headDim, state },
      dtype: "f64",
      inputs: {
        Q: golden.take("q", "b t g n"),
        K: golden.take("k", "b t g n"),
        V: golden.take("v", "b t h p"),
        logA: golden.take("g", decays),
        beta: golden.take("beta", "b t h"),
        initialState: golden.has("initial_state") ? golden.take("initial_state", "b h p n") : undefined,
      },
      layouts: decays === "b t h" ? {} : { logA: ["batch", "length", "heads", "state"] },
      settings: { scale },
    });
    const expected = [
      { golden: "out.o", output: "Y", values: golden.take("out.o", "b t h p") },
      {
        golden: "out.final_state",
        output: "finalState",
        values: golden.take("out.final_state", "b h p n"),
      },
    ];
    return { problems: [{ operator: gatedDelta, problem, expected }] };
  },
};
