/** The three ways to verify: golden vectors, random problems, one replayed case. Each prints as it goes and answers an exit code. */
import { writeNamed } from "../../../reports/rows/folder.js";
import { visible } from "../../../reports/text.js";
import { laws } from "../../../suites/laws/index.js";
import {
  formatGoldenLine,
  type GoldenLine,
  goldenFiles,
  goldenLines,
  oneLine,
  type Unreadable,
} from "../../../suites/verify/golden.js";
import { replay, runRandom } from "../../../suites/verify/random.js";
import { formatTable } from "../../../suites/verify/table.js";
import type { Target } from "../../../suites/verify/targets.js";
import type { Token } from "../../../suites/verify/token.js";
import { EXIT, usageError } from "../exit.js";
import type { VerifyOptions } from "./options.js";

export async function verifyByVectors(
  folder: string,
  options: VerifyOptions,
  targets: readonly Target[],
): Promise<number> {
  const files = listFiles(folder);
  if (files.length === 0)
    console.error(`no *.safetensors in ${folder}; --vectors takes a folder of golden cases`);
  const lines: GoldenLine[] = [];
  const unreadable: Unreadable[] = [];
  for (const file of files) {
    try {
      for await (const line of goldenLines(file, targets)) {
        lines.push(line);
        console.log(formatGoldenLine(line));
      }
    } catch (error) {
      unreadable.push({ file, reason: oneLine(error) });
      console.error(visible(`cannot read ${file}: ${oneLine(error)}`));
    }
  }
  const count = (status: GoldenLine["status"]) => lines.filter((line) => line.status === status).length;
  const [passed, failed, skipped] = [count("pass"), count("fail"), count("skip")];
  writeJson(options.json, { mode: "vectors", folder, passed, failed, skipped, lines, unreadable });
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  if (unreadable.length > 0) return EXIT.usage;
  if (failed > 0) return EXIT.wrong;
  return passed > 0 ? EXIT.good : EXIT.nothingToMeasure;
}

function listFiles(folder: string): string[] {
  try {
    return goldenFiles(folder);
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code === "ENOTDIR" ? "it is not a folder" : oneLine(error);
    throw usageError(`cannot read --vectors ${folder}: ${why}`);
  }
}

export async function verifyByProblems(options: VerifyOptions, targets: readonly Target[]): Promise<number> {
  const { cases, seed } = options;
  if (targets.length === 0) {
    console.error("no implementation is left to verify; leave out --engine or add --impl FILE");
    return EXIT.nothingToMeasure;
  }
  console.log(`seed ${seed}, ${cases} problems, ${laws.length} laws, ${targets.length} implementations`);
  const report = await runRandom({ cases, seed, targets, laws });
  for (const line of formatTable(report.table.rows())) console.log(line);
  for (const [why, times] of report.skips) console.log(`skip ${why} (${times}x)`);
  for (const { law, target, counterexample, token } of report.failures) {
    console.log(`\nFAIL ${target} breaks ${law}: ${laws.find(({ name }) => name === law)?.states}`);
    for (const line of counterexample) console.log(`  ${line}`);
    console.log(`  again: ${replayCommand(token, options)}`);
  }
  const { failed, checks } = report;
  writeJson(options.json, {
    mode: "problems",
    cases,
    seed,
    checks,
    failed,
    table: report.table.rows(),
    failures: report.failures,
    skips: Object.fromEntries(report.skips),
  });
  if (report.failures.length > 0) console.log("");
  console.log(`${checks - failed} checks passed, ${failed} failed`);
  return failed > 0 ? EXIT.wrong : EXIT.good;
}

function replayCommand(token: string, { engine, impl }: VerifyOptions): string {
  const flags = [...engine.map((name) => `--engine ${name}`), ...impl.map((file) => `--impl ${file}`)];
  return ["npm run verify --", `--replay ${token}`, ...flags].join(" ");
}

export async function verifyByReplay(token: Token, targets: readonly Target[]): Promise<number> {
  const { ok, lines } = await replay(token, laws, targets).catch((error: Error) => {
    throw usageError(error.message);
  });
  for (const line of lines) console.log(line);
  return ok ? EXIT.good : EXIT.wrong;
}

/** Whole or not at all: a reader never sees half a document. */
function writeJson(file: string | undefined, document: unknown): void {
  if (file === undefined) return;
  // JSON has no infinities and no NaN
  const finite = (_key: string, value: unknown) =>
    typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
  writeNamed(file, `${JSON.stringify(document, finite, 2)}\n`);
}
