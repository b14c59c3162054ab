/** What a campaign found, in lines. */
import type { AnyLaw } from "../../laws/law.js";
import { engineOf } from "../bank/patch.js";
import type { Result } from "./campaign.js";
import type { Hunted } from "./hunt.js";
import { rules } from "./peers.js";

export type Fate = "killed" | "lives" | "trouble" | "not run";

export function fateOf({ hunted }: Result): Fate {
  if (!hunted) return "not run";
  if (hunted.trouble !== undefined) return "trouble";
  return hunted.kills.length > 0 ? "killed" : "lives";
}

/** Mutant, file, and every law that kills it when it is asked alone, in the order in which `verify` asks. */
export function mutantTable(results: readonly Result[]): string[] {
  const rows = results.map((result) => [result.patch.name, result.patch.file, endOf(result)]);
  const lines = [["mutant", "file", "killed by"], ...rows];
  const widths = [0, 1].map((column) => Math.max(...lines.map((line) => line[column].length)));
  return lines.map((line) =>
    line
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

function endOf(result: Result): string {
  const { hunted } = result;
  if (!hunted) return "not run";
  if (hunted.trouble !== undefined) return `NOT KILLED, ${hunted.trouble}`;
  return hunted.kills.map(({ law }) => law).join(", ") || "NOT KILLED";
}

/** For each engine that is not here one line with why. */
export function notRun(results: readonly Result[]): string[] {
  const engines = [...new Set(results.map(({ patch }) => engineOf(patch)))];
  return engines.flatMap((engine) => {
    const left = results.filter(
      (result) => engineOf(result.patch) === engine && fateOf(result) === "not run",
    );
    return left.length > 0 ? [`not run: ${left.length} mutants of engine ${engine}: ${left[0].absent}`] : [];
  });
}

/** How many mutants each law kills when it is asked alone. */
export function killsByLaw(
  results: readonly Result[],
  laws: readonly AnyLaw[],
): [law: string, kills: number][] {
  const killed = huntedOf(results).flatMap(({ kills }) => kills.map(({ law }) => law));
  return laws.map(({ name }) => [name, killed.filter((law) => law === name).length]);
}

/** The yardstick: mutants that each rule of peers would let live. */
export function peersLines(results: readonly Result[]): string[] {
  const all = huntedOf(results);
  const count = (keep: (hunted: Hunted) => boolean) => all.filter(keep).length;
  return [
    `Of the same ${all.length} mutants, by the rules of other projects' tests:`,
    ...rules.map(({ name, source }, i) => {
      const round = count(({ lives }) => lives[i].round);
      const drawn = count(({ lives }) => lives[i].drawn);
      return `  ${name}: ${round} live on round sizes, ${drawn} on these problems (${source})`;
    }),
  ];
}

function huntedOf(results: readonly Result[]): Hunted[] {
  return results.flatMap(({ hunted }) => (hunted && hunted.trouble === undefined ? [hunted] : []));
}
