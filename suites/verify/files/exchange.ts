/**
 * Problems for kernels of any language, as files, and judgement of what they wrote back. A problem is a function of its name, so that
 * the judge makes it anew and trusts nothing that came back but the outputs.
 */
import * as fc from "fast-check";
import { f32Rounding, type Rounding } from "../../../impls/bound.js";
import {
  type AnyOperator,
  outputAxes,
  outputNames,
  outputShape,
  type Problem,
} from "../../../impls/operator.js";
import { toFloat32 } from "../../../impls/tensor.js";
import { specs } from "../../problems/arbitrary.js";
import { buildProblem } from "../../problems/build.js";
import { formatSafetensors, parseSafetensors, type WrittenTensor } from "../../vectors/safetensors.js";
import { boundArrays, compare, describeElement, truthOf } from "../compare.js";
import { LARGEST_SEED, MOST_CASES } from "../token.js";

/** `ssd-7-12`: operator, seed, place among the problems of that seed. */
export interface ProblemName {
  readonly operator: AnyOperator;
  readonly seed: number;
  readonly index: number;
}

export interface Exported {
  /** Of the file, without its extension. */
  readonly name: string;
  readonly bytes: Buffer;
}

/** The first `count` problems of an operator, in float32, each with its expected outputs and the bound of every element. */
export function* exported(operator: AnyOperator, seed: number, count: number): Generator<Exported> {
  let index = 0;
  for (const spec of drawn(operator, seed, count)) {
    const name = `${operator.name}-${seed}-${index++}`;
    const problem = buildProblem(operator, spec, "f32");
    const rounding = roundingOf(problem);
    const bounds = boundArrays(truthOf(operator, problem), rounding);
    const tensors: Record<string, WrittenTensor> = {};
    const layout: Record<string, string> = {};
    for (const [input, source] of Object.entries(problem.inputs)) {
      if (!source) continue;
      tensors[input] = { shape: source.shape, data: toFloat32(source, "f32") };
      layout[input] = source.axes.join(" ");
    }
    for (const output of outputNames(operator, problem)) {
      const shape = outputShape(operator, problem, output);
      tensors[`out.${output}`] = { shape, data: bounds[output].value };
      tensors[`bound.${output}`] = { shape, data: bounds[output].certified };
      layout[output] = outputAxes(operator, problem, output).join(" ");
    }
    const { dims, settings } = problem;
    const metadata = {
      case: name,
      operator: operator.name,
      dims: JSON.stringify(dims),
      settings: JSON.stringify(settings),
      layout: JSON.stringify(layout),
      rounding: JSON.stringify(rounding),
    };
    yield { name, bytes: formatSafetensors(tensors, metadata) };
  }
}

/** fast-check draws the same problems for the same seed, however many follow. */
function drawn(operator: AnyOperator, seed: number, count: number) {
  return fc.sample(specs(operator), { seed, numRuns: count });
}

/** A kernel that computes in float32 and sums over tokens in any order; decays are exp of sums over their segment. */
function roundingOf({ dims }: Problem): Rounding {
  const { length = 1, context = 1 } = dims as Readonly<Record<string, number>>;
  return f32Rounding(Math.max(length, context));
}

/** @throws an Error with what a name looks like */
export function parseProblemName(text: string, operators: readonly AnyOperator[]): ProblemName {
  const match = /^([a-z0-9_]+)-(\d{1,10})-(\d{1,6})$/.exec(text);
  const operator = operators.find(({ name }) => name === match?.[1]);
  const [seed, index] = [Number(match?.[2]), Number(match?.[3])];
  if (!operator || seed > LARGEST_SEED || index >= MOST_CASES)
    throw new Error("its name is no problem's: keep the names that --export gave, e.g. ssd-0-12.safetensors");
  return { operator, seed, index };
}

export interface Judgement {
  readonly ok: boolean;
  /** The worst element, or what is wrong with the file. */
  readonly detail: string;
}

/** @throws an Error whose message says what is wrong with the bytes */
export function judge({ operator, seed, index }: ProblemName, bytes: Uint8Array): Judgement {
  const { tensors } = parseSafetensors(bytes, ["F32", "F64"]);
  const problem = buildProblem(operator, drawn(operator, seed, index + 1)[index], "f32");
  const names: readonly string[] = outputNames(operator, problem);
  const strange = [...tensors.keys()].find((name) => !names.includes(name));
  if (strange !== undefined)
    return { ok: false, detail: `has a tensor ${strange}; its outputs are ${names.join(", ")}` };
  for (const name of names) {
    const found = tensors.get(name);
    if (!found) return { ok: false, detail: `lacks the output ${name}` };
    const [shape, wanted] = [found.shape.join("x"), outputShape(operator, problem, name).join("x")];
    if (shape !== wanted) return { ok: false, detail: `${name} has shape ${shape}, expected ${wanted}` };
  }
  const rounding = roundingOf(problem);
  const values = Object.fromEntries(names.map((name) => [name, tensors.get(name)!.data]));
  const { ok, ratio, worst } = compare(truthOf(operator, problem), rounding, values);
  const detail = ok ? `worst error / bound ${ratio.toPrecision(3)}` : describeElement(worst, rounding);
  return { ok, detail };
}
