/** `rms_norm_gated`: a run of `group_size` channels, or all of them, is a group. */
import { z } from "zod";
import { givenProblem } from "../../impls/operator.js";
import { rmsNormGated } from "../../impls/rms_norm_gated/index.js";
import type { GoldenOp } from "./mapping.js";
import { explain } from "./safetensors.js";

const optionsSchema = z.object({
  group_size: z.union([z.number().int().positive(), z.literal("none")]).default("none"),
  norm_before_gate: z.boolean(),
  eps: z.number().positive(),
});

export const rmsNormGatedOp: GoldenOp = {
  op: "rms_norm_gated",
  map(golden) {
    const { b: batch, t: length, d: channels } = golden.sizes;
    const options = explain("__metadata__.options", optionsSchema.safeParse(golden.options));
    const size = options.group_size === "none" ? channels : options.group_size;
    if (channels % size !== 0) throw new Error(`group_size=${size} does not divide the ${channels} channels`);
    const groups = channels / size;
    const problem = givenProblem(rmsNormGated, {
      dims: { batch, length, heads: groups, groups, headDim: size },
      dtype: "f64",
      inputs: {
        X: golden.take("x", "b t d"),
        weight: golden.take("weight", "d"),
        bias: golden.has("bias") ? golden.take("bias", "d") : undefined,
        z: golden.has("z") ? golden.take("z", "b t d") : undefined,
      },
      settings: { normBeforeGate: options.norm_before_gate, eps: options.eps },
    });
    const expected = [{ golden: "out.y", output: "Y", values: golden.take("out.y", "b t d") }];
    return { problems: [{ operator: rmsNormGated, problem, expected }] };
  },
};
