/** trainings.csv: one row a training, base units in the column names. Columns are a contract: new ones go to the end. */
import { stringify } from "csv-stringify/sync";
import { visible } from "../text.js";
import { harmless } from "./csv.js";
import type { TrainingRow } from "./training.js";

const COLUMNS: readonly (readonly [name: string, key: keyof TrainingRow])[] = [
  ["id", "id"],
  ["suite", "suite"],
  ["model", "model"],
  ["engine", "engine"],
  ["device", "device"],
  ["threads", "threads"],
  ["dtype", "dtype"],
  ["batch", "batch"],
  ["length", "length"],
  ["state", "state"],
  ["model_dim", "modelDim"],
  ["layers", "layers"],
  ["pairs", "pairs"],
  ["share", "share"],
  ["vocabulary", "vocabulary"],
  ["rate", "rate"],
  ["seed", "seed"],
  ["parameters", "parameters"],
  ["status", "status"],
  ["reason", "reason"],
  ["steps", "steps"],
  ["steps_taken", "stepsTaken"],
  ["loss", "loss"],
  ["accuracy", "accuracy"],
  ["asked", "asked"],
  ["floor", "floor"],
  ["step_ns", "stepNs"],
  ["commit", "commit"],
  ["version", "version"],
  ["time_utc", "timeUtc"],
];

export function trainingsCsv(rows: readonly TrainingRow[]): string {
  const records = rows.map((row) => COLUMNS.map(([, key]) => row[key]));
  return stringify([COLUMNS.map(([name]) => name), ...records], {
    cast: { string: (value) => harmless(visible(value)) },
  });
}
