/** A spec made into a problem. Nothing here is random: every value is a function of the spec. */
import { convolution, ltiProblem } from "../../impls/convolution/index.js";
import { documentsOfSource, drawnDocuments } from "../../impls/documents.js";
import {
  type AnyOperator,
  declaredAxes,
  givenProblem,
  type InputSpec,
  inputReader,
  type OutputSpec,
  type Problem,
  shapeOf,
} from "../../impls/operator.js";
import { elementCount } from "../../impls/tensor.js";
import { linearInputs } from "./linear-input.js";
import type { Spec } from "./spec.js";
import { valueFunction } from "./values.js";

function axesOf(input: InputSpec, name: string, spec: Spec): readonly string[] {
  return (spec.alternative.includes(name) && input.alternatives?.[0]) || input.axes;
}

/** Every implementation of a spec gets the very same problem, and so does one of another spec that says the same: the last few. */
const built = new Map<string, Problem>();
const REMEMBERED = 16;

/** @throws when the spec contradicts the operator */
export function buildProblem<Op extends AnyOperator>(
  operator: Op,
  spec: Spec,
  dtype: Problem["dtype"],
): Problem<Op> {
  const key = JSON.stringify([operator.name, dtype, spec]);
  const problem = built.get(key) ?? makeProblem(operator, spec, dtype);
  // the oldest first
  built.delete(key);
  built.set(key, problem);
  if (built.size > REMEMBERED) built.delete(built.keys().next().value!);
  return problem as Problem<Op>;
}

function makeProblem(operator: AnyOperator, spec: Spec, dtype: Problem["dtype"]): Problem {
  const { inputs, layouts } = buildInputs(operator, spec, dtype);
  const { seed, settings } = spec;
  const dims = { ...spec.dims, ...statesAsked(operator, spec) };
  // a recurrent convolution comes with its kernel, which follows from poles and weights
  if (operator.name === convolution.name && inputs.poles) {
    const { u, poles, weights } = inputs;
    return ltiProblem({ dims: dims as never, dtype, seed, u, poles, weights }) as never;
  }
  return givenProblem(operator, { dims, dtype, seed, inputs, layouts, settings } as never);
}

/** Every third packed problem asks for the state of each document, some for one more than any row has. */
function statesAsked(operator: AnyOperator, { seed, with: chosen, dims }: Spec): { documents?: number } {
  const has = Object.values(operator.outputs).some((spec) =>
    declaredAxes(spec as OutputSpec).includes("documents"),
  );
  if (!has || !chosen.includes("documents") || seed % 3 !== 0) return {};
  const rows = documentsOfSource(drawnDocuments(seed, dims.batch, dims.length));
  return { documents: Math.max(...rows.map((row) => row.length)) + (seed & 1) };
}

function buildInputs(operator: AnyOperator, spec: Spec, dtype: Problem["dtype"]) {
  const inputs: Record<string, Float64Array> = {};
  const layouts: Record<string, readonly string[]> = {};
  for (const [name, input] of Object.entries(operator.inputs) as [string, InputSpec][]) {
    if (input.optional && !spec.with.includes(name)) continue;
    const axes = axesOf(input, name, spec);
    const shape = shapeOf(axes, spec.dims);
    const at = valueFunction(name, input, axes, shape, spec);
    const factor = scaleOf(spec, name, dtype) * (dtype === "f16" ? headroom(operator, name, spec) : 1);
    layouts[name] = axes;
    const data = new Float64Array(elementCount(shape));
    for (let i = 0; i < data.length; i++) data[i] = factor * at(i);
    inputs[name] = data;
  }
  return { inputs, layouts };
}

/** f16 ends at 65504, so that its scales stay near 1. */
function scaleOf({ scale }: Spec, name: string, dtype: Problem["dtype"]): number {
  if (scale?.input !== name) return 1;
  return 2 ** (dtype === "f16" ? Math.sign(scale.exponent) * 2 : scale.exponent);
}

/** f16 ends at 65504: the input that the map is linear in shrinks by what sums over tokens and states may add up to. */
function headroom(operator: AnyOperator, name: string, { dims }: Spec): number {
  if (operator.name.startsWith("attention") || !linearInputs(operator, {}).includes(name)) return 1;
  const terms = dims.width ?? (dims.length ?? 1) * (dims.state ?? dims.headDim);
  return 2 ** -Math.max(0, Math.ceil(Math.log2(terms)) - 6);
}

/** Inputs of a small problem, one line each; a longer input shows where it starts and how long it is. */
export function describeInputs(operator: AnyOperator, problem: Problem, most = 12): string[] {
  return Object.entries(problem.inputs).flatMap(([name, source]) => {
    const reader = inputReader(operator, problem, name);
    if (!source || !reader) return [];
    const { rows, cols } = reader;
    const shown = Array.from({ length: Math.min(rows * cols, most) }, (_, i) =>
      Number(reader.at(Math.floor(i / cols), i % cols).toPrecision(6)),
    );
    const rest = rows * cols > most ? `, ... ${rows * cols} values` : "";
    return [`${name} (${source.axes.join(" ")}) = ${shown.join(", ")}${rest}`];
  });
}
