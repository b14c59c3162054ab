/**
 * The problems that break kernels, written down: every implementation must pass each (test/conformance.test.ts). Interactions are
 * aimed at, not multiplied out: one thing is awkward at a time, beside odd sizes.
 */
import type { AnyOperator, InputSpec } from "../../impls/operator.js";
import { fitted } from "./arbitrary.js";
import { companionsOf, isCompanion } from "./companions.js";
import type { Spec } from "./spec.js";
import { DECAYS, VALUES } from "./spec.js";

export interface Awkward {
  readonly title: string;
  readonly spec: Spec;
}

/** A list of problems of one operator, each named by what is awkward about it. */
export interface AwkwardList {
  readonly all: readonly Awkward[];
  /** Dims that the operator lacks are left out; the rest is the control's. */
  add(
    title: string,
    dims?: Readonly<Record<string, number>>,
    more?: Partial<Spec>,
    /** Which of the numbers that divide the heads, the smallest first. */
    groupPick?: number,
  ): void;
}

/** Small, odd, more than one of everything. */
const CONTROL: Readonly<Record<string, number>> = {
  batch: 2,
  length: 21,
  context: 34,
  heads: 4,
  headDim: 5,
  headDimV: 3,
  state: 7,
  pairs: 2,
  width: 4,
  past: 3,
  modelDim: 6,
  inner: 24,
  rank: 3,
};

const LENGTHS = [1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 127, 129, 255, 257, 301, 400];

const WORK = 400_000;

/** @param work steps of the reference over all lanes beyond which a problem shrinks */
export function awkwardList(operator: AnyOperator, work = WORK): AwkwardList {
  const has = (dim: string) => (operator.dims as readonly string[]).includes(dim);
  const all: Awkward[] = [];
  return {
    all,
    add(title, dims = {}, more = {}, groupPick = 1) {
      const wanted = Object.fromEntries(Object.entries({ ...CONTROL, ...dims }).filter(([dim]) => has(dim)));
      const spec: Spec = {
        operator: operator.name,
        dims: wanted,
        seed: all.length,
        values: "coherent",
        decay: "usual",
        with: [],
        alternative: [],
        settings: operator.settings,
        dtype: 0,
        ...more,
      };
      all.push({ title, spec: fitted(operator, spec, groupPick, work) });
    },
  };
}

