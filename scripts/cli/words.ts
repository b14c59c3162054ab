/** Commands and paths as a person would type them. */
import { join, relative, sep } from "node:path";
import { packageRoot } from "../../suites/measure/environment.js";
import { invocation, type PlanOptions } from "./bench/options.js";

/** A word for the shell, quoted only where it must be. */
export function shellWord(word: string): string {
  if (/^[A-Za-z0-9_@%+=:,./-]+$/.test(word)) return word;
  return `"${word.replace(/(["\\$`])/g, "\\$1")}"`;
}

export function commandOf(argv: readonly string[]): string {
  return [invocation(), ...argv.map(shellWord)].join(" ").replace(/ --$/, "");
}

/** The command that runs one case of a plan again. */
export function repeatCommand(plan: PlanOptions, suite: string, id: string, file?: string): string {
  const words = ["--grid", plan.grid, "--seed", String(plan.seed)];
  if (file !== undefined) words.push("--impl", shown(file));
  for (const name of plan.device) words.push("--device", name);
  for (const axis of plan.axis) words.push("--axis", axis);
  words.push("--suite", suite, "--filter", id);
  return commandOf(words);
}

/** A path relative to the working directory where that is shorter. */
export function shown(path: string): string {
  const near = relative(process.cwd(), path) || ".";
  return near.length < path.length && !near.startsWith(`..${sep}..`) ? near : path;
}

/** `reports/runs/<UTC>` inside this repository, `dualbench-runs/<UTC>` elsewhere. */
export function defaultFolder(startedUtc: string): string {
  const stamp = startedUtc.replace(/\.\d+Z$/, "Z").replaceAll(":", "-");
  return join(kept("runs"), stamp);
}

/** Where what is kept of runs lies: `reports/runs` inside this repository, `dualbench-runs` elsewhere. */
export function kept(what: "runs" | "baselines"): string {
  const inside = `${process.cwd()}${sep}`.startsWith(`${packageRoot}${sep}`);
  const installed = packageRoot.includes(`${sep}node_modules${sep}`);
  if (inside && !installed) return join(packageRoot, "reports", what);
  return join(process.cwd(), `dualbench-${what}`);
}
