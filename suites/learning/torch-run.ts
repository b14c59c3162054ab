/** Trainings in torch: a Python process that has all of them, on a GPU at once; its lines become rows. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { EngineAbsent } from "../../impls/engines/engine.js";
import { candidates } from "../../impls/engines/torch/find.js";
import type { TrainingRow } from "../../reports/rows/training.js";
import { Interrupted } from "../measure/run.js";
import type { PlannedTraining } from "./plan.js";
import type { TrainingRun } from "./run.js";
import { keysOf } from "./spec.js";
import { torchTraining } from "./torch-spec.js";

const PROGRAM = fileURLToPath(new URL("../../impls/engines/torch/learning/train.py", import.meta.url));

export interface TorchRun
  extends Pick<TrainingRun, "commit" | "version" | "signal" | "done" | "timeUtc" | "emit"> {
  readonly python: string;
}

/** @throws EngineAbsent where no Python has torch */
export function findTorch(): string {
  const python = candidates().find((name) => spawnSync(name, ["-c", "import torch"]).status === 0);
  if (python === undefined)
    throw new EngineAbsent(
      "no Python with torch was found: apt-get install python3-torch, or pip install torch, adds it",
    );
  return python;
}

/** What the program says: of its device, of a point of a curve, or of a training that has ended. */
export interface Line {
  readonly device?: string;
  readonly id?: string;
  readonly row?: Pick<
    TrainingRow,
    "status" | "steps" | "stepsTaken" | "stepNs" | "asked" | "parameters" | "curve"
  >;
}

/** @throws Interrupted when the signal fires; Error when the process ends without having trained all */
export async function runInTorch(planned: readonly PlannedTraining[], run: TorchRun): Promise<void> {
  const left = new Map(planned.filter(({ id }) => !run.done.has(id)).map((one) => [one.id, one]));
  if (left.size === 0) return;
  const child = spawn(run.python, [PROGRAM], { stdio: ["pipe", "pipe", "pipe"] });
  const stop = () => child.kill();
  run.signal?.addEventListener("abort", stop);
  try {
    child.stdin.on("error", () => {});
    child.stdin.end(JSON.stringify({ trainings: [...left.values()].map(torchTraining) }));
    const [why] = await Promise.all([lastWords(child), rowsOf(child, left, run)]);
    if (run.signal?.aborted) throw new Interrupted("interrupted");
    if (left.size > 0) throw new Error(`torch ended with ${left.size} trainings to go: ${why}`);
  } finally {
    run.signal?.removeEventListener("abort", stop);
  }
}

/** Takes away what has ended. */
async function rowsOf(child: ChildProcess, left: Map<string, PlannedTraining>, run: TorchRun): Promise<void> {
  let device = "unknown";
  for await (const text of createInterface({ input: child.stdout! })) {
    const line = JSON.parse(text) as Line;
    device = line.device ?? device;
    const one = line.id === undefined ? undefined : left.get(line.id);
    if (!one || !line.row) continue;
    left.delete(one.id);
    run.emit(torchRow(one, line.row, device, run));
  }
}

/** How the process ended, and the end of what it complained of. */
function lastWords(child: ChildProcess): Promise<string> {
  let said = "";
  child.stderr!.on("data", (chunk: Buffer) => {
    said = `${said}${chunk}`.slice(-2000);
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) =>
      resolve(`${signal ?? `exit code ${code}`} ${said.trim().split("\n").at(-1)}`),
    );
  });
}

export function torchRow(
  { id, spec }: PlannedTraining,
  row: NonNullable<Line["row"]>,
  device: string,
  { commit, version, timeUtc }: Pick<TorchRun, "commit" | "version" | "timeUtc">,
): TrainingRow {
  return {
    ...{ id, suite: spec.suite, model: spec.model, engine: "torch", device, threads: 1 },
    ...keysOf(spec),
    ...row,
    ...{ commit, version, timeUtc: timeUtc() },
  };
}
