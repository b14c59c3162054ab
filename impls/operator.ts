/**
 * What is computed, never how. An operator's shapes are data (axis names), its truth is a float64 reference that gives for every
 * checked element a value, an error scale and a count of roundings, from which `boundAt` makes the bound of an implementation.
 */
import type { Bounds } from "./bound.js";
import { drawnDocuments } from "./documents.js";
import type { Distribution, Dtype, Reader, TensorSource } from "./tensor.js";
import { elementCount, readerOf } from "./tensor.js";

export type Axes<D extends string> = readonly D[];

export interface InputSpec<D extends string = string> {
  readonly axes: Axes<D>;
  /** Other layouts this input may come in, e.g. a constant B of Mamba-1. A kernel asks the source's `axes`. */
  readonly alternatives?: readonly Axes<D>[];
  /** A problem either has an optional input or has not. */
  readonly optional?: true;
  /** Always f32, whatever the problem's dtype: decays and time steps lose their meaning on a coarse grid. */
  readonly f32?: true;
  /** documents: ids of packed documents, drawn on the host (documents.ts); every engine is given them. */
  readonly random: Distribution | "documents";
}

export type InputSpecs<D extends string = string> = Readonly<Record<string, InputSpec<D>>>;
/** An output that a problem may lack, or whose axes it decides: `outputAxes`. */
export interface DependentOutput<D extends string = string> {
  /** Those of its usual layout. */
  readonly axes: Axes<D>;
  /** The input that it is the gradient of: it is there where the problem has that input, and has the axes that this comes in. */
  readonly gradientOf?: string;
  /** The setting that asks for it. */
  readonly setting?: string;
  /** Not every problem has it. */
  readonly optional?: true;
}
/** Axes, or more. Axes with `documents` among them exist where the problem has that dim: `OptionalDims`. */
export type OutputSpec<D extends string = string> = Axes<D | "documents"> | DependentOutput<D>;
export type OutputSpecs<D extends string = string> = Readonly<Record<string, OutputSpec<D>>>;
/** How many of each row's packed documents an output has an entry for. */
export type OptionalDims = { readonly documents?: number };
/** Settings that change the function itself (causal, scale, softplus): part of the problem, unlike a chunk length. */
export type Settings = Readonly<Record<string, number | boolean>>;

/**
 * One checked piece of every output: the lane axes are fixed, one axis runs. `element` fixes all lane axes; `projection` sums the
 * operator's projected axis with weights +-1, so that one reference lane covers all channels of a head.
 */
export interface Lane {
  readonly kind: "element" | "projection";
  /** Flat C-order index over the lane axes (without the projected axis for a projection). */
  readonly index: number;
}

/** The truth about one lane: what `bound.ts` needs, per output. */
export interface LaneReference<O extends string = string> {
  readonly lane: Lane;
  readonly outputs: Readonly<Record<O, Bounds>>;
}

export interface Cost {
  /** Least floating-point operations (a multiply-add is two) that any form of this operator must do. */
  readonly flops: number;
  /** Least memory traffic in bytes: every input read once, every output written once. */
  readonly bytes: number;
}

export interface Operator<
  D extends string = string,
  I extends InputSpecs<D> = InputSpecs<D>,
  O extends OutputSpecs<D> = OutputSpecs<D>,
  S extends Settings = Settings,
