/** The float64 references of gradients against those of the maps themselves: central differences, and <J v, w> = <v, J' w>. */
import { describe, expect, it } from "vitest";
import { attention } from "../../impls/attention/index.js";
import { attentionGrad } from "../../impls/attention_grad/index.js";
import { type AnyOperator, inputReader, type Problem, randomProblem } from "../../impls/operator.js";
import { hashAt, streamKeys } from "../../impls/random.js";
import { selectiveScan } from "../../impls/selective_scan/index.js";
import { selectiveScanGrad } from "../../impls/selective_scan_grad/index.js";
import { ssd } from "../../impls/ssd/index.js";
import { ssdGrad } from "../../impls/ssd_grad/index.js";
import type { GivenTensor } from "../../impls/tensor.js";
import { referenceOutputs } from "./truth.js";

const seed = 11;
const SIZES = { batch: 2, length: 9, context: 9, heads: 4, groups: 2, headDim: 3, headDimV: 2, state: 4 };
const OPTIONS = ["D", "z", "dt", "delta", "dtBias", "deltaBias", "initialState", "dFinalState"];

interface Case {
  readonly title: string;
  readonly map: AnyOperator;
  readonly gradient: AnyOperator;
  readonly without?: readonly string[];
  readonly documents?: readonly number[];
  readonly settings?: Readonly<Record<string, number | boolean>>;
  readonly layouts?: Readonly<Record<string, readonly string[]>>;
  readonly dims?: Readonly<Record<string, number>>;
}

const packed = [0, 0, 0, 1, 1, 0, 2, 2, 2, 1, 1, 1, 1, 0, 0, 0, 0, 0];
const cases: readonly Case[] = [
  { title: "ssd, every option", map: ssd, gradient: ssdGrad, settings: { softplus: true } },
  {
    title: "ssd, documents, a rate and a D a head, limits of dt",
    map: ssd,
    gradient: ssdGrad,
    documents: packed,
    settings: { softplus: true, dtMin: 0.65, dtMax: 0.8 },
    layouts: { logA: ["heads"], D: ["heads"] },
  },
  { title: "ssd, ready", map: ssd, gradient: ssdGrad, without: ["dt", "dtBias", "z", "D"] },
  {
    title: "selective_scan, every option",
    map: selectiveScan,
    gradient: selectiveScanGrad,
    settings: { softplus: true },
  },
  {
    title: "selective_scan, documents, constant B and C",
    map: selectiveScan,
    gradient: selectiveScanGrad,
    documents: packed,
    layouts: { B: ["heads", "headDim", "state"], C: ["heads", "headDim", "state"] },
  },
  { title: "attention, causal", map: attention, gradient: attentionGrad },
  {
    title: "attention, cross",
    map: attention,
    gradient: attentionGrad,
    settings: { causal: false },
    dims: { context: 7 },
  },
  {
    title: "attention, documents and a window",
    map: attention,
    gradient: attentionGrad,
    documents: packed,
    settings: { window: 3 },
  },
];

/** A problem of the gradient operator, every input given. */
function problemOf({ gradient, without = [], documents, settings, layouts, dims }: Case): Problem {
  const all: Record<string, number> = { ...SIZES, ...dims };
  const names = gradient.dims as readonly string[];
  const wanted = OPTIONS.filter((name) => gradient.inputs[name]?.optional && !without.includes(name));
  const problem = randomProblem(gradient, {
    dims: Object.fromEntries(names.map((name) => [name, all[name]])),
    dtype: "f64",
    seed,
    with: wanted,
    settings: settings ?? {},
    layouts: layouts ?? {},
  } as never) as Problem;
  const inputs = Object.fromEntries(
    Object.keys(problem.inputs).map((name) => [name, materialised(gradient, problem, name)]),
  );
  const ids = documents && {
    documents: {
      kind: "given",
      axes: ["batch", "length"],
      shape: [2, 9],
      data: Float64Array.from(documents),
    },
  };
  return { ...problem, inputs: { ...inputs, ...ids } as never };
}

function materialised(operator: AnyOperator, problem: Problem, name: string): GivenTensor {
  const { rows, cols, at } = inputReader(operator, problem, name)!;
  const data = Float64Array.from({ length: rows * cols }, (_, i) => at(Math.floor(i / cols), i % cols));
  const { axes, shape } = problem.inputs[name]!;
  return { kind: "given", axes, shape, data };
}

const STEP = 1e-5;

/** sum(Y dY) + sum(finalState dFinalState) with some inputs moved, by the map's own reference. */
function objective({ map }: Case, problem: Problem, moved: Readonly<Record<string, Float64Array>>): number {
  const { dY, dFinalState, ...inputs } = problem.inputs as Record<string, GivenTensor>;
  const at = Object.entries(inputs).map(([name, source]) => [
    name,
    moved[name] ? { ...source, data: moved[name] } : source,
  ]);
  const { training: _, ...settings } = problem.settings;
  const outputs = referenceOutputs(map, {
    ...problem,
    operator: map.name,
    inputs: Object.fromEntries(at),
    settings,
  });
  return inner(outputs.Y, dY.data) + (dFinalState ? inner(outputs.finalState, dFinalState.data) : 0);
}

function inner(u: ArrayLike<number>, v: ArrayLike<number>): number {
  return Array.from(u).reduce((sum, value, i) => sum + value * v[i], 0);
}

/** Central difference of the objective along a direction of some inputs. */
function slope(one: Case, problem: Problem, direction: Readonly<Record<string, Float64Array>>): number {
  const move = (step: number) =>
    Object.fromEntries(
      Object.entries(direction).map(([name, d]) => [
        name,
        (problem.inputs[name] as GivenTensor).data.map((value, i) => value + step * d[i]),
      ]),
    );
  return (objective(one, problem, move(STEP)) - objective(one, problem, move(-STEP))) / (2 * STEP);
}

const directionKeys = streamKeys(seed, "direction");

describe(`gradients, seed ${seed}`, () => {
  it.each(cases)("$title: central differences, element by element", (one) => {
    const problem = problemOf(one);
    const gradients = referenceOutputs(one.gradient, problem);
    for (const [output, values] of Object.entries(gradients)) {
      const name = output.slice(1);
      const peak = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-3);
      // the first, the last, and some between
      for (let i = 0; i < values.length; i += Math.max(1, Math.floor((values.length - 1) / 3))) {
        const direction = Float64Array.from(values, (_, j) => (i === j ? 1 : 0));
        const wanted = slope(one, problem, { [name]: direction });
        expect(Math.abs(values[i] - wanted), `${output}[${i}] is ${values[i]}, not ${wanted}`).toBeLessThan(
          1e-7 * peak,
        );
      }
    }
  });

  it.each(cases)("$title: <J v, w> = <v, J' w> in all inputs at once", (one) => {
    const problem = problemOf(one);
    const gradients = referenceOutputs(one.gradient, problem);
    const direction = Object.fromEntries(
      Object.entries(gradients).map(([output, values], k) => [
        output.slice(1),
        Float64Array.from(values, (_, i) => hashAt(directionKeys, k, i) / 2 ** 31 - 1),
      ]),
    );
    const right = Object.entries(gradients).reduce(
      (sum, [output, values]) => sum + inner(values, direction[output.slice(1)]),
      0,
    );
    const size = Object.values(gradients).reduce((sum, values) => sum + Math.sqrt(inner(values, values)), 0);
    expect(Math.abs(slope(one, problem, direction) - right)).toBeLessThan(1e-8 * size);
  });
});
