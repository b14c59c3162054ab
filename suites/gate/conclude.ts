/** From what was measured to one verdict. Pure: the rule of precedence, and the sentences that say why. */
import type { CaseVerdict, Check, Status, Verdict } from "../../reports/gate/verdict.js";
import type { GateCase, NotCompared } from "./cases.js";
import type { ArmTimes, Failure } from "./experiment.js";
import type { Wrong } from "./proof.js";
import type { Decision } from "./statistics/decision.js";
import { toldApart } from "./statistics/decision.js";
import { meanRatio, median, type Rule, ratioInterval95 } from "./statistics/judge.js";

export interface Findings {
  readonly cases: readonly CaseVerdict[];
  readonly canary: Verdict["canary"];
  readonly checks: readonly Check[];
  readonly outOfTime: boolean;
}

/** @param mdeLimit largest smallest-visible slowdown, as a fraction, with which a case may count as unchanged */
export function conclude(findings: Findings, mdeLimit: number): { status: Status; reasons: string[] } {
  const { cases, canary, checks, outOfTime } = findings;
  const ids = (outcome: CaseVerdict["outcome"]) => cases.filter((judged) => judged.outcome === outcome);
  const certain = [
    ...checks
      .filter(({ status }) => status === "fail")
      .map(({ name, what, detail }) => `${name}: ${what}: ${detail}`),
    ...ids("failed").map(({ id, reason }) => `head cannot run ${id}: ${reason}`),
  ];
  const timed = ids("slower").map(
    ({ id, ratio, adjustedP }) =>
      `${id} takes ${ratio?.toFixed(3)} times as long (p ${adjustedP?.toFixed(4)})`,
  );
  const blind = cases.filter(
    ({ outcome, mde80 }) => outcome === "same" && (mde80 === null || (mde80 ?? 0) > mdeLimit),
  );
  const doubts = [
    ...(outOfTime ? ["the budget ended before the rule was done; --budget MINUTES gives it more"] : []),
    ...ids("undecided").map(({ id, reason }) => `${id} is undecided: ${reason ?? "blocks are missing"}`),
    ...blind.map(
      ({ id, mde80 }) =>
        `${id} was too noisy: only slowdowns from ${percent(mde80)} on would have been seen, --mde allows ${percent(mdeLimit)}`,
    ),
  ];
  const wrong = ids("wrong").map(({ id, reason }) => `${id} is wrong in ${reason}`);
  if (wrong.length > 0) return { status: "wrong", reasons: wrong };
  if (certain.length > 0) return { status: "regression", reasons: [...certain, ...timed] };
  if (canary?.toldApart)
    return {
      status: "invalid",
      reasons: [
        `identical code was told apart (${canary.id}: ratio ${canary.ratio.toFixed(3)}): nothing this run says about time can be believed`,
      ],
    };
  if (timed.length > 0) return { status: "regression", reasons: timed };
  if (doubts.length > 0) return { status: "inconclusive", reasons: doubts };
  return { status: "pass", reasons: ["no confirmed slowdown, no wrong number, every check holds"] };
}

function percent(fraction: number | null | undefined): string {
  return fraction == null ? "no size" : `${(100 * fraction).toFixed(0)}%`;
}

export function caseVerdict(
  gated: GateCase,
  decision: Decision,
  times: ArmTimes,
  failure: Failure | undefined,
  repeat: string,
): CaseVerdict {
  const { screen, confirm, adjustedP, mde80 } = decision;
  // confirming blocks alone are an unbiased sample: screening chose the cases by theirs
  const shown = confirm.length > 0 ? confirm : screen;
  const { low, high } = ratioInterval95(shown);
  const measured = shown.length > 0;
  return {
    id: gated.id,
    outcome: failure?.arm === "head" ? "failed" : failure ? "undecided" : decision.outcome,
    ...(measured
      ? {
          ratio: meanRatio(shown),
          low: low > 0 ? low : null,
          high: finite(high),
          mde80: finite(mde80),
          baseNs: median(times.base),
          headNs: median(times.head),
        }
      : {}),
    ...(adjustedP === undefined ? {} : { adjustedP }),
    screen,
    confirm,
    ...(failure ? { reason: failure.reason } : {}),
    repeat,
  };
}

export function wrongCases(wrong: readonly Wrong[], repeat: (id: string) => string): CaseVerdict[] {
  return wrong.map(({ id, arm, reason, again }) => ({
    id,
    outcome: "wrong",
    reason: `${arm}: ${reason}`,
    repeat: repeat(again ?? id),
  }));
}

export function brokenCases(
  broken: readonly (NotCompared & Pick<Wrong, "again">)[],
  repeat: (id: string) => string,
): CaseVerdict[] {
  return broken.map(({ id, reason, again }) => ({
    id,
    outcome: "failed",
    reason,
    repeat: repeat(again ?? id),
  }));
}

export function canaryVerdict(id: string, blocks: readonly number[], rule: Rule): Verdict["canary"] {
  if (blocks.length === 0) return null;
  const { low, high } = ratioInterval95(blocks);
  return {
    id,
    ratio: meanRatio(blocks),
    low,
    high: finite(high),
    blocks: blocks.length,
    toldApart: toldApart(blocks, rule),
  };
}

/** JSON has no infinity. */
function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
