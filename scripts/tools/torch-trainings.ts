/**
 * A run folder of what impls/engines/torch/learning/train.py printed elsewhere, on a machine with a GPU and without Node, from specs of a
 * grid of `--suite mqar`. `npm run report -- OUT` draws it.
 *
 *     node --import tsx scripts/tools/torch-trainings.ts GRID SEED OUT LINES...
 */
import { readFileSync } from "node:fs";
import { RunStore } from "../../reports/rows/store.js";
import { mqar } from "../../suites/learning/mqar-suite.js";
import { planTrainings, trainingIds } from "../../suites/learning/plan.js";
import { type Line, torchRow } from "../../suites/learning/torch-run.js";
import { readEnvironment } from "../../suites/measure/environment.js";
import type { Grid } from "../../suites/suite.js";
import { commandOf } from "../cli/words.js";

const [grid, seed, out, ...files] = process.argv.slice(2);
if (files.length === 0) throw new Error("needs GRID SEED OUT LINES...");
const planned = planTrainings({
  ...{
    suites: [mqar],
    grid: grid as Grid,
    seed: Number(seed),
    engine: "torch",
    matches: () => true,
    shard: null,
  },
});
const { commit, dirty, dualbench } = await readEnvironment([], Number(seed));
const said = { commit: `${commit ?? "unknown"}${dirty ? "-dirty" : ""}`, version: dualbench.version };
const timeUtc = () => new Date().toISOString();
const rows = files.flatMap((file) => {
  const lines = readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .map((text) => JSON.parse(text) as Line);
  const device = lines.find((line) => line.device !== undefined)?.device ?? "unknown";
  return lines.flatMap(({ id, row }) => {
    if (!row) return [];
    const one = planned.find((training) => training.id === id);
    if (!one) throw new Error(`${file}: ${id} is no training of the grid ${grid} at seed ${seed}`);
    return [torchRow(one, row, device, { ...said, timeUtc })];
  });
});
const ids = new Set(rows.map(({ id }) => id));
const some = planned.filter(({ id }) => ids.has(id));
const plan = {
  suite: [mqar.name],
  engine: ["torch"],
  device: [],
  filter: null,
  grid,
  axis: [],
  shard: null,
  impl: [],
};
const store = RunStore.create(out, {
  ...{ record: "run", version: 1, startedUtc: timeUtc() },
  command: commandOf(["--suite", "mqar", "--grid", grid, "--engine", "torch", "--seed", seed]),
  plan: { grid, seed: Number(seed), options: { ...plan, seed: Number(seed) }, ids: trainingIds(some) },
  // of the machine that trained nothing else is known here than its device
  environment: { commit, dirty, dualbench },
});
store.append(rows.map((row) => ({ record: "training" as const, row })));
store.close();
console.log(`${rows.length} trainings in ${out}`);
