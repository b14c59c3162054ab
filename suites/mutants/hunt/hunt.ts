/** One mutant against the laws, each asked alone until its first kill, and against the rules of peers. */
import type { AnyOperator } from "../../../impls/operator.js";
import type { AnyLaw, LawCase } from "../../laws/law.js";
import { boundArrays, truthOf } from "../../verify/compare.js";
import { findings } from "../../verify/findings.js";
import type { Target } from "../../verify/targets.js";
import type { Cases } from "./cases.js";
import type { Healthy } from "./healthy.js";
import { type Outcome, rules } from "./peers.js";
import { type Seen, watched } from "./watched.js";

export interface Kill {
  readonly law: string;
  /** Which of the law's cases it was, from 1. */
  readonly nth: number;
  readonly violation: string;
}

/** A rule's verdict: whether it would let the mutant live. */
export interface Lives {
  /** Judged on the problems that `verify` draws. */
  readonly drawn: boolean;
  /** Judged on problems of round sizes. */
  readonly round: boolean;
}

export interface Hunted {
  readonly kills: readonly Kill[];
  /** By rule, in the order of `rules`. */
  readonly lives: readonly Lives[];
  /** What is no kill and stops the hunt: no answer in time, an exception, a healthy kernel that fails too. */
  readonly trouble?: string;
}

export interface Quarry {
  readonly target: Target;
  readonly operator: AnyOperator;
  readonly healthy: Healthy;
}

class Trouble extends Error {}

/** @param laws the comparison with the reference first */
export async function hunt(quarry: Quarry, laws: readonly AnyLaw[], cases: Cases): Promise<Hunted> {
  const { operator } = quarry;
  const [reference, ...others] = laws;
  const kills: Kill[] = [];
  const drawn = rules.map(() => true);
  const round = rules.map(() => true);
  const hunted = (trouble?: string): Hunted => ({
    kills,
    lives: rules.map((_, i) => ({ drawn: drawn[i], round: round[i] })),
    ...(trouble === undefined ? {} : { trouble }),
  });
  try {
    for (const [i, example] of cases.of(reference, operator, true).entries()) {
      const { violation, seen } = await meet(quarry, reference, example);
      judge(drawn, outcomesOf(operator, seen, await quarry.healthy.runs(reference, example)));
      if (violation !== undefined && kills.length === 0)
        kills.push({ law: reference.name, nth: i + 1, violation });
      if (kills.length > 0 && !drawn.includes(true)) break;
    }
    for (const example of cases.round(operator)) {
      const { seen } = await meet(quarry, reference, example);
      judge(round, outcomesOf(operator, seen, await quarry.healthy.runs(reference, example)));
    }
    for (const law of others) {
      if (!law.operators.some(({ name }) => name === operator.name)) continue;
      for (const [i, example] of cases.of(law, operator, false).entries()) {
        const { violation } = await meet(quarry, law, example);
        if (violation === undefined) continue;
        kills.push({ law: law.name, nth: i + 1, violation });
        break;
      }
    }
    return hunted();
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    return hunted(error.message);
  }
}

interface Met {
  /** How the mutant breaks the law, which the healthy kernel keeps. */
  readonly violation: string | undefined;
  readonly seen: readonly Seen[];
}

async function meet({ target, operator, healthy }: Quarry, law: AnyLaw, example: LawCase): Promise<Met> {
  const { place, take } = watched(target.place);
  const found = await findings(law, example, { ...target, place }, operator, new Map());
  const thrown = found.find(({ threw }) => threw);
  if (thrown && !thrown.finding.ok) throw new Trouble(`${law.name}: ${thrown.finding.violation}`);
  const broken = found.find(({ finding }) => !finding.ok)?.finding;
  if (broken) {
    const own = await healthy.breaks(law, example);
    if (own !== undefined) throw new Trouble(`the healthy kernel breaks ${law.name} too: ${own}`);
  }
  return { violation: broken && !broken.ok ? broken.violation : undefined, seen: take() };
}

/** Of the comparison with the reference, which runs one problem on each subject. */
function outcomesOf(operator: AnyOperator, mine: readonly Seen[], theirs: readonly Seen[]): Outcome[] {
  return mine.flatMap(({ problem, rounding, values }, i) => {
    const wanted = boundArrays(truthOf(operator, problem), rounding);
    return Object.keys(wanted).map((output) => ({
      got: values[output],
      wanted: wanted[output].value,
      healthy: theirs[i].values[output],
    }));
  });
}

function judge(lives: boolean[], outcomes: readonly Outcome[]): void {
  for (const [i, { accepts }] of rules.entries()) lives[i] &&= outcomes.every(accepts);
}
