/** Random and extreme problems of any operator, from its own description: a new operator is covered without another line. */
import * as fc from "fast-check";
import type { AnyOperator, InputSpec } from "../../impls/operator.js";
import { companionsOf } from "./companions.js";
import { pick, sizes } from "./sizes.js";
import { DECAYS, ORDINARY_DECAYS, ORDINARY_VALUES, type Spec, VALUES } from "./spec.js";

/** Chunk lengths and tiles in use, each with its neighbours. */
const LENGTHS = [
  1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 255, 256, 257, 301, 320, 400,
];

const SIZES: Readonly<Record<string, fc.Arbitrary<number>>> = {
  batch: sizes(3, [1, 1, 2]),
  length: sizes(400, LENGTHS),
  context: sizes(400, LENGTHS),
  heads: sizes(8, [1, 2, 3, 4, 6]),
  headDim: sizes(128, [1, 2, 3, 4, 5, 8, 16, 40, 64, 128]),
  headDimV: sizes(128, [1, 2, 3, 4, 5, 8, 16, 40, 64, 128]),
  width: fc.constantFrom(4, 3, 2),
  state: sizes(256, [1, 2, 3, 4, 5, 8, 16, 64, 100, 128, 256]),
  pairs: sizes(128, [1, 2, 3, 4, 8, 16, 32, 64]),
};

export interface ProblemOptions {
  /** Most elementary steps that the reference may take over all lanes. */
  readonly work?: number;
  /** Settings that stay as they are. */
  readonly settings?: Readonly<Record<string, number | boolean>>;
  /** Ordinary values only: for laws that compare two runs. */
  readonly ordinary?: boolean;
  /** Optional inputs that must be there, or must not. */
  readonly with?: readonly string[];
  readonly without?: readonly string[];
}

/** ssd as its closed forms know it: one sequence a row, ready decays and steps. The spec's `alternative` is the law's own business. */
export const READY: ProblemOptions = {
  settings: { softplus: false, dtMin: 0, dtMax: 0 },
  without: ["documents", "dtBias"],
};

/** Most steps of a usual problem; one in twelve may take ten times as many. */
const USUAL_WORK = 60_000;

export function specs(operator: AnyOperator, options: ProblemOptions = {}): fc.Arbitrary<Spec> {
  const inputs = Object.entries(operator.inputs) as [string, InputSpec][];
  const optional = inputs
    .filter(([name, { optional }]) => optional && !options.without?.includes(name))
    .map(([name]) => name);
  const [rare, usual] = [true, false].map((is) => optional.filter((name) => RARE.includes(name) === is));
  const alternatives = inputs.filter(([, { alternatives }]) => alternatives).map(([name]) => name);
  const scalable = inputs
    .filter(([name, input]) => exponents(operator, name, input).length > 0)
    .map(([name]) => name);
  const dims = Object.fromEntries(
    (operator.dims as readonly string[]).filter((dim) => dim !== "groups").map((dim) => [dim, sizeOf(dim)]),
  );
  return fc
    .record({
      dims: fc.record(dims),
      groups: fc.nat(3),
      values: pick(options.ordinary ? ORDINARY_VALUES : VALUES, ORDINARY_VALUES),
      decay: pick(options.ordinary ? ORDINARY_DECAYS : DECAYS, ORDINARY_DECAYS),
      with: fc.subarray(usual),
      rare: mostly([] as string[], 2, fc.subarray(rare)),
      alternative: mostly([] as string[], 1, fc.subarray(alternatives)),
      scale: options.ordinary ? fc.constant(undefined) : scales(operator, scalable),
      settings: settingsOf(operator, options.settings ?? {}),
      dtype: mostly(0, 2, fc.nat(3)),
      seed: fc.nat(999),
      work: fc.constantFrom(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 10),
    })
    .map(({ work, dims, groups, rare, ...rest }) => {
      const chosen = [...rest.with, ...rare, ...(options.with ?? [])];
      const wanted = together(operator, chosen, rest.alternative);
      // what is done to steps shows where there are any
      const settings = stepless(operator, wanted) ? operator.settings : rest.settings;
      const spec = { operator: operator.name, dims, ...rest, with: wanted, settings };
      return fitted(operator, spec as Spec, groups, options.work ?? work * USUAL_WORK);
    });
}

/** The usual value so many times as often as another one; shrinks to it. */
function mostly<T, U>(usual: T, times: number, other: fc.Arbitrary<U>): fc.Arbitrary<T | U> {
  return fc.oneof(
    { withCrossShrink: true },
    { weight: times, arbitrary: fc.constant(usual) },
    { weight: 1, arbitrary: other },
  );
}

/** Optional inputs that many kernels do not take: a problem seldom has them, so that others are not skipped for their sake. */
const RARE: readonly string[] = ["documents", "dtBias", "xProj", "keys", "values"];

/** Some inputs come together; a bias and a rate of the step need the step. */
function together(operator: AnyOperator, names: readonly string[], alternative: readonly string[]): string[] {
  const all = names.flatMap((name) => companionsOf(operator, name));
  const needsStep = "dt" in operator.inputs && (all.includes("dtBias") || alternative.includes("logA"));
  return [...new Set([...all, ...(needsStep ? ["dt"] : [])])].sort();
}

function stepless({ inputs }: AnyOperator, names: readonly string[]): boolean {
  return "dt" in inputs && !names.includes("dt");
}

