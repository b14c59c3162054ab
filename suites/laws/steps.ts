/** Steps of decoding as slices of a forward problem, whose values are given. */
import { attention } from "../../impls/attention/index.js";
import { attentionDecode } from "../../impls/attention_decode/index.js";
import { type AnyOperator, outputSize, type Problem, shapeOf } from "../../impls/operator.js";
import { selectiveScan } from "../../impls/selective_scan/index.js";
import { selectiveScanDecode } from "../../impls/selective_scan_decode/index.js";
import { ssd } from "../../impls/ssd/index.js";
import { ssdDecode } from "../../impls/ssd_decode/index.js";
import type { GivenTensor } from "../../impls/tensor.js";
import type { ProblemOptions } from "../problems/arbitrary.js";
import { boundArrays, truthOf } from "../verify/compare.js";
import { alongAxis, given, range, take } from "./edit.js";
import { float64Rounding } from "./hold.js";

const PAIRS: readonly (readonly [step: AnyOperator, forward: AnyOperator])[] = [
  [ssdDecode, ssd],
  [selectiveScanDecode, selectiveScan],
  [attentionDecode, attention],
];

/** The map that a step takes one token of. */
export function forwardOf(step: AnyOperator): AnyOperator {
  return PAIRS.find(([one]) => one.name === step.name)![1];
}

/** The step of a forward map. */
export function stepOperator(forward: AnyOperator): AnyOperator {
  return PAIRS.find(([, one]) => one.name === forward.name)![0];
}

/** Forward problems whose tokens can be taken one by one. */
export const STEPPED: ProblemOptions = {
  ordinary: true,
  work: 20_000,
  settings: { causal: true },
  without: ["documents"],
};

/**
 * Token t of a forward problem as a step of its own.
 * @param state before it, (batch heads headDim state), in place of the tokens before; a cache consists of those
 */
export function stepProblem(forward: Problem, t: number, state: ArrayLike<number> | undefined): Problem {
  const step = stepOperator({ name: forward.operator } as AnyOperator);
  const { length: _, documents: __, ...dims } = forward.dims as Record<string, number>;
  const inputs: Record<string, GivenTensor> = {};
  for (const [name, source] of Object.entries(forward.inputs))
    if (source && name !== "initialState") inputs[name] = tokenOf(given(forward, name), t);
  // a state says nothing of how many tokens it stands for, and a problem has no dim of 0
  const sizes = { ...dims, context: Math.max(1, t) };
  if (state) inputs.initialState = stateTensor(step, { ...forward, dims: sizes }, state);
  else {
    for (const [cache, own] of [
      ["K", "k"],
      ["V", "v"],
    ]) {
      inputs[own] = inputs[cache];
      inputs[cache] = take(given(forward, cache), "context", range(0, t));
    }
  }
  const { dtype, seed } = forward;
  const settings = Object.fromEntries(Object.keys(step.settings).map((key) => [key, forward.settings[key]]));
  return { operator: step.name, dtype, seed, dims: sizes, inputs, settings };
}

/** One token of a tensor, without the axis of tokens. */
function tokenOf(source: GivenTensor, t: number): GivenTensor {
  const axis = ["length", "context"].find((name) => source.axes.includes(name));
  if (!axis) return source;
  const { axes, shape, ...rest } = take(source, axis, [t]);
  const kept = axes.map((name, i) => [name, shape[i]] as const).filter(([name]) => name !== axis);
  return { ...rest, axes: kept.map(([name]) => name), shape: kept.map(([, size]) => size) };
}

function stateTensor(step: AnyOperator, { dims }: Problem, values: ArrayLike<number>): GivenTensor {
  const axes: readonly string[] = step.outputs.finalState;
  return { kind: "given", axes, shape: shapeOf(axes, dims), data: Float64Array.from(values) };
}

/** The first tokens of a forward problem. */
export function firstTokens(problem: Problem, count: number): Problem {
  const sizes = { length: count, ...("context" in problem.dims ? { context: count } : {}) };
  return alongAxis(
    problem,
    ["length", "context"],
    (source, axis) => take(source, axis, range(0, count)),
    sizes,
  );
}

/** The state after so many tokens by the float64 reference; undefined where the past is a cache. */
export function stateAfter(
  forward: AnyOperator,
  problem: Problem,
  tokens: number,
): ArrayLike<number> | undefined {
  if (!("finalState" in forward.outputs)) return undefined;
  if (tokens === 0)
    return problem.inputs.initialState
      ? given(problem, "initialState").data
      : new Float64Array(outputSize(forward, problem, "finalState"));
  const truth = truthOf(forward, firstTokens(problem, tokens));
  return boundArrays(truth, float64Rounding(tokens)).finalState.value;
}