> {
  readonly name: string;
  readonly dims: readonly D[];
  readonly inputs: I;
  readonly outputs: O;
  /** Default settings; a problem overrides them. */
  readonly settings: S;
  readonly laneAxes: Axes<D>;
  /** The axis that a projection sums over; undefined or a function that says no when the operator is not linear along it. */
  readonly projection?: { readonly axis: D; applies(problem: ProblemOf<D, I, S>): boolean };
  /** Elementary steps of the reference for one lane: lets the harness choose how many lanes it can afford. */
  laneCost(problem: ProblemOf<D, I, S>): number;
  /** Float64 truth of the given lanes (any lane alone, in any order). Throws on shapes that contradict the dims. */
  reference(problem: ProblemOf<D, I, S>, lanes: readonly Lane[]): Iterable<LaneReference<RequiredOutput<O>>>;
  cost(problem: ProblemOf<D, I, S>): Cost;
  /** What one run computes, for a reader who compares it with other kernels: its inputs in place, then this. */
  readonly timed: string;
  /** What a problem asks of a kernel beyond the map that all know, e.g. documents: see `Implementation.takes`. */
  extras?(problem: ProblemOf<D, I, S>): readonly string[];
  /** Sizes that follow from others, of a problem with these optional inputs: whoever draws sizes puts them in. */
  derived?(problem: {
    readonly dims: Readonly<Record<D, number>>;
    readonly settings: S;
    readonly with: readonly string[];
  }): Readonly<Partial<Record<D, number>>>;
  /** Keys by which a case id tells its settings and optional inputs apart, where they are not the usual ones. */
  idKeys?(problem: ProblemOf<D, I, S>): Readonly<Record<string, string>>;
  /** One sentence on why these dims or inputs contradict each other, or undefined. */
  invalid?(problem: ProblemOf<D, I, S>): string | undefined;
}

export interface ProblemOf<D extends string, I, S> {
  readonly operator: string;
  readonly dtype: Dtype;
  readonly seed: number;
  readonly dims: Readonly<Record<D, number>> & OptionalDims;
  readonly inputs: { readonly [K in keyof I]?: TensorSource | undefined };
  readonly settings: S;
}

// biome-ignore lint/suspicious/noExplicitAny: any operator, whatever its dims; the one place where variance is waived
export type AnyOperator = Operator<any, any, any, any>;
type DimsOf<Op> = Op extends Operator<infer D, infer _I, infer _O, infer _S> ? D : never;
type OptionalKeys<I> = { [K in keyof I]: I[K] extends { readonly optional: true } ? K : never }[keyof I];

/** A concrete problem of an operator: plain data, so that it can be sent to a child process. */
export type Problem<Op extends AnyOperator = AnyOperator> = ProblemOf<
  DimsOf<Op>,
  Op["inputs"],
  Op["settings"]
>;
export type OutputName<Op extends AnyOperator> = RequiredOutput<Op["outputs"]>;
/** Outputs that every problem has. */
type RequiredOutput<O> = {
  [K in Extract<keyof O, string>]: O[K] extends { readonly optional: true }
    ? never
    : O[K] extends readonly (infer A)[]
      ? "documents" extends A
        ? never
        : K
      : K;
}[Extract<keyof O, string>];

/** Values of all inputs in C order; an optional input is undefined when the problem has none. */
export type Inputs<Op extends AnyOperator, Data = Float32Array> = {
  readonly [K in Exclude<keyof Op["inputs"], OptionalKeys<Op["inputs"]>>]: Data;
} & { readonly [K in OptionalKeys<Op["inputs"]>]: Data | undefined };

/** Values of all outputs in C order. */
export type Outputs<Op extends AnyOperator, Data = Float32Array> = {
  readonly [K in OutputName<Op>]: Data;
} & { readonly [K in Exclude<Extract<keyof Op["outputs"], string>, OutputName<Op>>]?: Data };

/** Defines an operator; the compiler checks every axis name against `dims`. */
export function defineOperator<
  const D extends string,
  const I extends InputSpecs<NoInfer<D>>,
  const O extends OutputSpecs<NoInfer<D>>,
  S extends Settings,
>(operator: Operator<D, I, O, S>): Operator<D, I, O, S> {
  return operator;
}

/** An operator's dims out of a table of sizes, and those that follow from them. @param names optional inputs that a problem will have */
export function dimsFrom<Op extends AnyOperator>(
  operator: Op,
  sizes: Readonly<Record<string, number>>,
  names: readonly string[] = [],
  settings: Partial<Op["settings"]> = {},
): Problem<Op>["dims"] {
  const own = (operator.dims as readonly string[]).map((dim) => [dim, sizes[dim]]);
  const dims = Object.fromEntries(own);
  const all = { ...operator.settings, ...settings };
  return { ...dims, ...operator.derived?.({ dims, settings: all, with: names }) };
}

