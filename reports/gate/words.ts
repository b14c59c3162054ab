/** A verdict's figures as words, the same in every output. */
import { formatDuration } from "../format.js";
import type { CaseVerdict, Status, Verdict } from "./verdict.js";

export const HEADLINES: Readonly<Record<Status, string>> = {
  pass: "pass",
  regression: "REGRESSION",
  wrong: "WRONG OUTPUT",
  invalid: "INVALID: identical code was told apart",
  inconclusive: "inconclusive",
};

export interface CaseWords {
  readonly outcome: string;
  readonly base: string;
  readonly head: string;
  readonly ratio: string;
  readonly interval: string;
  readonly p: string;
  readonly mde: string;
}

export function caseWords(judged: CaseVerdict): CaseWords {
  const { ratio, low, high, adjustedP, mde80, baseNs, headNs } = judged;
  const measured = ratio !== undefined;
  return {
    outcome: judged.outcome,
    base: baseNs === undefined ? "" : formatDuration(baseNs),
    head: headNs === undefined ? "" : formatDuration(headNs),
    ratio: measured ? ratio.toFixed(3) : "",
    interval: measured ? `${bound(low, "0")} to ${bound(high, "any")}` : "",
    p: adjustedP === undefined ? "" : adjustedP.toPrecision(2),
    mde: measured ? (mde80 == null ? "any" : `${(100 * mde80).toFixed(1)}%`) : "",
  };
}

function bound(value: number | null | undefined, without: string): string {
  return value == null ? without : value.toFixed(3);
}

/** Bad news first, then the largest ratios. */
export function inOrder(cases: readonly CaseVerdict[]): CaseVerdict[] {
  const order: readonly CaseVerdict["outcome"][] = [
    "wrong",
    "failed",
    "slower",
    "undecided",
    "faster",
    "same",
  ];
  return [...cases].sort(
    (a, b) => order.indexOf(a.outcome) - order.indexOf(b.outcome) || (b.ratio ?? 0) - (a.ratio ?? 0),
  );
}

/** Cases that a person must look at. */
export function troubled({ cases }: Verdict): CaseVerdict[] {
  return inOrder(cases).filter(({ outcome }) => !["same", "faster"].includes(outcome));
}

export function canaryWords({ canary }: Verdict): string {
  if (!canary) return "no canary was run";
  const told = canary.toldApart ? "TOLD APART" : "not told apart";
  return `canary (base against itself, ${canary.blocks} blocks of ${canary.id}): ratio ${canary.ratio.toFixed(3)}, ${told}`;
}

export function shapesWords({ shapes }: Verdict): string {
  if (!shapes) return "awkward shapes: none was tried";
  const { implementations, checks, notTaken, left, seconds, seed } = shapes;
  const cut = left > 0 ? `; the time did not suffice for ${left} problems more` : "";
  return (
    `awkward shapes and random problems (seed ${seed}): ${checks} checks of ${implementations} implementations, ` +
    `${notTaken} not taken, in ${seconds.toFixed(1)} s${cut}`
  );
}

/** "12 same, 1 slower" */
export function counted(words: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].map(([word, count]) => `${count} ${word}`).join(", ") || "none";
}
