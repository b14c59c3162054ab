/** The three ways to verify: golden vectors, random problems, one replayed case. Each prints as it goes and answers an exit code. */
import { writeNamed } from "../../../reports/rows/folder.js";
import { visible } from "../../../reports/text.js";
import { laws } from "../../../suites/laws/index.js";
import type { AnyLaw } from "../../../suites/laws/law.js";
import { parseFilter } from "../../../suites/plan/filter.js";
import { oneLine } from "../../../suites/processes/one-line.js";
import { originOf } from "../../../suites/processes/origin.js";
import type { Evidence, EvidenceOf } from "../../../suites/verify/evidence.js";
import {
  formatGoldenLine,
  type GoldenLine,
  goldenFiles,
  goldenLines,
  type Unreadable,
} from "../../../suites/verify/files/golden.js";
import { narrowed } from "../../../suites/verify/narrow.js";
import { runRandom } from "../../../suites/verify/random.js";
import { replay } from "../../../suites/verify/replay.js";
import type { Target } from "../../../suites/verify/targets.js";
import type { Token } from "../../../suites/verify/token.js";
import { EXIT, usageError, warn } from "../exit.js";
import type { VerifyOptions } from "./options.js";
import { again, tell } from "./tell.js";

/** How a mode ends by itself, and what it has looked at. */
export interface Verified {
  readonly code: number;
  readonly evidence: EvidenceOf;
}

export async function verifyByVectors(
  folder: string,
  options: VerifyOptions,
  targets: readonly Target[],
): Promise<Verified> {
  const files = listFiles(folder);
  if (files.length === 0)
    console.error(`no *.safetensors in ${folder}; --vectors takes a folder of golden cases`);
  const lines: GoldenLine[] = [];
  const evidence = new Map<Target, Evidence>(
    targets.map((target) => [target, { checks: 0, skips: new Map() }]),
  );
  const unreadable: Unreadable[] = [];
  for (const file of files) {
    try {
      for await (const line of goldenLines(file, targets)) {
        lines.push(line);
        if (line.target) count(evidence.get(line.target), line);
        const theirs = line.status === "fail" && line.target && originOf(line.target.impl) !== undefined;
        const repeat = theirs ? `; again: ${again(options, "--vectors", folder)}` : "";
        console.log(`${formatGoldenLine(line)}${repeat}`);
      }
    } catch (error) {
      unreadable.push({ file, reason: oneLine(error) });
      console.error(visible(`cannot read ${file}: ${oneLine(error)}`));
    }
  }
  const all = (status: GoldenLine["status"]) => lines.filter((line) => line.status === status).length;
  const [passed, failed, skipped] = [all("pass"), all("fail"), all("skip")];
  const told = lines.map(({ target: _where, ...line }) => line);
  writeJson(options.json, { mode: "vectors", folder, passed, failed, skipped, lines: told, unreadable });
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  if (passed + failed === 0 && files.length > 0)
    warn("nothing was checked: no case was held against anything");
  return { code: codeOf(unreadable.length, failed, passed + failed), evidence };
}

function count(evidence: Evidence | undefined, { status, detail }: GoldenLine): void {
  if (!evidence) return;
  if (status !== "skip") evidence.checks++;
  else evidence.skips.set(detail, (evidence.skips.get(detail) ?? 0) + 1);
}

function codeOf(unreadable: number, failed: number, checks: number): number {
  if (unreadable > 0) return EXIT.usage;
  if (failed > 0) return EXIT.wrong;
  return checks > 0 ? EXIT.good : EXIT.nothingToMeasure;
}

function listFiles(folder: string): string[] {
  try {
    return goldenFiles(folder);
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code === "ENOTDIR" ? "it is not a folder" : oneLine(error);
    throw usageError(`cannot read --vectors ${folder}: ${why}`);
  }
}

export async function verifyByProblems(options: VerifyOptions, all: readonly Target[]): Promise<Verified> {
  const { cases, seed, operator, shard: share } = options;
  const targets = all.filter(({ impl }) => operator.length === 0 || operator.includes(impl.operator.name));
  const laws = await lawsOf(options, targets);
  if (targets.length === 0) {
    console.error("no implementation is left to verify; leave out --engine or add --impl FILE");
    return { code: EXIT.nothingToMeasure, evidence: new Map() };
  }
  console.log(`seed ${seed}, ${cases} problems, ${laws.length} laws, ${targets.length} implementations`);
  const report = await runRandom({ cases, seed, targets, laws, share });
  const { failed, checks, evidence, failures, skips } = report;
  const table = report.table.rows();
  const policy = report.policy.rows();
  tell({ table, policy, skips, failures }, options);
  writeJson(options.json, {
    mode: "problems",
    cases,
    seed,
    checks,
    failed,
    table,
    policy,
    atlas: report.atlas.cells(),
    failures,
    skips: Object.fromEntries(skips),
  });
  console.log(`${checks - failed} checks passed, ${failed} failed`);
  if (checks === 0) warn("nothing was checked: no implementation took any problem");
  return { code: codeOf(0, failed, checks), evidence };
}

/** What of the laws these options leave. */
async function lawsOf(
  { law, operator, filter, shapes, seed, replay: token }: VerifyOptions,
  targets: readonly Target[],
): Promise<readonly AnyLaw[]> {
  const narrowing = {
    laws: law,
    operators: operator,
    subjects: filter === undefined ? undefined : parseFilter(filter),
    shapes,
    seed: token?.seed ?? seed,
  };
  return narrowed(laws, narrowing, targets);
}

export async function verifyByReplay(
  token: Token,
  options: VerifyOptions,
  targets: readonly Target[],
): Promise<Verified> {
  const { ok, lines, evidence } = await replay(token, await lawsOf(options, targets), targets).catch(
    (error: Error) => {
      throw usageError(error.message);
    },
  );
  for (const line of lines) console.log(line);
  const checks = [...evidence.values()].reduce((sum, one) => sum + one.checks, 0);
  if (checks === 0) warn("nothing was checked: no implementation took this case");
  return { code: codeOf(0, ok ? 0 : 1, checks), evidence };
}

/** Whole or not at all: a reader never sees half a document. */
export function writeJson(file: string | undefined, document: unknown): void {
  if (file === undefined) return;
  // JSON has no infinities and no NaN
  const finite = (_key: string, value: unknown) =>
    typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
  writeNamed(file, `${JSON.stringify(document, finite, 2)}\n`);
}