export function awkwardProblems(operator: AnyOperator): readonly Awkward[] {
  const inputs = Object.entries(operator.inputs) as [string, InputSpec][];
  const optional = optionalInputs(operator);
  const paired = (name: string) => pairOf(operator, name);
  const alternative = inputs.filter(([, { alternatives }]) => alternatives).map(([name]) => name);
  const decays = inputs.some(([, { random }]) => ["logDecay", "channelDecay", "logIndex"].includes(random));
  const has = (dim: string) => (operator.dims as readonly string[]).includes(dim);
  const { all, add } = awkwardList(operator);

  add("control");
  // a step of decoding has one token, and after a state nothing else that is long
  const long = ["length", "context"].find((dim) => inputs.some(([, { axes }]) => axes.includes(dim)));
  for (const size of long ? LENGTHS : [])
    add(`${long} ${size}`, { [long!]: size, batch: 1, heads: 2, state: 4 });
  add("everything 1", { batch: 1, length: 1, context: 1, heads: 1, headDim: 1, headDimV: 1, state: 1 });
  add("one head", { heads: 1, length: 65 });
  add("one channel", { headDim: 1, headDimV: 1, length: 65 });
  add("widest head", { headDim: 128, headDimV: 128, batch: 1, heads: 1, length: 17, state: 3 });
  add("odd heads, as many groups", { heads: 3, length: 33 }, {}, 1);
  if (has("groups")) {
    add("six heads, two groups", { heads: 6, length: 33 }, {}, 1);
    add("six heads, three groups", { heads: 6, length: 33 }, {}, 2);
  }
  if (has("state")) {
    add("one state", { state: 1, length: 65 });
    add("most states", { state: 256, length: 19, heads: 1, headDim: 2 });
  }
  for (const state of has("pairs") ? [2, 8, 256] : [])
    add(`all of ${state} turned`, { state, pairs: state / 2, length: 65, heads: 1, headDim: 3 });
  for (const width of has("width") ? [2, 3] : [])
    add(`width ${width}`, { width, length: 37 }, { with: optional });
  for (const name of optional) {
    add(`with ${name}`, { length: 37 }, { with: paired(name) });
    add(`with ${name}, one token`, { length: 1, context: 1, heads: 1 }, { with: paired(name) });
  }
  for (const length of optional.includes("m") ? [2, 3, 8, 33, 64, 65, 129] : []) {
    const values = VALUES[length % VALUES.length];
    const narrow = { length, batch: 1, heads: 2, headDim: 3 };
    add(`Toeplitz, ${values}, length ${length}`, narrow, {
      values,
      with: length % 2 ? ["m"] : ["logGamma", "m"],
    });
  }
  if (optional.length > 1) add("with every option", { length: 37 }, { with: optional.flatMap(paired) });
  const plain = optional.filter((name) => !PACKED.includes(name));
  if (plain.length < optional.length && plain.length > 1)
    add("with every option of one document", { length: 37 }, { with: plain.flatMap(paired) });
  if (optional.includes("documents"))
    for (const [seed, length] of [64, 65, 130, 257].entries())
      add(`packed, length ${length}`, { length, context: length }, { seed, with: ["documents"] });
  const stepped = optional.includes("dt") && alternative.includes("logA") ? ["dt"] : [];
  for (const name of alternative)
    add(`constant ${name}`, { length: 37 }, { alternative: [name], with: name === "logA" ? stepped : [] });
  if (alternative.length > 1) add("all constant", { length: 37 }, { alternative, with: stepped });
  for (const [name, value] of Object.entries(operator.settings))
    if (typeof value === "boolean")
      add(
        `${name} ${!value}`,
        { length: 37 },
        {
          settings: { ...operator.settings, [name]: !value },
          with: optional.filter((input) => input === SHOWN_BY[name]),
        },
      );
  for (const values of VALUES) add(`values ${values}`, { length: 70 }, { values });
  if (decays)
    for (const decay of DECAYS) {
      add(`decay ${decay}`, { length: 130, batch: 1, heads: 2, headDim: 3, state: 5 }, { decay });
      if (optional.includes("initialState"))
        add(`decay ${decay} of an initial state`, { length: 20 }, { decay, with: paired("initialState") });
    }
  const [[main]] = inputs.filter(([, { random }]) => random === "coherent");
  for (const exponent of [-60, 60])
    add(`${main} times 2^${exponent}`, { length: 37 }, { scale: { input: main, exponent } });
  return optional.includes("poles") ? [...all, ...all.flatMap((one) => recurrent(operator, one))] : all;
}

/** The same problem with a kernel that a recurrence can compute: forms that walk take no other. */
function recurrent(operator: AnyOperator, { title, spec }: Awkward): Awkward[] {
  if (spec.with.includes("poles")) return [];
  const chosen = [...spec.with, ...pairOf(operator, "poles")];
  return [{ title: `${title}, with poles`, spec: { ...spec, with: chosen } }];
}

/** Optional inputs that a problem may have one without the other. */
export function optionalInputs(operator: AnyOperator): string[] {
  const inputs = Object.entries(operator.inputs) as [string, InputSpec][];
  return inputs
    .filter(([name, { optional }]) => optional && !isCompanion(operator, name))
    .map(([name]) => name);
}

export function pairOf(operator: AnyOperator, name: string): readonly string[] {
  return name === "dtBias" ? ["dt", "dtBias"] : companionsOf(operator, name);
}

/** The optional input without which a setting changes nothing. */
const SHOWN_BY: Readonly<Record<string, string>> = { softplus: "dt", normBeforeGate: "z" };

/** Inputs that many kernels do not take. */
const PACKED = ["documents", "dtBias"];
