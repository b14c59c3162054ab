/**
 * Kills a run with SIGKILL at random moments and resumes it, until it ends; then compares with an undisturbed run. Prints a line a
 * kill. `node --import tsx scripts/tools/torture-resume.ts [--kills N] [--seed S] [-- flags of bench]`; do not edit the checkout
 * meanwhile: a run is resumed at its own commit only.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { planId } from "../../reports/rows/case-id.js";
import { RESULTS, readRun } from "../../reports/rows/store.js";

const { values, positionals } = parseArgs({
  options: { kills: { type: "string", default: "20" }, seed: { type: "string", default: "1" } },
  allowPositionals: true,
  strict: true,
});
const flags = positionals.length > 0 ? positionals : ["--grid", "quick"];
const kills = Number(values.kills);
const folder = mkdtempSync(join(tmpdir(), "dualbench-torture-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

let state = Number(values.seed) >>> 0;
/** Uniform in [0, 1): a linear congruence is random enough to choose moments. */
function random(): number {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
}

function bench(args: readonly string[]): { process: ChildProcess; ended: Promise<number | null> } {
  const child = spawn(process.execPath, ["--import", "tsx", "scripts/bench.ts", ...args], {
    stdio: "ignore",
  });
  return { process: child, ended: new Promise((resolve) => child.on("close", resolve)) };
}

function stored(run: string): string[] {
  try {
    return readRun(run).cases.map(({ row }) => planId(row.suite, row.id));
  } catch {
    return [];
  }
}

function fail(what: string): never {
  process.stderr.write(`torture: ${what}\n`);
  process.exit(1);
}

const started = Date.now();
const calm = join(folder, "undisturbed");
if ((await bench([...flags, "--out", calm]).ended) !== 0) fail("the undisturbed run did not end with 0");
const lengthMs = Date.now() - started;
const wanted = stored(calm).sort();
process.stdout.write(`undisturbed: ${wanted.length} rows in ${(lengthMs / 1e3).toFixed(1)} s\n`);

let killed = 0;
for (let round = 0; killed < kills; round++) {
  const run = join(folder, `run-${round}`);
  for (let begun = false; ; ) {
    const before = stored(run);
    const session = bench(begun ? ["--resume", run] : [...flags, "--out", run]);
    // anywhere from the first instant to well into the run
    const moment = killed < kills ? 0.7 * random() * lengthMs : Number.POSITIVE_INFINITY;
    const timer = Number.isFinite(moment)
      ? setTimeout(() => session.process.kill("SIGKILL"), moment)
      : undefined;
    const code = await session.ended;
    clearTimeout(timer);
    if (code !== null) {
      if (code !== 0) fail(`a session ended with ${code}`);
      break;
    }
    killed++;
    const after = stored(run);
    if (before.some((id, i) => after[i] !== id)) fail("rows that were stored before the kill have changed");
    if (new Set(after).size !== after.length) fail("a row is stored twice");
    begun = after.length > 0 || exists(run);
    process.stdout.write(
      `kill ${killed}: after ${(moment / 1e3).toFixed(2)} s, ${before.length} rows before, ${after.length} after\n`,
    );
  }
  const got = stored(run).sort();
  if (JSON.stringify(got) !== JSON.stringify(wanted))
    fail(`run ${round} ended with ${got.length} of ${wanted.length} rows`);
  process.stdout.write(`run ${round}: all ${got.length} rows, none twice, none lost\n`);
}
process.stdout.write(`${killed} kills: every resumed run has the rows of the undisturbed one\n`);

/** A run record is there, so --resume can go on; before that the run starts again. */
function exists(run: string): boolean {
  try {
    return statSync(join(run, RESULTS)).size > 0 && readRun(run).run.version === 1;
  } catch {
    rmSync(run, { recursive: true, force: true });
    return false;
  }
}
