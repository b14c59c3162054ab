/** What is simulated: the forms, small problems for them, and what each form declares of its sums. */
import { attention } from "../../impls/attention/operator.js";
import { convolution } from "../../impls/convolution/operator.js";
import { type AnyOperator, givenProblem, type Problem } from "../../impls/operator.js";
import { selectiveScan } from "../../impls/selective_scan/operator.js";
import { ssd } from "../../impls/ssd/operator.js";
import type { Arithmetic } from "./arithmetic.js";
import { type AttentionValues, eachRow, materialised, type RowForm, tiled } from "./forms/attention.js";
import { direct } from "./forms/convolution.js";
import { associative, eachChannel, type States, recurrent as scanRecurrent } from "./forms/selective-scan.js";
import { chunked, eachHead, type HeadForm, recurrent, type SsdValues } from "./forms/ssd.js";

/** Values of every input, by name, in C order. */
export type Drawn = Readonly<Record<string, Float64Array>>;
/** Numbers in [0, 1). */
export type Random = () => number;

export interface Subject {
  readonly name: string;
  readonly operator: AnyOperator;
  /** Shapes of the inputs: elements of each. */
  readonly sizes: Readonly<Record<string, number>>;
  problem(values: Drawn): Problem;
  /** Before it is rounded to the arithmetic's numbers. @param u its roundoff: decays next to 1 are some of it away */
  draw(name: string, random: Random, u: number): number;
  /** One sequence's outputs, C order. */
  run(arithmetic: Arithmetic, problem: Problem, values: Drawn): Readonly<Record<string, Float64Array>>;
  readonly longestSum: number;
}

const signed = (random: Random) => 2 * random() - 1;
/** Mostly of one sign: what cuts toward zero errs most where nothing cancels. */
const coherent = (random: Random) => random() * (random() < 0.125 ? -1 : 1);
/** Exactly 1, next to 1, moderate and strong. */
const logDecay = (random: Random, u: number) =>
  [() => 0, () => -4 * u * random(), () => -random(), () => -40 * random()][Math.floor(4 * random())]();

export function ssdSubject(
  name: string,
  form: HeadForm,
  longestSum: number,
  length: number,
  state = 2,
): Subject {
  const dims = { batch: 1, length, heads: 1, groups: 1, headDim: 1, state };
  return {
    name: `ssd/${name}`,
    operator: ssd,
    sizes: { X: length, logA: length, B: state * length, C: state * length, dt: length, initialState: state },
    problem: (inputs) => givenProblem(ssd, { dims, inputs }),
    draw: (input, random, u) =>
      input === "logA" ? logDecay(random, u) : input === "dt" ? random() : coherent(random),
    run(arithmetic, problem, values) {
      const outputs = { Y: new Float64Array(length), finalState: new Float64Array(state) };
      eachHead(problem as Problem<typeof ssd>, values as unknown as SsdValues, outputs, arithmetic, form);
      return outputs;
    },
    longestSum,
  };
}

function scanSubject(name: string, states: States, length: number): Subject {
  const dims = { batch: 1, length, heads: 1, groups: 1, headDim: 1, state: 2 };
  const settings = { softplus: true };
  return {
    name: `selective_scan/${name}`,
    operator: selectiveScan,
    sizes: {
      ...{ u: length, delta: length, A: 2, B: 2 * length, C: 2 * length },
      ...{ D: 1, z: length, deltaBias: 1, initialState: 2 },
    },
    problem: (inputs) => givenProblem(selectiveScan, { dims, inputs, settings }),
    draw(input, random, u) {
      if (input === "A") return logDecay(random, u);
      return input === "delta" || input === "z" ? 3 * signed(random) : signed(random);
    },
    run(arithmetic, problem, values) {
      const outputs = { Y: new Float64Array(length), finalState: new Float64Array(2) };
      const inputs = values as unknown as Parameters<typeof eachChannel>[1];
      eachChannel(problem as Problem<typeof selectiveScan>, inputs, outputs, arithmetic, states);
      return outputs;
    },
    longestSum: 0,
  };
}

function attentionSubject(name: string, form: RowForm, keys: number, rescaled: number): Subject {
  const headDim = 2;
  const dims = { batch: 1, length: keys, context: keys, heads: 1, groups: 1, headDim, headDimV: 1 };
  return {
    name: `attention/${name}`,
    operator: attention,
    sizes: { Q: headDim * keys, K: headDim * keys, V: keys },
    problem: (inputs) => givenProblem(attention, { dims, inputs }),
    draw: (input, random) => (input === "Q" ? 3 * signed(random) : signed(random)),
    run(arithmetic, problem, values) {
      const Y = new Float64Array(keys);
      eachRow(
        problem as Problem<typeof attention>,
        values as unknown as AttentionValues,
        Y,
        arithmetic,
        form,
      );
      return { Y };
    },
    longestSum: keys + 4 * rescaled,
  };
}

function convolutionSubject(length: number): Subject {
  return {
    name: "convolution/direct",
    operator: convolution,
    sizes: { u: length, K: length },
    problem: (inputs) =>
      givenProblem(convolution, { dims: { batch: 1, length, heads: 1, headDim: 1 }, inputs }),
    draw: (_, random) => signed(random),
    run(arithmetic, _, values) {
      const Y = new Float64Array(length);
      direct(arithmetic, values as unknown as Parameters<typeof direct>[1], Y);
      return { Y };
    },
    longestSum: length,
  };
}

/** @param length tokens: what is claimed of so many depends on the roundoff (ssd/README.md, "Validity") */
export function subjects(length: number): Subject[] {
  const chunk = Math.ceil(length / 3);
  const tile = Math.ceil(length / 4);
  return [
    ssdSubject("recurrent", recurrent(), 0, length),
    ssdSubject("quadratic", chunked(length), length, length),
    ssdSubject("chunked", chunked(chunk), chunk, length),
    scanSubject("recurrent", scanRecurrent, length),
    scanSubject("scan", associative, length),
    attentionSubject("materialised", materialised, length, 0),
    attentionSubject("tiled", tiled(tile), length, 4),
    convolutionSubject(length),
  ];
}
