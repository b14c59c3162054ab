/** Which awkward problems an implementation really ran, and whether that is enough. */
import { Unsupported } from "../../impls/prepared.js";
import { formsAgree } from "../../suites/laws/forms-agree.js";
import type { Awkward } from "../../suites/problems/awkward.js";
import { describeSpec } from "../../suites/problems/spec.js";
import { subjectsFor } from "../../suites/verify/subject.js";
import type { Target } from "../../suites/verify/targets.js";

export interface Tally {
  ran: number;
  /** One sentence for each run that was declined. */
  readonly declined: string[];
}

/** Runs one problem in every option. @returns what is wrong with the numbers, undefined when nothing is */
export async function conform(target: Target, { spec }: Awkward, tally: Tally): Promise<string | undefined> {
  const subjects = await subjectsFor(target, spec);
  if (subjects.length === 0) tally.declined.push("no options to run");
  for (const subject of subjects) {
    try {
      const finding = await formsAgree.holds({ spec }, subject);
      if (!finding) return `${subject.name}: the law says nothing about ${describeSpec(spec)}`;
      if (!finding.ok) return `${subject.name}: ${finding.violation} of ${describeSpec(spec)}`;
      tally.ran++;
    } catch (error) {
      if (!(error instanceof Unsupported)) throw error;
      tally.declined.push(error.message);
    }
  }
  return undefined;
}

export interface Declines {
  readonly reason: RegExp;
  /** Least part of its runs that it must not decline. */
  readonly leastShare: number;
  /** Other kernels of the same name take everything. */
  readonly mayTakeAll?: true;
}

/** @param declines what the implementation may decline; without it, nothing */
export function complaints({ ran, declined }: Tally, declines?: Declines): string[] {
  const share = ran / (ran + declined.length);
  const least = declines?.leastShare ?? 1;
  const unknown = [...new Set(declined)].filter((reason) => !declines?.reason.test(reason));
  return [
    ...unknown.map((reason) => `declines for a reason that is not listed: ${reason}`),
    ...(share >= least ? [] : [`ran ${ran} of ${ran + declined.length} runs, must run a share of ${least}`]),
    ...(declines && !declines.mayTakeAll && declined.length === 0
      ? [`declines nothing, yet ${declines.reason} is listed`]
      : []),
  ];
}
