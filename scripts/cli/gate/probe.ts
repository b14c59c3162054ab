/** One commit held against the good one by the commit's own gate, in a tree of its own. */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { CaseVerdict, Verdict } from "../../../reports/gate/verdict.js";
import { caseWords } from "../../../reports/gate/words.js";
import type { Judged } from "../../../suites/gate/bisect.js";
import { Interrupted } from "../../../suites/gate/lab.js";
import { GateStop } from "../../../suites/gate/stop.js";
import { makeCommitTree } from "../../../suites/gate/trees/commit-tree.js";
import { hookless } from "../../../suites/gate/trees/git.js";
import type { Commit } from "../../../suites/gate/trees/range.js";
import { realFile } from "../../../suites/gate/trees/user-files.js";
import { loaderFlags } from "../../../suites/processes/fork.js";
import { installPackages } from "./install.js";
import type { GateOptions } from "./options.js";

export interface Probe {
  readonly top: string;
  readonly good: Commit;
  /** Words that the case's id must match. */
  readonly filter: string;
  readonly options: GateOptions;
  readonly signal: AbortSignal;
  /** Told how to put away what is there now, at once; undefined when nothing is. */
  holds(putAway: (() => void) | undefined): void;
}

/** So little time that a gate ends when all outputs are verified. */
const NO_MINUTES = "0.0001";

/**
 * @param timed false: only whether outputs are right
 * @throws GateStop when the good commit is wrong itself; Interrupted
 */
export async function judge(
  probe: Probe,
  commit: Commit,
  timed: boolean,
): Promise<Judged & { verdict?: Verdict }> {
  const { top, signal } = probe;
  const out = mkdtempSync(join(tmpdir(), "dualbench-bisect-"));
  let putAway = () => rmSync(out, { recursive: true, force: true });
  probe.holds(putAway);
  try {
    const tree = await makeCommitTree(top, commit.hash, installPackages, signal);
    const rest = putAway;
    putAway = () => {
      tree.remove();
      rest();
    };
    probe.holds(putAway);
    const script = scriptOf(probe, tree.folder);
    if (!existsSync(script)) return { is: "none", words: `it has no ${relative(tree.folder, script)}` };
    const said = await runGate(probe, script, tree.folder, out, timed);
    if (signal.aborted) throw new Interrupted("interrupted");
    const file = join(out, "verdict.json");
    if (!existsSync(file)) return { is: "none", words: said };
    return judgedBy(JSON.parse(readFileSync(file, "utf8")) as Verdict, timed);
  } catch (error) {
    if (signal.aborted) throw new Interrupted("interrupted");
    if (error instanceof GateStop) throw error;
    const why = String((error as { stderr?: string }).stderr || (error as Error).message);
    return { is: "none", words: `it cannot be set up: ${why.trim().split("\n").at(-1)}` };
  } finally {
    putAway();
    probe.holds(undefined);
  }
}

/** The commit's own gate; the installed one where a repository gates its own kernels. */
function scriptOf({ options }: Probe, tree: string): string {
  if (options.impl.length === 0) return join(tree, "scripts", "gate.ts");
  return fileURLToPath(new URL(`../../gate${import.meta.url.slice(-3)}`, import.meta.url));
}

/** @returns the last line that it said */
function runGate(probe: Probe, script: string, cwd: string, out: string, timed: boolean): Promise<string> {
  const args = [...loaderFlags(script.slice(-3)), script, ...flagsOf(probe, timed), "--out", out];
  const child = spawn(process.execPath, args, {
    cwd,
    env: hookless({ ...process.env, GITHUB_ACTIONS: "", GITHUB_STEP_SUMMARY: "" }),
    stdio: ["ignore", "ignore", "pipe"],
  });
  const end = () => child.kill("SIGTERM");
  probe.signal.addEventListener("abort", end);
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-4000);
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      probe.signal.removeEventListener("abort", end);
      resolve(lastWords(said) ?? `its gate ended with ${code}`);
    });
  });
}

function flagsOf({ top, good, filter, options }: Probe, timed: boolean): string[] {
  const { budget, delta, mde, seed, engine, device, impl, axis, without } = options;
  const each = (name: string, values: readonly string[]) => values.flatMap((value) => [`--${name}`, value]);
  return [
    ...["--base", good.hash, "--all", "--filter", filter],
    ...["--budget", timed ? String(budget) : NO_MINUTES, "--delta", String(delta), "--mde", String(mde)],
    ...(seed === undefined ? [] : ["--seed", String(seed)]),
    ...each("engine", engine),
    ...each("device", device),
    ...each("axis", axis),
    ...each("without", without),
    // where the commit has it
    ...each(
      "impl",
      impl.map((file) => relative(top, realFile(file))),
    ),
  ];
}

/** What an error says: its own line, not the stack below it. */
function lastWords(said: string): string | undefined {
  const lines = said.split("\n").filter((line) => line.trim() !== "");
  const line = lines.findLast((one) => /^dualbench: |^\s*\w*Error\b/.test(one)) ?? lines.at(-1);
  return line?.replace(/^dualbench: /, "").trim();
}

/** @throws GateStop when the good commit is wrong itself */
export function judgedBy(verdict: Verdict, timed: boolean): Judged & { verdict: Verdict } {
  const { cases, status, reasons } = verdict;
  const found = (outcome: CaseVerdict["outcome"]) => cases.find((judged) => judged.outcome === outcome);
  const wrong = found("wrong");
  if (wrong?.reason?.startsWith("base: "))
    throw new GateStop(
      "usage",
      `the good commit is not good: ${wrong.id} is wrong in ${wrong.reason.slice(6)}`,
    );
  const broken = wrong ?? found("failed");
  if (broken) return { is: "broken", words: `${broken.id} is ${broken.outcome}: ${broken.reason}`, verdict };
  if (!timed) return { is: "good", words: "its outputs are right", verdict };
  const slower = found("slower");
  if (status === "invalid") return { is: "none", words: reasons[0], verdict };
  if (slower) return { is: "slower", words: timeWords(slower), verdict };
  if (status === "inconclusive" || found("undecided")) return { is: "none", words: reasons[0], verdict };
  return { is: "good", words: cases.map(timeWords).join("; "), verdict };
}

function timeWords(judged: CaseVerdict): string {
  const { ratio, interval } = caseWords(judged);
  return `${judged.id} takes ${ratio} times as long (95%: ${interval})`;
}