export function shapeOf(axes: readonly string[], dims: Readonly<Record<string, number>>): number[] {
  return axes.map((axis) => dims[axis]);
}

/** Axes of an output in its usual layout, where there is no problem to ask. */
export function declaredAxes(spec: OutputSpec): readonly string[] {
  return "axes" in spec ? spec.axes : spec;
}

/** Axes of an output of a problem, undefined where the problem has no such output. */
function axesIfThere(operator: AnyOperator, problem: Problem, name: string): readonly string[] | undefined {
  const spec: OutputSpec = operator.outputs[name];
  if ("axes" in spec && spec.gradientOf !== undefined) return problem.inputs[spec.gradientOf]?.axes;
  if ("axes" in spec && spec.setting !== undefined && problem.settings[spec.setting] !== true)
    return undefined;
  const axes = declaredAxes(spec);
  return axes.every((axis) => problem.dims[axis] !== undefined) ? axes : undefined;
}

/** @throws where the problem has no such output */
export function outputAxes(operator: AnyOperator, problem: Problem, name: string): readonly string[] {
  const axes = axesIfThere(operator, problem, name);
  if (!axes) throw new Error(`${operator.name}: this problem has no output ${name}`);
  return axes;
}

export function outputShape(operator: AnyOperator, problem: Problem, name: string): number[] {
  return shapeOf(outputAxes(operator, problem, name), problem.dims);
}

/** The outputs that a problem has. */
export function outputNames<Op extends AnyOperator>(operator: Op, problem: Problem): OutputName<Op>[] {
  const names = Object.keys(operator.outputs) as OutputName<Op>[];
  return names.filter((name) => axesIfThere(operator, problem, name) !== undefined);
}

/** Elements of one output of a problem. */
export function outputSize(operator: AnyOperator, problem: Problem, name: string): number {
  return elementCount(outputShape(operator, problem, name));
}

/** Whether every problem of the operator has it. */
export function isAlwaysThere(operator: AnyOperator, name: string): boolean {
  const spec: OutputSpec = operator.outputs[name];
  if ("axes" in spec && spec.optional) return false;
  return declaredAxes(spec).every((axis) => (operator.dims as readonly string[]).includes(axis));
}

/** Outputs that stay in f32 in any storage type: states, angles, sums over tokens, and gradients of inputs that are f32. */
export function isF32Output(operator: AnyOperator, problem: Problem, name: string): boolean {
  const spec: OutputSpec = operator.outputs[name];
  const axes = outputAxes(operator, problem, name);
  if ("axes" in spec && spec.gradientOf !== undefined) {
    const overTokens = axes.some((axis) => axis === "length" || axis === "context");
    return operator.inputs[spec.gradientOf].f32 || !overTokens;
  }
  return axes.includes("state") || axes.includes("past") || axes.includes("pairs");
}

/** Reader of one input in float64 on the grid that implementations get, or undefined when the problem has no such input. */
export function inputReader(operator: AnyOperator, problem: Problem, name: string): Reader | undefined {
  const source = problem.inputs[name];
  return source && readerOf(source, inputDtype(operator, problem, name));
}

/** The dtype an input is stored in: the problem's, or f32 for decays, time steps and parameters. */
export function inputDtype(operator: AnyOperator, problem: Problem, name: string): Dtype {
  return operator.inputs[name].f32 && problem.dtype !== "f64" ? "f32" : problem.dtype;
}

export interface RandomProblemOptions<Op extends AnyOperator> {
  readonly dims: Problem<Op>["dims"];
  readonly dtype?: Dtype;
  readonly seed?: number;
  /** Optional inputs to include; none by default. */
  readonly with?: readonly OptionalKeys<Op["inputs"]>[];
  readonly settings?: Partial<Op["settings"]>;
  /** Axes of inputs that come in an alternative layout. */
  readonly layouts?: Readonly<Record<string, readonly string[]>>;
}

