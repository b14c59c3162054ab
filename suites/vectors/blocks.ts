/**
 * `mamba2_block`, `mamba1_block` and their decoding: whole layers under their official parameter names. Decoding is a forward over the
 * first `prefill` tokens and then one over each token after them, from the states of the one before.
 */
import { z } from "zod";
import { mamba1Block } from "../../impls/mamba1_block/index.js";
import { mamba2Block } from "../../impls/mamba2_block/index.js";
import { sizesOf } from "../../impls/mamba2_block/operator.js";
import { type AnyOperator, givenProblem, type Problem } from "../../impls/operator.js";
import { float64Rounding } from "../laws/hold.js";
import { boundArrays, truthOf } from "../verify/compare.js";
import type { GoldenCase } from "./golden.js";
import type { GoldenOp, GoldenProblem } from "./mapping.js";
import { explain } from "./safetensors.js";

const sizesSchema = z.object({
  d_model: z.number(),
  d_inner: z.number(),
  d_state: z.number(),
  d_conv: z.number(),
});

const mamba2Schema = sizesSchema.extend({
  d_ssm: z.number(),
  nheads: z.number(),
  headdim: z.number(),
  ngroups: z.number(),
  norm_eps: z.number(),
  rmsnorm: z.boolean(),
  norm_before_gate: z.boolean(),
  norm_group_size: z.number(),
  dt_limit: z.tuple([z.number(), z.union([z.number(), z.literal("inf")])]),
  D_has_hdim: z.boolean(),
});

const mamba1Schema = sizesSchema.extend({ dt_rank: z.number() });

function mamba2Problem(golden: GoldenCase): Problem {
  const { b: batch, t: length } = golden.sizes;
  const options = explain("__metadata__.options", mamba2Schema.safeParse(golden.options));
  const { d_model: modelDim, d_inner: inner, nheads: heads, headdim: headDim, ngroups: groups } = options;
  const { d_state: state, d_conv: width, dt_limit: limits } = options;
  const settings = {
    dtMin: limits[0],
    dtMax: limits[1] === "inf" ? 0 : limits[1],
    normBeforeGate: options.norm_before_gate,
    normGroups: options.d_ssm / options.norm_group_size,
    eps: options.norm_eps,
  };
  const dims = { batch, length, modelDim, inner, heads, groups, headDim, state, width };
  return givenProblem(mamba2Block, {
    dims: { ...dims, ...sizesOf(dims, { pattern: 0 }, false) },
    dtype: "f64",
    settings,
    layouts: {
      ...(options.D_has_hdim ? { D: ["heads", "headDim"] } : {}),
      ...(golden.has("init_states") ? { initialState: ["heads", "headDim", "state"] } : {}),
    },
    inputs: {
      ...common(golden),
      dtBias: golden.take("dt_bias", "h"),
      ALog: golden.take("A_log", "h"),
      D: golden.take("D", options.D_has_hdim ? "(hp)" : "h"),
      normWeight: options.rmsnorm ? golden.take("norm.weight", "i") : undefined,
      initialState: optional(golden, "init_states", "h p n"),
      documents: optional(golden, "seq_idx", "b t"),
    },
  }) as Problem;
}

function mamba1Problem(golden: GoldenCase): Problem {
  const { b: batch, t: length } = golden.sizes;
  const options = explain("__metadata__.options", mamba1Schema.safeParse(golden.options));
  const { d_model: modelDim, d_inner: inner, d_state: state, d_conv: width, dt_rank: rank } = options;
  const dims = { batch, length, modelDim, inner, state, width, rank };
  const follow = { past: width - 1, projected: 2 * inner, selected: rank + 2 * state };
  return givenProblem(mamba1Block, {
    dims: { ...dims, ...follow },
    dtype: "f64",
    inputs: {
      ...common(golden),
      xProj: golden.take("x_proj.weight", "o i"),
      dtProj: golden.take("dt_proj.weight", "o i"),
      dtBias: golden.take("dt_proj.bias", "o"),
      ALog: golden.take("A_log", "i n"),
      D: golden.take("D", "i"),
    },
  }) as Problem;
}

function common(golden: GoldenCase) {
  return {
    u: golden.take("u", "b t d"),
    inProj: golden.take("in_proj.weight", "o i"),
    inBias: optional(golden, "in_proj.bias", "o"),
    convWeight: golden.take("conv1d.weight", "c one k"),
    convBias: optional(golden, "conv1d.bias", "c"),
    outProj: golden.take("out_proj.weight", "o i"),
    outBias: optional(golden, "out_proj.bias", "o"),
  };
}

function optional(golden: GoldenCase, name: string, axes: string): Float64Array | undefined {
  return golden.has(name) ? golden.take(name, axes) : undefined;
}

