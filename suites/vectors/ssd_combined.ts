/** `ssd_combined`: dt is processed first (bias, softplus, limit), then it scales x and, with A, gives the decay. */
import { z } from "zod";
import { documentsOf } from "../../impls/documents.js";
import { givenProblem } from "../../impls/operator.js";
import { stepOf } from "../../impls/recurrence/step.js";
import { ssd } from "../../impls/ssd/index.js";
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

/** dt and its options as the file has them, and what the official code makes of them. */
function stepsOf(golden: GoldenCase) {
  const options = explain("__metadata__.options", optionsSchema.safeParse(golden.options));
  const [low, high] = (options.dt_limit ?? [0, Number.POSITIVE_INFINITY]).map(bound);
  const settings = {
    softplus: options.dt_softplus,
    dtMin: Math.max(0, low),
    dtMax: high === Number.POSITIVE_INFINITY ? 0 : high,
  };
  const heads = golden.sizes.h;
  const [raw, A] = [golden.take("dt", "b t h"), golden.take("A", "h")];
  const bias = golden.has("dt_bias") ? golden.take("dt_bias", "h") : undefined;
  const made = raw.map((value, i) => stepOf(value + (bias ? bias[i % heads] : 0), settings));
  return { settings, raw, A, bias, made, logA: made.map((step, i) => step * A[i % heads]) };
}

/** @throws when the borders that the file lists are not those of its ids */
function documentsIn(golden: GoldenCase): { ids: Float64Array; most: number } | undefined {
  if (!golden.has("seq_idx")) return undefined;
  const { b: batch, t: length } = golden.sizes;
  const ids = golden.take("seq_idx", "b t");
  const rows = documentsOf(ids, batch, length);
  if (golden.has("cu_seqlens")) {
    const borders = [0, ...rows.flatMap((row, b) => row.map(({ end }) => b * length + end))];
    const listed = [...golden.take("cu_seqlens", "s")];
    if (borders.join() !== listed.join())
      throw new Error(`cu_seqlens is ${listed.join(" ")}, the borders of seq_idx are ${borders.join(" ")}`);
  }
  return { ids, most: Math.max(...rows.map((row) => row.length)) };
}

/** @param tokens only so many of the first tokens */
export function combinedProblem(golden: GoldenCase, tokens: number, names: Names): GoldenProblem {
  const { b: batch, t: length, h: heads, p: headDim, n: state, g: groups } = golden.sizes;
  const first = (values: Float64Array): Float64Array => {
    const row = values.length / batch;
    const kept = (row / length) * tokens;
    const result = new Float64Array(batch * kept);
    for (let b = 0; b < batch; b++) result.set(values.subarray(b * row, b * row + kept), b * kept);
    return result;
  };
  const { settings, raw, A, bias, made, logA } = stepsOf(golden);
  const documents = documentsIn(golden);
  const perHeadD = golden.axes("D") === "h";
  const dims = { batch, length: tokens, heads, groups, headDim, state };
  const inputs = {
    X: first(golden.take("x", "b t h p")),
    B: first(golden.take("B", "b t g n")),
    C: first(golden.take("C", "b t g n")),
    D: golden.has("D") ? golden.take("D", perHeadD ? "h" : "h p") : undefined,
    z: golden.has("z") ? first(golden.take("z", "b t h p")) : undefined,
    initialState: golden.has("initial_states") ? golden.take("initial_states", "b h p n") : undefined,
    documents: documents && first(documents.ids),
  };
  const own = { logA: A, dt: first(raw), dtBias: bias };
  const layouts: Record<string, readonly string[]> = {
    logA: ["heads"],
    ...(perHeadD ? { D: ["heads"] } : {}),
  };
  const problem = (asked: { documents?: number }, steps: object, ready = false) =>
    givenProblem(ssd, {
      dims: { ...dims, ...asked },
      dtype: "f64",
      inputs: { ...inputs, ...steps } as never,
      layouts: ready ? { D: layouts.D ?? ["heads", "headDim"] } : layouts,
      ...(ready ? {} : { settings }),
    });
  const { documentStates, ...rowStates } = names;
  const lastStates = expectedOf(golden, rowStates);
  const ready: GoldenProblem = {
    operator: ssd,
    problem: problem({}, { logA: first(logA), dt: first(made) }, true),
    expected: lastStates,
    prepared: "steps and decays made in front",
  };
  const whole: GoldenProblem = {
    operator: ssd,
    problem: problem({}, own),
    expected: lastStates,
    plainer: ready,
  };
  if (!documentStates || !documents) return whole;
  const asked = { documents: documents.most };
  const expected = [
    ...lastStates,
    { golden: documentStates, output: "documentStates", values: statesOf(golden, documentStates) },
  ];
  return {
    operator: ssd,
    problem: problem(asked, own),
    expected,
    plainer: { ...whole, prepared: "states of documents not asked for" },
  };
}

/** (document h p n) of one row as (b h p document n). @throws when there are several rows */
function statesOf(golden: GoldenCase, name: string): Float64Array {
  if (golden.sizes.b !== 1)
    throw new Error(`${name} has no axis of rows, and the file has ${golden.sizes.b} of them`);
  return golden.take(name, "h p s n");
}

interface Names {
  readonly Y: readonly string[];
  readonly finalState: readonly string[];
  readonly documentStates?: string | undefined;
}

function expectedOf(golden: GoldenCase, { Y, finalState }: Omit<Names, "documentStates">) {
  const of = (names: readonly string[], output: string, axes: string) =>
    names
      .filter((name) => golden.has(name))
      .map((name) => ({ golden: name, output, values: golden.take(name, axes) }));
  return [...of(Y, "Y", "b t h p"), ...of(finalState, "finalState", "b h p n")];
}

export const ssdCombined: GoldenOp = {
  op: "ssd_combined",
  map(golden) {
    const names = {
      Y: ["out.y"],
      finalState: ["out.final_states"],
      documentStates: golden.has("out.varlen_states") ? "out.varlen_states" : undefined,
    };
    return { problems: [combinedProblem(golden, golden.sizes.t, names)] };
  },
};
