/**
 * `--axis NAME=SIZE,SIZE`: sizes from the command line in place of a suite's own. Whatever else a suite's problems have stays: the
 * lengths of a sweep over state sizes, the widths of models.
 */
import { usualPairs } from "../../impls/mamba3/index.js";
import { type AnyOperator, type Problem, randomProblem } from "../../impls/operator.js";
import { smallestFirst } from "../grids.js";
import type { Curve, Grid, Suite } from "../suite.js";
import { nearest } from "./nearest.js";

export interface Axis {
  readonly name: string;
  /** Smallest first, each once. */
  readonly sizes: readonly number[];
}

/** A size beyond this is no tensor that anything here could hold. */
const LARGEST = 2 ** 30;
/** More problems than this are a slip of the finger, and would be planned for minutes. */
const MOST_PROBLEMS = 10_000;
const EXAMPLE = "as in --axis length=1000,3000";

type Dims = Readonly<Record<string, number>>;

/** @param texts `name=size,size` each; the same name twice adds sizes. @throws Error with what is wrong and what to type */
export function parseAxes(texts: readonly string[]): Axis[] {
  const sizes = new Map<string, number[]>();
  for (const text of texts) {
    const [, name, list] = /^([^=]+)=(.+)$/.exec(text) ?? [];
    if (name === undefined) throw new Error(`"${text}" needs a name and sizes, ${EXAMPLE}`);
    sizes.set(name, [...(sizes.get(name) ?? []), ...list.split(",").map((size) => sizeOf(size, text))]);
  }
  return [...sizes].map(([name, all]) => ({ name, sizes: [...new Set(all)].sort((a, b) => a - b) }));
}

function sizeOf(text: string, whole: string): number {
  const size = Number(text);
  if (!/^\d+$/.test(text) || size < 1 || size > LARGEST)
    throw new Error(
      `"${whole}" has the size "${text}"; sizes are whole numbers from 1 to ${LARGEST}, ${EXAMPLE}`,
    );
  return size;
}

/** As they are typed. */
export function axisTexts(axes: Readonly<Record<string, readonly number[]>> = {}): string[] {
  return Object.entries(axes).map(([name, sizes]) => `${name}=${sizes.join(",")}`);
}

/** @throws Error for an axis that no problem of these suites has, or sizes that contradict each other */
export function withAxes(suites: readonly Suite[], axes: readonly Axis[], grid: Grid): readonly Suite[] {
  if (axes.length === 0) return suites;
  const reshapedSuites = suites.map((suite) => ({
    ...suite,
    curves: (own: Grid, seed: number) => suite.curves(own, seed).flatMap((curve) => reshaped(curve, axes)),
  }));
  const operators = suites.flatMap((suite) => suite.curves(grid, 0)).map(({ operator }) => operator);
  const known = [...new Set(operators.flatMap(({ dims }) => [...(dims as readonly string[])]))];
  for (const { name } of axes) if (!known.includes(name)) throw new Error(unknownAxis(name, known, suites));
  // sizes that contradict each other are told now, before anything is opened
  for (const suite of reshapedSuites) suite.curves(grid, 0);
  return reshapedSuites;
}

function unknownAxis(name: string, known: readonly string[], suites: readonly Suite[]): string {
  const where = suites.map((suite) => suite.name).join(", ");
  if (["chunk", "threads", "make", "tile", "dtype"].includes(name))
    return `${name} is no size of a problem: choose among the cases that there are by --filter ${name}=...`;
  return `no problem of ${where} has the axis "${name}"; the nearest is ${nearest(name, known)}, of ${known.join(", ")}`;
}

/** The curve at these sizes, as many curves as there are sizes along which it did not run. */
function reshaped(curve: Curve, axes: readonly Axis[]): Curve[] {
  const { operator, problems, workloads } = curve;
  // a step of decoding stays one: its length is no size of it
  const isStep = problems.every(({ dims }) => (dims as Dims).length === 1);
  const has = (name: string) => (operator.dims as readonly string[]).includes(name);
  const own = axes.filter(({ name }) => has(name) && !(isStep && name === "length"));
  if (own.length === 0) return [curve];
  if (own.reduce((count, { sizes }) => count * sizes.length, problems.length) > MOST_PROBLEMS)
    throw new Error(
      `--axis asks for more than ${MOST_PROBLEMS} problems of ${operator.name}; give fewer sizes`,
    );
  // a single problem runs along nothing: then the first list does
  const first = own.find(({ sizes }) => sizes.length > 1);
  const along = ({ name }: Axis) =>
    problems.length === 1 ? name === first?.name : runsAlong(problems, name);
  const across = own.filter((axis) => !along(axis)).map(({ name }) => name);
  const made = new Map<string, Map<string, Sized>>();
  for (const place of combinations(own)) {
    const key = JSON.stringify(across.map((name) => place[name]));
    const members = made.get(key) ?? new Map<string, Sized>();
    made.set(key, members);
    for (const [i, problem] of problems.entries()) {
      const resized = resize(operator, problem, place);
      const name = sameWidth(problem, resized) ? workloads?.[i] : undefined;
      members.set(JSON.stringify(resized.dims), { problem: resized, name });
    }
  }
  return [...made.values()].map((members) => {
    const sorted = smallestFirst(operator, [...members.values()], ({ problem }) => problem);
    return {
      operator,
      problems: sorted.map(({ problem }) => problem),
      ...(workloads ? { workloads: sorted.map(({ name }) => name) } : {}),
    };
  });
}

interface Sized {
  readonly problem: Problem;
  readonly name: string | undefined;
}

/** Every way to take one size of each axis. */
function combinations(axes: readonly Axis[]): Dims[] {
  return axes.reduce<Dims[]>(
    (places, { name, sizes }) => places.flatMap((place) => sizes.map((size) => ({ ...place, [name]: size }))),
    [{}],
  );
}

function runsAlong(problems: readonly Problem[], name: string): boolean {
  return new Set(problems.map((problem) => (problem.dims as Dims)[name])).size > 1;
}

/** What follows another size where nobody names it: no cache before the sequence, values as wide as keys, a key head a query head. */
const FOLLOWS: readonly (readonly [follower: string, leader: string, operator?: string])[] = [
  ["context", "length"],
  ["headDimV", "headDim"],
  ["groups", "heads", "attention"],
  ["groups", "heads", "attention_grad"],
  ["groups", "heads", "attention_decode"],
];

function resize(operator: AnyOperator, problem: Problem, place: Dims): Problem {
  const before = problem.dims as Dims;
  const dims = { ...before, ...place };
  for (const [follower, leader, only] of FOLLOWS)
    if (only === undefined || only === operator.name)
      if (before[follower] !== undefined && before[follower] === before[leader] && !(follower in place))
        dims[follower] = dims[leader];
  if (before.pairs === usualPairs(before.state) && !("pairs" in place)) dims.pairs = usualPairs(dims.state);
  const { dtype, seed, settings, inputs } = problem;
  const present = Object.entries(inputs).filter(([, source]) => source !== undefined);
  const layouts = Object.fromEntries(present.map(([name, source]) => [name, source?.axes ?? []]));
  const optional = present.map(([name]) => name);
  return randomProblem(operator, { dims, dtype, seed, settings, with: optional, layouts }) as Problem;
}

/** A model at another length or batch is that model; at another width or state it is none. */
function sameWidth(before: Problem, after: Problem): boolean {
  const width = ({ dims }: Problem) => JSON.stringify({ ...(dims as Dims), length: 0, batch: 0 });
  return width(before) === width(after);
}
