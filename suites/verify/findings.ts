/** One law on one case and one target: what held, what did not, and what was not looked at. */

import { operatorNamed } from "../../impls/index.js";
import type { AnyOperator } from "../../impls/operator.js";
import { Unsupported } from "../../impls/prepared.js";
import type { AnyLaw, Finding, LawCase } from "../laws/law.js";
import { buildProblem, describeInputs } from "../problems/build.js";
import { describeSpec } from "../problems/spec.js";
import { oneLine } from "../processes/one-line.js";
import { onGrain } from "./grain.js";
import { subjectsFor } from "./subject.js";
import { Hung, nameOf, type Target, targetName } from "./targets.js";

export interface Found {
  readonly finding: Finding;
  /** With dtype and options. */
  readonly subject: string;
  /** Its row in the table: dtypes, chunks and threads of one implementation share it. */
  readonly row: string;
  /** What it was given. */
  readonly example: LawCase;
  readonly chunk?: number | undefined;
  /** It gave no answer in time. */
  readonly hung?: boolean;
  /** There is no output to look at: it threw, its process ended, or it gave no answer. */
  readonly threw?: boolean;
}

export async function findings(
  law: AnyLaw,
  drawn: LawCase,
  target: Target,
  operator: AnyOperator,
  skips: Map<string, number>,
): Promise<Found[]> {
  const found: Found[] = [];
  const example = onGrain(target, drawn);
  const skip = (why: string) => skips.set(why, (skips.get(why) ?? 0) + 1);
  const name = nameOf(target);
  try {
    const subjects = await subjectsFor(
      target,
      example.spec,
      law.own && ((dtype) => law.own!(example, operator, dtype)),
    );
    if (subjects.length === 0) skip("its options() gives none; [{}] stands for no options");
    for (const subject of subjects) {
      try {
        const finding = await law.holds(example, subject);
        const { make } = subject.options;
        const row = targetName(target, undefined, make === undefined ? {} : { make });
        if (finding)
          found.push({ finding, subject: subject.name, row, example, chunk: subject.options.chunk });
      } catch (error) {
        if (!(error instanceof Unsupported)) throw error;
        skip(error.message);
      }
    }
  } catch (error) {
    if (error instanceof Hung && error.known) skip(`not asked again: ${error.message}`);
    else
      found.push({
        finding: { ok: false, violation: thrown(error) },
        subject: name,
        row: name,
        example,
        hung: error instanceof Hung,
        threw: true,
      });
  }
  return found;
}

function thrown(error: unknown): string {
  if (error instanceof Hung) return error.message;
  return `threw ${oneLine(error)}`;
}

export function describeFailure(law: AnyLaw, example: LawCase, found: readonly string[]): string[] {
  const words = law.describe?.(example);
  // a law's problem may be of another operator than the implementation's
  const operator = operatorNamed(example.spec.operator);
  return [
    ...found,
    describeSpec(example.spec) + (words ? `; ${words}` : ""),
    ...describeInputs(operator, buildProblem(operator, example.spec, "f32")),
  ];
}