/** A problem whose inputs are the random functions of random.ts: nothing is stored, every engine makes them itself. */
export function randomProblem<Op extends AnyOperator>(
  operator: Op,
  options: RandomProblemOptions<Op>,
): Problem<Op> {
  const { dims, dtype = "f32", seed = 0 } = options;
  const wanted: readonly PropertyKey[] = options.with ?? [];
  const inputs: Record<string, TensorSource> = {};
  for (const [name, spec] of Object.entries(operator.inputs as InputSpecs)) {
    if (spec.optional && !wanted.includes(name)) continue;
    if (spec.random === "documents") {
      inputs[name] = drawnDocuments(seed, ...(shapeOf(spec.axes, dims) as [number, number]));
      continue;
    }
    const axes = options.layouts?.[name] ?? spec.axes;
    inputs[name] = {
      kind: "random",
      axes,
      shape: shapeOf(axes, dims),
      name,
      seed,
      distribution: spec.random,
    };
  }
  const settings = { ...operator.settings, ...options.settings };
  return checked(operator, { operator: operator.name, dtype, seed, dims, inputs, settings });
}

/** A problem from given values (C order). Shapes are checked against the dims; see `checked`. */
export function givenProblem<Op extends AnyOperator>(
  operator: Op,
  options: Omit<RandomProblemOptions<Op>, "with"> & {
    readonly inputs: Inputs<Op, ArrayLike<number>> | Partial<Inputs<Op, ArrayLike<number>>>;
  },
): Problem<Op> {
  const { dims, dtype = "f32", seed = 0 } = options;
  const inputs: Record<string, TensorSource> = {};
  for (const [name, values] of Object.entries(options.inputs) as [string, ArrayLike<number> | undefined][]) {
    if (!values) continue;
    const axes = options.layouts?.[name] ?? operator.inputs[name]?.axes;
    if (!axes)
      throw new Error(
        `${operator.name} has no input ${name}; it has ${Object.keys(operator.inputs).join(", ")}`,
      );
    inputs[name] = { kind: "given", axes, shape: shapeOf(axes, dims), data: new Float64Array(values) };
  }
  const settings = { ...operator.settings, ...options.settings };
  return checked(operator, { operator: operator.name, dtype, seed, dims, inputs, settings });
}

/** @throws with what, expected and got when dims or inputs do not fit the operator */
export function checked<Op extends AnyOperator>(operator: Op, problem: Problem): Problem<Op> {
  const fail = (what: string): never => {
    throw new Error(`${operator.name}: ${what}`);
  };
  for (const dim of operator.dims as readonly string[]) {
    const size = problem.dims[dim];
    if (!Number.isInteger(size) || size < 1) fail(`${dim} must be a whole number of at least 1, got ${size}`);
  }
  for (const [name, spec] of Object.entries(operator.inputs as InputSpecs)) {
    const source = problem.inputs[name];
    if (!source) {
      if (!spec.optional) fail(`input ${name} is missing`);
      continue;
    }
    const layouts = [spec.axes, ...(spec.alternatives ?? [])].map((axes) => axes.join(" "));
    const axes = source.axes.join(" ");
    if (!layouts.includes(axes)) fail(`${name} has axes (${axes}), expected (${layouts.join(") or (")})`);
    const expected = shapeOf(source.axes, problem.dims);
    const [shape, count] = [expected.join("x"), elementCount(expected)];
    if (source.shape.join("x") !== shape)
      fail(`${name} has shape ${source.shape.join("x")}, expected ${shape}`);
    if (source.kind === "given" && source.data.length !== count)
      fail(`${name} has ${source.data.length} values, its shape ${shape} needs ${count}`);
  }
  const contradiction = operator.invalid?.(problem);
  if (contradiction) fail(contradiction);
  return problem as Problem<Op>;
}
