/** A run with one element that is not finite beside a run without: which outputs differ, and whether they may. */
import { type AnyOperator, outputNames, type Problem } from "../../../impls/operator.js";
import type { Options } from "../../../impls/prepared.js";
import { blockLength, describeSpread, type Spread, spreadOf } from "../../../impls/spread.js";
import { indexOf } from "../../verify/compare.js";
import type { Subject } from "../../verify/subject.js";
import { type Finding, violated } from "../law.js";
import { withPoison } from "./poison.js";
import { readers, type Site } from "./reach.js";

export async function heldToSpread(
  subject: Subject,
  problem: Problem,
  site: Site,
  value: number,
): Promise<Finding> {
  const { operator, nonFinite } = subject.target.impl;
  const spread = spreadOf(nonFinite, subject.options);
  const before = await subject.run(problem);
  const after = await subject.poisoned(withPoison(problem, site, value));
  let did = false;
  for (const output of outputNames(operator, problem)) {
    const reads = readers(operator, problem, site, output);
    const may = mayShow(operator, problem, site, output, spread, subject.options);
    const [wanted, got] = [before.values[output], after[output]];
    const { certified } = before.bounds[output];
    for (let i = 0; i < got.length; i++) {
      // both runs are the map on what this element reads, which is the same in both
      if (reads(i) || Math.abs(got[i] - wanted[i]) <= 2 * certified[i]) continue;
      if (may(i)) {
        did = true;
        continue;
      }
      const where = `${site.input}[${describeSite(problem, site)}]`;
      return violated(
        `with ${value} in ${where}: ${output}[${indexOf(operator, problem, output, i)}] is ${got[i]}, not ${wanted[i]}; ` +
          `it does not read that, and the implementation declares (nonFinite) that it reaches ${describeSpread(spread)}`,
      );
    }
  }
  return { ok: true, reached: { may: describeSpread(spread), did } };
}

function mayShow(
  operator: AnyOperator,
  problem: Problem,
  site: Site,
  output: string,
  spread: Spread,
  options: Options,
): (flat: number) => boolean {
  const { documents: _, ...inputs } = problem.inputs;
  const whole = spread.borders ? { ...problem, inputs } : problem;
  return readers(operator, whole, site, output, blockLength(spread, options));
}

export function describeSite(problem: Problem, { input, at }: Site): string {
  const { axes, shape } = problem.inputs[input]!;
  const words: string[] = [];
  for (let a = axes.length - 1, rest = at; a >= 0; rest = Math.floor(rest / shape[a]), a--)
    words.unshift(`${axes[a]}=${rest % shape[a]}`);
  return words.join(" ");
}
