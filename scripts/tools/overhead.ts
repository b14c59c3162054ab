/**
 * The harness measured by itself on this machine: how much it adds to a cost of 1 ms, and whether an implementation is told apart
 * from itself. node --import tsx scripts/tools/overhead.ts [runs]
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ratioInterval } from "../../reports/analysis/speedup.js";
import { readRun } from "../../reports/rows/store.js";
import { COST_NS } from "./calibration/one-millisecond.js";

const FLAGS =
  "--grid quick --suite sequence-length --engine cpu --impl scripts/tools/calibration/one-millisecond.ts";
const runs = Number(process.argv[2] ?? 5);
const folder = mkdtempSync(join(tmpdir(), "dualbench-overhead-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

let inside = 0;
for (let i = 0; i < runs; i++) {
  const out = join(folder, String(i));
  const flags = [
    ...FLAGS.split(" "),
    "--filter",
    "one-millisecond length=512",
    "--seed",
    String(i),
    "--out",
    out,
  ];
  const { status, stderr } = spawnSync(process.execPath, ["--import", "tsx", "scripts/bench.ts", ...flags]);
  if (status !== 0) throw new Error(`bench ended with ${status}: ${stderr}`);
  const timed = readRun(out).cases.map(({ row }) => {
    if (row.status !== "measured") throw new Error(`${row.id}: ${row.status}`);
    return { ns: row.medianNs, lowNs: row.ci95LowNs, highNs: row.ci95HighNs };
  });
  const [one, again] = timed;
  const { low, high } = ratioInterval(one, again);
  if (low <= 1 && 1 <= high) inside++;
  const added = timed.map(({ ns }) => `${(100 * (ns / COST_NS - 1)).toFixed(2)}%`).join(" and ");
  process.stdout.write(
    `run ${i}: adds ${added} to 1 ms; ratio to itself ${low.toFixed(4)}..${high.toFixed(4)}\n`,
  );
}
process.stdout.write(`${inside} of ${runs} intervals of the ratio contain 1\n`);