function blockOp(op: string, operator: AnyOperator, problemOf: (golden: GoldenCase) => Problem): GoldenOp {
  return {
    op,
    map(golden) {
      const expected = [{ golden: "out.y", output: "Y", values: golden.take("out.y", "b t d") }];
      return { problems: [{ operator, problem: problemOf(golden), expected }] };
    },
  };
}

/** Axes of the states in the file. */
interface States {
  readonly conv: string;
  readonly ssm: string;
}

function decodeOp(
  op: string,
  operator: AnyOperator,
  problemOf: (golden: GoldenCase) => Problem,
  axes: States,
): GoldenOp {
  return {
    op,
    map(golden) {
      const whole = problemOf(golden);
      const length = whole.dims.length;
      const { prefill } = explain(
        "__metadata__.options",
        z.object({ prefill: z.number().int().min(1).max(length) }).safeParse(golden.options),
      );
      const statesAt = (place: "prefill" | "final") => [
        ...convolved(golden, `out.conv_state_${place}`, axes.conv),
        {
          golden: `out.ssm_state_${place}`,
          output: "finalState",
          values: golden.take(`out.ssm_state_${place}`, axes.ssm),
        },
      ];
      const outputs = (name: string, start: number, end: number) => ({
        golden: name,
        output: "Y",
        values: tokensOf(golden.take(name, "b t d"), whole, start, end),
      });
      const problems: GoldenProblem[] = [
        { operator, problem: whole, expected: [outputs("out.y", 0, length), ...statesAt("final")] },
      ];
      let problem = stretch(operator, whole, 0, prefill);
      problems.push({
        operator,
        problem,
        expected: [outputs("out.y_decode", 0, prefill), ...statesAt("prefill")],
      });
      for (let t = prefill; t < length; t++) {
        problem = stretch(operator, whole, t, t + 1, problem);
        const ends = t === length - 1 ? statesAt("final") : [];
        problems.push({ operator, problem, expected: [outputs("out.y_decode", t, t + 1), ...ends] });
      }
      return { problems };
    },
  };
}

/** The file keeps one raw column more than a filter needs before the next token: the oldest. */
function convolved(golden: GoldenCase, name: string, axes: string): GoldenProblem["expected"] {
  const all = golden.take(name, axes);
  const width = explain("__metadata__.options", sizesSchema.safeParse(golden.options)).d_conv;
  const values = all.filter((_, i) => i % width > 0);
  return [{ golden: name, output: "finalConv", values }];
}

/** (batch, tokens, modelDim) of (batch, length, modelDim). */
function tokensOf(values: Float64Array, { dims }: Problem, start: number, end: number): Float64Array {
  const { length, modelDim } = dims as Readonly<Record<string, number>>;
  return values.filter((_, i) => {
    const t = Math.floor(i / modelDim) % length;
    return t >= start && t < end;
  });
}

/** Some tokens of a whole sequence, after the states that `before` ends with. */
function stretch(
  operator: AnyOperator,
  whole: Problem,
  start: number,
  end: number,
  before?: Problem,
): Problem {
  const dims = { ...whole.dims, length: end - start } as Readonly<Record<string, number>>;
  const data: Record<string, ArrayLike<number>> = {};
  for (const [name, source] of Object.entries(whole.inputs))
    if (source?.kind === "given")
      data[name] = source.axes[1] === "length" ? tokensOf(source.data, whole, start, end) : source.data;
  if (before) {
    const ended = boundArrays(truthOf(operator, before), float64Rounding(0));
    data.initialState = ended.finalState.value;
    data.initialConv = ended.finalConv.value;
  }
  const layouts = Object.fromEntries(
    Object.entries(whole.inputs).map(([name, source]) => [name, source!.axes]),
  );
  return givenProblem(operator, {
    ...{
      dims,
      dtype: "f64",
      inputs: data,
      layouts: { ...layouts, ...(before ? stateLayouts(operator) : {}) },
    },
    settings: whole.settings,
  } as never) as Problem;
}

function stateLayouts(operator: AnyOperator) {
  return { initialState: operator.inputs.initialState.axes, initialConv: operator.inputs.initialConv.axes };
}

export const blockOps: readonly GoldenOp[] = [
  blockOp("mamba2_block", mamba2Block, mamba2Problem),
  blockOp("mamba1_block", mamba1Block, mamba1Problem),
  decodeOp("mamba2_decode", mamba2Block, mamba2Problem, { conv: "b c k", ssm: "b h p n" }),
  decodeOp("mamba1_decode", mamba1Block, mamba1Problem, { conv: "b i k", ssm: "b i n" }),
];
