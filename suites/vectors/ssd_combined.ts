/** `ssd_combined` and `ssd_decode`: dt is processed first (bias, softplus, limit), then it scales x and, with A, gives the decay. */
import { z } from "zod";
import { givenProblem, type Problem } from "../../impls/operator.js";
import { ssd } from "../../impls/ssd/index.js";
import type { Ssd } from "../../impls/ssd/operator.js";
import type { GoldenCase } from "./golden.js";
import type { GoldenOp, GoldenProblem } from "./mapping.js";
import { explain } from "./safetensors.js";

const optionsSchema = z.object({
  dt_softplus: z.boolean().default(false),
  dt_limit: z.tuple([z.unknown(), z.unknown()]).optional(),
});

/** "inf" and "Infinity" are not numbers in JSON, so limits may come as words. */
function bound(value: unknown): number {
  if (typeof value === "number") return value;
  if (value === "inf") return Number.POSITIVE_INFINITY;
  if (value === "-inf") return Number.NEGATIVE_INFINITY;
  throw new Error(`__metadata__.options.dt_limit: expected a number or "inf", got ${JSON.stringify(value)}`);
}

/** Softplus as the official code: the identity above 20. */
export function softplus(value: number): number {
  return value > 20 ? value : Math.log1p(Math.exp(value));
}

/** dt <- clamp(softplus(dt + dt_bias), dt_limit), (b t h). */
function processedDt(golden: GoldenCase): Float64Array {
  const options = explain("__metadata__.options", optionsSchema.safeParse(golden.options));
  const [low, high] = (options.dt_limit ?? [0, Number.POSITIVE_INFINITY]).map(bound);
  const bias = golden.has("dt_bias") ? golden.take("dt_bias", "h") : undefined;
  const heads = golden.sizes.h;
  return golden.take("dt", "b t h").map((raw, i) => {
    const shifted = raw + (bias ? bias[i % heads] : 0);
    return Math.min(Math.max(options.dt_softplus ? softplus(shifted) : shifted, low), high);
  });
}

/** @param tokens only so many of the first tokens */
function combinedProblem(golden: GoldenCase, tokens: number): Problem<Ssd> {
  const { b: batch, t: length, h: heads, p: headDim, n: state, g: groups } = golden.sizes;
  const first = (values: Float64Array): Float64Array => {
    const row = values.length / batch;
    const kept = (row / length) * tokens;
    const result = new Float64Array(batch * kept);
    for (let b = 0; b < batch; b++) result.set(values.subarray(b * row, b * row + kept), b * kept);
    return result;
  };
  const dt = processedDt(golden);
  const A = golden.take("A", "h");
  const perHeadD = golden.axes("D") === "h";
  return givenProblem(ssd, {
    dims: { batch, length: tokens, heads, groups, headDim, state },
    dtype: "f64",
    inputs: {
      X: first(golden.take("x", "b t h p")),
      logA: first(dt.map((step, i) => step * A[i % heads])),
      B: first(golden.take("B", "b t g n")),
      C: first(golden.take("C", "b t g n")),
      dt: first(dt),
      D: golden.has("D") ? golden.take("D", perHeadD ? "h" : "h p") : undefined,
      z: golden.has("z") ? first(golden.take("z", "b t h p")) : undefined,
      initialState: golden.has("initial_states") ? golden.take("initial_states", "b h p n") : undefined,
    },
    ...(perHeadD ? { layouts: { D: ["heads"] } } : {}),
  });
}

function expectedOf(golden: GoldenCase, names: Readonly<Record<string, "Y" | "finalState">>) {
  const axes = { Y: "b t h p", finalState: "b h p n" };
  return Object.entries(names)
    .filter(([name]) => golden.has(name))
    .map(([name, output]) => ({ golden: name, output, values: golden.take(name, axes[output]) }));
}

export const ssdCombined: GoldenOp = {
  op: "ssd_combined",
  map(golden) {
    if (golden.has("seq_idx")) return { skip: "packed documents (seq_idx) are not an input of ssd yet" };
    const problem = combinedProblem(golden, golden.sizes.t);
    const expected = expectedOf(golden, { "out.y": "Y", "out.final_states": "finalState" });
    return { problems: [{ operator: ssd, problem, expected }] };
  },
};

/** One token at a time gives what the whole sequence gives; the state after the first token is a problem of length 1. */
export const ssdDecode: GoldenOp = {
  op: "ssd_decode",
  map(golden) {
    if (golden.has("seq_idx")) return { skip: "packed documents (seq_idx) are not an input of ssd yet" };
    const problems: GoldenProblem[] = [
      {
        operator: ssd,
        problem: combinedProblem(golden, golden.sizes.t),
        expected: expectedOf(golden, {
          "out.y": "Y",
          "out.y_full": "Y",
          "out.final_states": "finalState",
        }),
      },
    ];
    if (golden.has("out.state_after_first"))
      problems.push({
        operator: ssd,
        problem: combinedProblem(golden, 1),
        expected: expectedOf(golden, { "out.state_after_first": "finalState" }),
      });
    return { problems };
  },
};
