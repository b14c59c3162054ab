/** `causal_conv1d`: time is the last axis; `seq_idx` are documents, of which the first has no past. */
import { z } from "zod";
import { causalConv1d } from "../../impls/causal_conv1d/index.js";
import { givenProblem } from "../../impls/operator.js";
import type { GoldenOp } from "./mapping.js";
import { explain } from "./safetensors.js";

const optionsSchema = z.object({ activation: z.enum(["silu", "swish", "none"]) });

export const causalConv1dOp: GoldenOp = {
  op: "causal_conv1d",
  map(golden) {
    const { b: batch, t: length, c: channels } = golden.sizes;
    const { activation } = explain("__metadata__.options", optionsSchema.safeParse(golden.options));
    const weight = golden.take("weight", "c k");
    const width = weight.length / channels;
    const problem = givenProblem(causalConv1d, {
      dims: { batch, length, heads: 1, headDim: channels, width, past: width - 1 },
      dtype: "f64",
      inputs: {
        X: golden.take("x", "b t c"),
        weight,
        bias: golden.has("bias") ? golden.take("bias", "c") : undefined,
        initialState: golden.has("initial_states") ? golden.take("initial_states", "b c k") : undefined,
        documents: golden.has("seq_idx") ? golden.take("seq_idx", "b t") : undefined,
      },
      settings: { silu: activation !== "none" },
    });
    const expected = [{ golden: "out.y", output: "Y", values: golden.take("out.y", "b t c") }];
    if (golden.has("out.final_states"))
      expected.push({
        golden: "out.final_states",
        output: "finalState",
        values: golden.take("out.final_states", "b c k"),
      });
    return { problems: [{ operator: causalConv1d, problem, expected }] };
  },
};
