/**
 * The gate's decision rule, apart from where its numbers come from: the gate feeds it with blocks of processes, `simulate.ts` with
 * random numbers, so that what is simulated is what decides.
 */
import { escalates, futile, holm, minimalDetectable, type Rule, slowdownP, speedupP } from "./judge.js";

/** Log ratios head / base, one a block. */
export interface BlockSource {
  /** Screening blocks of every case, in the order of the cases; fewer where time ran out or the case failed. */
  screen(): Promise<readonly (readonly number[])[]>;
  /** One more fresh block of one case; undefined when time ran out or the case failed. */
  confirm(index: number): Promise<number | undefined>;
}

export interface Decision {
  /** undecided: blocks that the rule asks for are missing. */
  readonly outcome: "same" | "slower" | "faster" | "undecided";
  readonly screen: readonly number[];
  readonly confirm: readonly number[];
  /** Holm-adjusted, of the confirmed direction; undefined for a case that was not escalated. */
  readonly adjustedP: number | undefined;
  /** Smallest slowdown that would have been seen with 80% power, as a fraction. */
  readonly mde80: number;
}

/** Log ratios with the suspected direction positive. */
interface Suspect {
  readonly index: number;
  readonly sign: 1 | -1;
  readonly blocks: number[];
  complete: boolean;
}

/** Slowdowns are confirmed before improvements: when time runs out, only good news is lost. */
export async function decide(source: BlockSource, rule: Rule): Promise<Decision[]> {
  const screens = await source.screen();
  const slower = suspects(screens, 1, rule);
  const faster = suspects(screens, -1, rule);
  for (const suspect of [...slower, ...faster]) await confirm(suspect, source, rule);
  const slowP = adjusted(slower, rule);
  const fastP = adjusted(faster, rule);
  return screens.map((screen, index): Decision => {
    const suspect = [...slower, ...faster].find((suspected) => suspected.index === index);
    const confirmed = suspect?.blocks.map((v) => suspect.sign * v) ?? [];
    const p = slowP.get(index) ?? fastP.get(index);
    const noise = confirmed.length >= rule.futilityBlocks ? confirmed : screen;
    return {
      outcome: outcomeOf(screen, suspect, p, rule),
      screen,
      confirm: confirmed,
      adjustedP: p,
      mde80: minimalDetectable(noise, rule, slower.length),
    };
  });
}

/** Cases whose screening looks slower (sign 1) or faster (-1), the worst first. */
function suspects(screens: readonly (readonly number[])[], sign: 1 | -1, rule: Rule): Suspect[] {
  return screens
    .map((screen, index) => ({ index, turned: screen.map((v) => sign * v) }))
    .filter(({ turned }) => turned.length >= rule.screenBlocks && escalates(turned, rule))
    .sort((a, b) => sum(b.turned) - sum(a.turned))
    .map(({ index }) => ({ index, sign, blocks: [], complete: false }));
}

async function confirm(suspect: Suspect, source: BlockSource, rule: Rule): Promise<void> {
  while (suspect.blocks.length < rule.confirmBlocks) {
    const block = await source.confirm(suspect.index);
    if (block === undefined) return;
    suspect.blocks.push(suspect.sign * block);
    if (futile(suspect.blocks, rule)) break;
  }
  suspect.complete = true;
}

/** Holm's family is everything escalated in this direction; what could not be confirmed counts with p = 1. */
function adjusted(family: readonly Suspect[], rule: Rule): Map<number, number> {
  const p = holm(family.map(({ blocks, complete }) => (complete ? slowdownP(blocks, rule) : 1)));
  return new Map(family.map(({ index }, i) => [index, p[i]]));
}

function outcomeOf(
  screen: readonly number[],
  suspect: Suspect | undefined,
  p: number | undefined,
  rule: Rule,
): Decision["outcome"] {
  if (screen.length < rule.screenBlocks) return "undecided";
  if (!suspect) return "same";
  // an improvement that could not be confirmed is no reason to doubt the case
  if (!suspect.complete) return suspect.sign > 0 ? "undecided" : "same";
  const whole = suspect.blocks.length >= rule.confirmBlocks;
  if (!whole || (p ?? 1) > rule.alpha) return "same";
  return suspect.sign > 0 ? "slower" : "faster";
}

/**
 * Identical code under the same rule, both directions at half the level: true when the gate would call it slower or faster, so that
 * nothing this run says about time can be believed.
 */
export function toldApart(logRatios: readonly number[], rule: Rule): boolean {
  const half = { ...rule, alpha: rule.alpha / 2 };
  if (logRatios.length < rule.confirmBlocks) return false;
  return slowdownP(logRatios, half) <= half.alpha || speedupP(logRatios, half) <= half.alpha;
}

/** Whether a canary needs no further blocks. */
export function canaryDone(logRatios: readonly number[], rule: Rule): boolean {
  const mirrored = logRatios.map((v) => -v);
  return logRatios.length >= rule.confirmBlocks || (futile(logRatios, rule) && futile(mirrored, rule));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, v) => total + v, 0);
}
