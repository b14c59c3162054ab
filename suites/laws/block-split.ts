/** A prompt in one shot and then a token at a time, through a whole block and through a model of two. */
import * as fc from "fast-check";
import { attentionBlock } from "../../impls/attention_block/index.js";
import { modelTruth } from "../../impls/blocks/model.js";
import { mamba1Block } from "../../impls/mamba1_block/index.js";
import { mamba2Block } from "../../impls/mamba2_block/index.js";
import type { AnyOperator, Problem } from "../../impls/operator.js";
import { shapeOf } from "../../impls/operator.js";
import type { GivenTensor } from "../../impls/tensor.js";
import { specs } from "../problems/arbitrary.js";
import { buildProblem } from "../problems/build.js";
import type { Spec } from "../problems/spec.js";
import { truthOf } from "../verify/compare.js";
import type { Subject } from "../verify/subject.js";
import { alongAxis, range, take, withInputs } from "./edit.js";
import { defineLaw, type Finding } from "./law.js";
import { heldToOneShot } from "./one-shot.js";

/** Each token behind the prompt is a run of its own. */
const MOST_TOKENS = 24;

export interface Split {
  readonly spec: Spec;
  /** Tokens of the prompt. */
  readonly first: number;
  /** Layers that the tokens pass: one block as it is, or two as layers of a model. */
  readonly layers: number;
}

export const blockSplit = defineLaw<Split>({
  name: "block-split",
  states:
    "a prompt in one shot, then token by token from the states or the cache that it left, equals one shot, in a block and in two",
  source:
    "arXiv 2405.21060, section 2.1 and figure 6: a block's past is the inputs of its convolution and its state",
  operators: [mamba2Block, mamba1Block, attentionBlock],
  exact: [],
  cases: (operator) =>
    fc
      .record({
        spec: specs(operator, { ordinary: true, work: 20_000, without: ["documents", "keys", "values"] }),
        pick: fc.nat(9999),
        layers: fc.constantFrom(1, 2),
      })
      .map(({ spec, pick, layers }) => {
        const length = Math.max(2, Math.min(spec.dims.length, MOST_TOKENS));
        const dims = { ...spec.dims, length, ...("context" in spec.dims ? { context: length } : {}) };
        const names = layers === 1 ? spec.with : [...new Set([...spec.with, "preNorm"])].sort();
        return { spec: { ...spec, dims, with: names }, first: 1 + (pick % (length - 1)), layers };
      }),
  describe: ({ first, layers }) => `a prompt of ${first} tokens, ${layers === 1 ? "a block" : "two layers"}`,
  own: ({ spec }, operator, dtype) => buildProblem(operator, spec, dtype),
  holds: ({ spec, first, layers }, subject) => heldSplit(subject, spec, first, layers),
});

export async function heldSplit(
  subject: Subject,
  spec: Spec,
  first: number,
  layers: number,
): Promise<Finding> {
  const { operator } = subject.target.impl;
  const problems = Array.from({ length: layers }, (_, i) =>
    subject.problem(operator, i === 0 ? spec : { ...spec, seed: spec.seed + i }),
  );
  const [whole] = problems;
  const last = problems[layers - 1];
  const { length } = whole.dims;
  const pasts: Past[] = problems.map(() => ({}));
  const outputs: ArrayLike<number>[] = [];
  let rounding = (await subject.evaluate(part(whole, 0, first))).rounding;
  for (let start = 0, end = first; start < length; start = end, end++) {
    let u: ArrayLike<number> | undefined;
    for (const [i, problem] of problems.entries()) {
      const piece = after(operator, part(problem, start, end), pasts[i]);
      const run = await subject.evaluate(
        u ? withInputs(piece, { u: given(operator.inputs.u.axes, piece, u) }) : piece,
      );
      u = run.values.Y;
      rounding = coarser(rounding, run.rounding);
      pasts[i] = pastAfter(piece, pasts[i], run.values);
    }
    for (let t = start; t < end; t++) outputs.push(tokenOf(u!, last, t - start, end - start));
  }
  const references =
    layers === 1
      ? truthOf(operator, whole).references
      : modelTruth(problems.map((problem) => ({ operator, problem })));
  const truth = { operator, problem: last, references };
  const state = pasts[layers - 1].initialState?.data;
  return heldToOneShot({ forward: operator, problem: last, first: 0, outputs, state, rounding, truth });
}

