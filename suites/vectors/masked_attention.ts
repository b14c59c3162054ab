/**
 * `masked_attention`: y = (L o Q K^T) V. Causal, retention and 1-semiseparable masks are ssd with X=v, B=k, C=q (the duality,
 * arXiv 2405.21060 section 5); a Toeplitz mask is not, and waits for an operator of its own.
 */
import { z } from "zod";
import { givenProblem } from "../../impls/operator.js";
import { ssd } from "../../impls/ssd/index.js";
import type { GoldenCase } from "./golden.js";
import type { GoldenOp } from "./mapping.js";
import { explain } from "./safetensors.js";

const optionsSchema = z.object({ mask: z.enum(["causal", "retention", "toeplitz", "semiseparable1"]) });

export const maskedAttentionOp: GoldenOp = {
  op: "masked_attention",
  map(golden) {
    const { mask } = explain("__metadata__.options", optionsSchema.safeParse(golden.options));
    if (mask === "toeplitz")
      return { skip: "a Toeplitz mask is not 1-semiseparable; no operator here takes it yet" };
    const { b: batch, t: length, h: heads, d: state, e: headDim } = golden.sizes;
    const problem = givenProblem(ssd, {
      dims: { batch, length, heads, groups: heads, headDim, state },
      dtype: "f64",
      inputs: {
        X: golden.take("v", "b t h e"),
        logA: logDecay(golden, mask),
        B: golden.take("k", "b t h d"),
        C: golden.take("q", "b t h d"),
      },
    });
    const expected = [{ golden: "out.y", output: "Y", values: golden.take("out.y", "b t h e") }];
    return { problems: [{ operator: ssd, problem, expected }] };
  },
};

/** (b t h): 0 for causal, log gamma_h for retention, log a for semiseparable1 (whose first token's a has nothing to decay). */
function logDecay(golden: GoldenCase, mask: "causal" | "retention" | "semiseparable1"): Float64Array {
  const { b: batch, t: length, h: heads } = golden.sizes;
  if (mask === "semiseparable1") return golden.take("a", "b t h").map(Math.log);
  const gamma = mask === "retention" ? golden.take("gamma", "h") : undefined;
  return Float64Array.from({ length: batch * length * heads }, (_, i) =>
    gamma ? Math.log(gamma[i % heads]) : 0,
  );
}
