/**
 * `masked_attention`: y = (L o Q K^T) V. Causal, retention and 1-semiseparable masks are also ssd with X=v, B=k, C=q (the duality,
 * arXiv 2405.21060 section 5): the same vectors hold both operators. A Toeplitz mask is not.
 */
import { z } from "zod";
import { maskedAttention } from "../../impls/masked_attention/index.js";
import { type AnyOperator, givenProblem, type Problem } from "../../impls/operator.js";
import { ssd } from "../../impls/ssd/index.js";
import type { GoldenCase } from "./golden.js";
import type { GoldenOp, GoldenProblem } from "./mapping.js";
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
    const itself = golden.has("out.L") ? [maskItself(golden, masked)] : [];
    const expected = [{ golden: "out.y", output: "Y", values: golden.take("out.y", "b t h e") }];
    const problems = [
      { operator: maskedAttention as AnyOperator, problem: masked as Problem, expected },
      ...itself,
    ];
    if (mask === "toeplitz") return { problems };
    const dual = givenProblem(ssd, {
      dims: { batch, length, heads, groups: heads, headDim: e, state: d },
      dtype: "f64",
      inputs: { X: V, logA: logDecay(golden, mask), B: K, C: Q },
    });
    return { problems: [...problems, { operator: ssd, problem: dual, expected }] };
  },
};

/** The mask is what attention gives where every product of Q and K is one and V picks one source token a channel. */
function maskItself(golden: GoldenCase, { dims, inputs }: Problem<typeof maskedAttention>): GoldenProblem {
  const { batch, length, heads } = dims;
  const ones = () => new Float64Array(batch * length * heads).fill(1);
  const V = new Float64Array(batch * length * heads * length);
  for (let row = 0; row < batch * length * heads; row++)
    V[row * length + (Math.floor(row / heads) % length)] = 1;
  const kept = Object.entries(inputs).filter(([name]) => !["Q", "K", "V"].includes(name));
  const problem = givenProblem(maskedAttention, {
    dims: { batch, length, heads, headDim: 1, headDimV: length },
    dtype: "f64",
    inputs: {
      Q: ones(),
      K: ones(),
      V,
      ...Object.fromEntries(
        kept.map(([name, source]) => [name, source?.kind === "given" ? source.data : undefined]),
      ),
    },
  });
  const values = golden.take("out.L", "b t h s");
  return { operator: maskedAttention, problem, expected: [{ golden: "out.L", output: "Y", values }] };
}

/** (b t h): 0 for causal, log gamma_h for retention, log a for semiseparable1 (whose first token's a has nothing to decay). */
function logDecay(golden: GoldenCase, mask: "causal" | "retention" | "semiseparable1"): Float64Array {
  const { b: batch, t: length, h: heads } = golden.sizes;
  if (mask === "semiseparable1") return golden.take("a", "b t h").map(Math.log);
  const gamma = mask === "retention" ? golden.take("gamma", "h") : undefined;
  return Float64Array.from({ length: batch * length * heads }, (_, i) =>
    gamma ? Math.log(gamma[i % heads]) : 0,
  );
}