/** What a block hands from one stretch of tokens to the next. */
type Past = Readonly<Partial<Record<"initialConv" | "initialState" | "keys" | "values", GivenTensor>>>;

/** The tokens of a problem from one to before another. */
function part(problem: Problem, from: number, to: number): Problem {
  const cut = alongAxis(problem, ["length"], (source, axis) => take(source, axis, range(from, to)), {
    length: to - from,
  });
  return "context" in problem.dims ? withInputs(cut, {}, { context: to - from }) : cut;
}

function after(operator: AnyOperator, problem: Problem, past: Past): Problem {
  const { keys } = past;
  const inputs = Object.entries(past).filter(([name]) => name in operator.inputs);
  return withInputs(problem, Object.fromEntries(inputs), keys ? { context: keys.shape[1] } : {});
}

function pastAfter({ dims }: Problem, past: Past, values: Readonly<Record<string, ArrayLike<number>>>): Past {
  if (values.newKeys)
    return {
      keys: grown(past.keys, dims, values.newKeys),
      values: grown(past.values, dims, values.newValues),
    };
  const state = (name: "finalState" | "finalConv", axes: readonly string[]): GivenTensor => ({
    ...{ kind: "given", axes, shape: shapeOf(axes, dims), data: Float64Array.from(values[name]) },
  });
  const channels = "heads" in dims ? ["heads", "headDim"] : ["inner"];
  return {
    initialState: state("finalState", ["batch", ...channels, "state"]),
    initialConv: state("finalConv", ["batch", "heads" in dims ? "channels" : "inner", "past"]),
  };
}

/** A cache and what comes behind it, token by token of each sequence. */
function grown(
  before: GivenTensor | undefined,
  { batch, length, groups, headDim }: Readonly<Record<string, number>>,
  more: ArrayLike<number>,
): GivenTensor {
  const width = groups * headDim;
  const kept = before ? before.shape[1] : 0;
  const tokens = kept + length;
  const data = Float64Array.from({ length: batch * tokens * width }, (_, i) => {
    const t = Math.floor(i / width) % tokens;
    const b = Math.floor(i / (width * tokens));
    const channel = i % width;
    return t < kept
      ? before!.data[(b * kept + t) * width + channel]
      : more[(b * length + t - kept) * width + channel];
  });
  return {
    kind: "given",
    axes: ["batch", "context", "groups", "headDim"],
    shape: [batch, tokens, groups, headDim],
    data,
  };
}

function given(axes: readonly string[], { dims }: Problem, values: ArrayLike<number>): GivenTensor {
  return { kind: "given", axes, shape: shapeOf(axes, dims), data: Float64Array.from(values) };
}

/** (batch, modelDim) of a stretch's outputs. */
function tokenOf(values: ArrayLike<number>, { dims }: Problem, t: number, tokens: number): Float64Array {
  const { batch, modelDim } = dims as Readonly<Record<string, number>>;
  return Float64Array.from(
    { length: batch * modelDim },
    (_, i) => values[(Math.floor(i / modelDim) * tokens + t) * modelDim + (i % modelDim)],
  );
}

type Rounding = Awaited<ReturnType<Subject["evaluate"]>>["rounding"];

/** A chain rounds like the coarsest of its runs. */
function coarser(a: Rounding, b: Rounding): Rounding {
  return {
    ...a,
    accumulate: Math.max(a.accumulate, b.accumulate),
    roundings: Math.max(a.roundings, b.roundings),
    longestSum: Math.max(a.longestSum, b.longestSum),
  };
}
