import { operators } from "../../../impls/index.js";
import {
  type AnyOperator,
  outputAxes,
  outputNames,
  outputShape,
  type Problem,
} from "../../../impls/operator.js";
import { Unsupported } from "../../../impls/prepared.js";
import { indexOf } from "../../verify/compare.js";
import type { Values } from "../../verify/targets.js";
import { defineLaw, HOLDS, violated } from "../law.js";
import { coordinatesOf, documentRows } from "./places.js";
import { poisoned, siteOf, withPoison } from "./poison.js";
import { readers, type Site } from "./reach.js";
import { describeSite } from "./spread.js";

/** Read where there is a past only, and then by the sum of all that came before: some output shows it. */
const DECAYS: readonly string[] = ["logA", "logGamma", "A", "ALog"];

export const nanShows = defineLaw({
  name: "nan-shows",
  states: "a NaN is never made a number: the outputs of its own token, or some later one, are not finite",
  source: "IEEE 754-2019, section 6.2.3: an operation with a quiet NaN gives a quiet NaN",
  operators,
  exact: [],
  cases: (operator) => poisoned(operator, {}, [Number.NaN]),
  describe: () => "NaN in one element of one input",
  async holds(example, subject) {
    const { operator } = subject.target.impl;
    const promised = subject.target.place.traits?.nonFinite;
    if (promised !== undefined) throw new Unsupported(promised);
    const problem = subject.problem(operator, example.spec);
    const site = siteOf(problem, example);
    const values = await subject.poisoned(withPoison(problem, site, Number.NaN));
    const found = swallowed(operator, problem, site, values);
    return found === undefined
      ? HOLDS
      : violated(`NaN in ${site.input}[${describeSite(problem, site)}]: ${found}`);
  },
});

/** Where a NaN should be and is not; undefined where nothing reads it. */
function swallowed(operator: AnyOperator, problem: Problem, site: Site, values: Values): string | undefined {
  const source = problem.inputs[site.input]!;
  const { length, context } = coordinatesOf(source.axes, source.shape, site.at);
  const t = length ?? context;
  const isDecay = DECAYS.includes(site.input);
  if (isDecay && (t === 0 || problem.dims.length < 2 || problem.inputs.documents)) return undefined;
  if (isIdleTap(problem, site)) return undefined;
  // a gradient may be a sum that no output of this token takes part in
  const mustAll = t !== undefined && !operator.name.endsWith("_grad") && !isDecay;
  let read = 0;
  let shown = 0;
  for (const output of outputNames(operator, problem)) {
    const reads = readers(operator, problem, site, output);
    const [axes, shape] = [outputAxes(operator, problem, output), outputShape(operator, problem, output)];
    for (let i = 0; i < values[output].length; i++) {
      if (!reads(i)) continue;
      read++;
      if (!Number.isFinite(values[output][i])) shown++;
      else if (mustAll && output === "Y" && coordinatesOf(axes, shape, i).length === t)
        return `Y[${indexOf(operator, problem, output, i)}] reads it and is ${values[output][i]}`;
    }
  }
  return read > 0 && shown === 0 ? `${read} outputs read it and all are finite` : undefined;
}

/** Whether a filter's tap meets no token, in any document: it lies further back than the first of them, or than what goes before. */
function isIdleTap(problem: Problem, { input, at }: Site): boolean {
  const { dims, inputs, operator } = problem as Problem & { dims: Readonly<Record<string, number>> };
  const { width: tap } = coordinatesOf(inputs[input]!.axes, inputs[input]!.shape, at);
  if (tap === undefined) return false;
  const before = operator === "causal_conv1d" ? inputs.initialState : inputs.initialConv;
  const rows = documentRows(problem);
  if (before && rows.some(([first]) => first.id === 0)) return false;
  const longest = Math.max(...rows.flatMap((row) => row.map(({ start, end }) => end - start)));
  return dims.width - 1 - tap >= longest;
}
