/**
 * `masked_attention`: y = (L o Q K^T) V. Causal, retention and 1-semiseparable masks are also ssd with X=v, B=k, C=q (the duality,
 * arXiv 2405.21060 section 5): the same vectors hold both operators. A Toeplitz mask is not.
 */
import { z } from "zod";
import { maskedAttention } from "../../impls/masked_attention/index.js";
import { type AnyOperator, givenProblem, type Problem } from "../../impls/operator.js";
import { ssd } from "../../impls/ssd/index.js";
import type { GoldenCase } from "./golden.js";
import type { GoldenOp } from "./mapping.js";
import { explain } from "./safetensors.js";

const optionsSchema = z.object({ mask: z.enum(["causal", "retention", "toeplitz", "semiseparable1"]) });

export const maskedAttentionOp: GoldenOp = {
  op: "masked_attention",
  map(golden) {
    const { mask } = explain("__metadata__.options", optionsSchema.safeParse(golden.options));
    const { b: batch, t: length, h: heads, d, e } = golden.sizes;
    const [Q, K, V] = [golden.take("q", "b t h d"), golden.take("k", "b t h d"), golden.take("v", "b t h e")];
    const masked = givenProblem(maskedAttention, {
      dims: { batch, length, heads, headDim: d, headDimV: e },
      dtype: "f64",
      inputs: {
        Q,
        K,
        V,
        ...(mask === "retention" && { logGamma: golden.take("gamma", "h").map(Math.log) }),
        ...(mask === "toeplitz" && { m: golden.take("m", "h t") }),
        ...(mask === "semiseparable1" && { logA: golden.take("a", "b t h").map(Math.log) }),
      },
    });
    const expected = [{ golden: "out.y", output: "Y", values: golden.take("out.y", "b t h e") }];
    const problems = [{ operator: maskedAttention as AnyOperator, problem: masked as Problem, expected }];
    if (mask === "toeplitz") return { problems };
    const dual = givenProblem(ssd, {
      dims: { batch, length, heads, groups: heads, headDim: e, state: d },
      dtype: "f64",
      inputs: { X: V, logA: logDecay(golden, mask), B: K, C: Q },
    });
    return { problems: [...problems, { operator: ssd, problem: dual, expected }] };
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
