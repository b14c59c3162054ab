/**
 * Options that are found by a measured search (the chunk of `ssd/chunked.wasm`) fall one way or the other by chance. Two arms that
 * differ only by that must be timed with the same ones, or identical code would be told apart.
 */

import type { Problem } from "../../../impls/operator.js";
import type { Options } from "../../../impls/prepared.js";
import type { Description, Question } from "../../processes/protocol.js";
import type { ArmName, Sides } from "../lab.js";

/** A case whose arms chose differently. */
export interface Differing {
  readonly problem: Problem;
  readonly impl: Sides<number>;
  readonly options: Sides<Options>;
}

/** Asks a new process of an arm; a search is not made twice in one. */
export type AskAgain = (
  arm: ArmName,
  questions: readonly Question[],
) => Promise<readonly (readonly Description[])[]>;

const ATTEMPTS = 3;

export function sameOptions(one: Options, other: Options): boolean {
  return keyOf(one) === keyOf(other);
}

/** @returns those of which an arm, asked again, makes the other arm's choice */
export async function differByChance(all: readonly Differing[], ask: AskAgain): Promise<Set<Differing>> {
  const chance = new Set<Differing>();
  for (let attempt = 0; attempt < ATTEMPTS; attempt++)
    for (const [arm, other] of [
      ["base", "head"],
      ["head", "base"],
    ] as const) {
      const open = all.filter((differing) => !chance.has(differing));
      if (open.length === 0) return chance;
      const questions = open.map(({ impl, problem }) => ({ impl: impl[arm], problem, everyChoice: false }));
      for (const [i, [{ options }]] of (await ask(arm, questions)).entries())
        if (sameOptions(options, open[i].options[other])) chance.add(open[i]);
    }
  return chance;
}

function keyOf(options: Options): string {
  return JSON.stringify(Object.entries(options).sort(([one], [other]) => (one < other ? -1 : 1)));
}