function sizeOf(dim: string): fc.Arbitrary<number> {
  return SIZES[dim] ?? sizes(64, [1, 2, 3, 16]);
}

/** Powers of two an input may be scaled by without leaving f32 in any form; empty for decays and steps. */
function exponents(operator: AnyOperator, name: string, { random, axes }: InputSpec): readonly number[] {
  // a gate of 2^40 is a step function; a large bias makes every step large; poles lie in [-1, 1]
  if (["z", "trap", "angles", "deltaBias", "dtBias"].includes(name)) return [-12, 2, 5];
  // an angle is one of f32 while its last digit is far below a radian
  if (name === "initialAngles") return [-12, 2, 8];
  // a norm squares its inputs and adds them up
  if (operator.name === "rms_norm_gated" && name === "X") return [-60, -40, -12, 12, 40];
  if (name === "poles" || random === "documents") return [];
  if (random === "timeStep" || random === "logDecay" || random === "channelDecay") return [];
  if (random === "stepBias" || random === "logIndex") return [];
  // a block multiplies what it makes of its inputs with one another, and takes norms
  if (operator.name.includes("_block")) return [-12, -3, 2, 4];
  // logits grow with Q and K: beyond this every row is one key
  if (operator.name.includes("attention") && axes.includes("headDim")) return [-12, -3, 3, 6];
  return [-60, -40, -12, 12, 40, 60];
}

function scales(operator: AnyOperator, names: readonly string[]): fc.Arbitrary<Spec["scale"]> {
  const scaled = fc
    .constantFrom(...names)
    .chain((input) =>
      fc
        .constantFrom(...exponents(operator, input, operator.inputs[input]))
        .map((exponent) => ({ input, exponent })),
    );
  return mostly(undefined, 5, scaled);
}

function settingsOf(
  operator: AnyOperator,
  fixed: Readonly<Record<string, number | boolean>>,
): fc.Arbitrary<Record<string, number | boolean>> {
  const choices = Object.entries(operator.settings).map(([name, value]) => {
    if (name in fixed) return [name, fc.constant(fixed[name])];
    // kernels that take ready steps are not to be skipped half the time
    if (typeof value === "boolean" && "dt" in operator.inputs)
      return [name, mostly(value, 3, fc.constant(!value))];
    if (typeof value === "boolean") return [name, fc.constantFrom(value, !value)];
    if (name === "window") return [name, mostly(value, 3, fc.constantFrom(1, 2, 5, 8, 17, 64, 100))];
    if (name in PLACES) return [name, mostly(value, 3, fc.constantFrom(...placesOf(operator, name)))];
    if (STEP_LIMITS.includes(name)) return [name, mostly(value, 7, fc.constantFrom(0.02, 0.125))];
    return [name, fc.constantFrom(value as number, value as number, 0.125, 1)];
  });
  return fc.record(Object.fromEntries(choices));
}

const STEP_LIMITS = ["dtMin", "dtMax"];

/** Settings that are no amounts. */
const PLACES: Readonly<Record<string, readonly number[]>> = {
  normGroups: [1],
  pattern: [1, 2],
  features: [1, 2, 3, 4, 5],
  rotary: [0, 100],
};

/** Gradients have the feature maps of single numbers. */
function placesOf({ name }: AnyOperator, setting: string): readonly number[] {
  const places = PLACES[setting];
  return name === "mamba2_block_grad" && setting === "features"
    ? places.filter((place) => place < 4)
    : places;
}

const WIDTH = ["batch", "modelDim", "inner", "heads", "headDim", "headDimV", "state"];

/**
 * Makes drawn dims agree with one another and cheap enough: groups divide heads, causal attention has as many keys as queries, a filter
 * sees one token less before the current one than it has taps, a state has at least the pairs that turn.
 */
export function fitted(operator: AnyOperator, spec: Spec, groupPick: number, work: number): Spec {
  const dims: Record<string, number> = { ...spec.dims };
  const following = () => operator.derived?.({ dims, settings: spec.settings, with: spec.with }) ?? {};
  const cost = () => {
    const square = spec.settings.causal === true || spec.with.includes("documents");
    if (square && "context" in dims) dims.context = dims.length;
    if ("width" in dims) dims.past = dims.width - 1;
    if ("pairs" in dims) {
      dims.state = Math.max(2, dims.state);
      dims.pairs = Math.min(dims.pairs, Math.floor(dims.state / 2));
    }
    if ((operator.dims as readonly string[]).includes("groups")) {
      const divisors = [1, 2, 3, 4, 5, 6, 7, 8].filter((groups) => dims.heads % groups === 0);
      dims.groups = divisors[groupPick % divisors.length];
    }
    Object.assign(dims, following());
    const problem = {
      operator: operator.name,
      dtype: "f32",
      seed: 0,
      dims,
      inputs: {},
      settings: spec.settings,
    };
    const lanes = (operator.laneAxes as readonly string[]).reduce((total, axis) => total * dims[axis], 1);
    return lanes * operator.laneCost(problem as never);
  };
  // length last: it is what the awkward sizes are about
  while (cost() > work) {
    const square = spec.settings.causal === true || spec.with.includes("documents");
    const free = square ? WIDTH : [...WIDTH, "context"];
    const width = free.filter((dim) => dims[dim] > 1 && !(dim in following()));
    const largest = width.sort((a, b) => dims[b] - dims[a])[0] ?? "length";
    dims[largest] = Math.ceil(dims[largest] / 2);
  }
  return { ...spec, dims };
}
