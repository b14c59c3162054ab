/** `attention`: softmax over the keys, query head j reads key/value head j // (heads / kv_heads). */
import { z } from "zod";
import { attention } from "../../impls/attention/index.js";
import { givenProblem } from "../../impls/operator.js";
import type { GoldenOp } from "./mapping.js";
import { explain } from "./safetensors.js";

const optionsSchema = z.object({ causal: z.boolean().default(false), scale: z.number().positive() });

export const attentionOp: GoldenOp = {
  op: "attention",
  map(golden) {
    const { b: batch, t: length, s: context, h: heads, k: groups, d: headDim, e: headDimV } = golden.sizes;
    const { causal, scale } = explain("__metadata__.options", optionsSchema.safeParse(golden.options));
    if (causal && length !== context)
      return { skip: `causal attention needs as many keys as queries, got ${context} and ${length}` };
    const problem = givenProblem(attention, {
      dims: { batch, length, context, heads, groups, headDim, headDimV },
      dtype: "f64",
      inputs: {
        Q: golden.take("q", "b t h d"),
        K: golden.take("k", "b s k d"),
        V: golden.take("v", "b s k e"),
      },
      settings: { causal, scale },
    });
    const expected = [{ golden: "out.y", output: "Y", values: golden.take("out.y", "b t h e") }];
    return { problems: [{ operator: attention, problem, expected }] };
  },
};
