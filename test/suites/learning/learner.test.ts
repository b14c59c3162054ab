/**
 * Trainings are functions of their spec: the same curve in one go, and with a stop in the middle; and they stop where nothing is a number.
 */
import { afterAll, describe, expect, it } from "vitest";
import { openTraining, type Training } from "../../../impls/training/index.js";
import { Learner } from "../../../suites/learning/learner.js";
import type { ModelName } from "../../../suites/learning/models.js";
import type { PlannedTraining } from "../../../suites/learning/plan.js";
import { runTrainings, type TrainingRun } from "../../../suites/learning/run.js";
import type { TrainingSpec } from "../../../suites/learning/spec.js";
import { orReason } from "../../or-reason.js";

function specOf(model: ModelName, more: Partial<TrainingSpec> = {}): TrainingSpec {
  return {
    suite: "mqar",
    task: { kind: "mqar", length: 8, pairs: 2, vocabulary: 10, power: 0.01, fill: "zeros", stages: [1, 2] },
    model,
    shape: {
      batch: 2,
      length: 8,
      modelDim: 4,
      layers: 2,
      state: 4,
      ...(model === "hybrid" ? { attending: 1 } : {}),
    },
    ...{ steps: 12, warmUp: 2, rate: 0.01, seed: 7, every: 5, tests: 4, enough: 1 },
    ...more,
  };
}

const trainings: Training[] = [];
afterAll(() => {
  for (const training of trainings) training.close();
});

/** Why an engine is not here counts as a reason, as everywhere. */
async function engine(name: "cpu" | "native"): Promise<Training | undefined> {
  const training = await orReason(name, () => openTraining({ engine: name }));
  if (training) trainings.push(training);
  return training;
}

const clock = () => 0;

describe.each(["cpu", "native"] as const)("%s", (name) => {
  it.each(["hybrid", "mamba1"] as const)("%s: a stop in the middle changes no bit", async (model) => {
    const training = await engine(name);
    if (!training) return;
    const spec = specOf(model);
    const whole = await Learner.open(training, "one", spec, clock);
    while (!whole.isDone) whole.step();
    const first = await Learner.open(training, "one", spec, clock);
    for (let i = 0; i < 7; i++) first.step();
    const bytes = first.save();
    const second = await Learner.open(training, "one", spec, clock);
    second.restore(bytes);
    expect(second.steps).toBe(7);
    while (!second.isDone) second.step();
    expect(whole.curve.map(({ step }) => step)).toEqual([5, 10, 12]);
    expect(second.curve).toEqual(whole.curve);
    expect(second.save()).toEqual(whole.save());
    // and the test is able to see another curve
    const other = await Learner.open(training, "one", { ...spec, seed: 8 }, clock);
    while (!other.isDone) other.step();
    expect(other.curve).not.toEqual(whole.curve);
  });
});

it("a state of another training is refused", async () => {
  const training = (await engine("cpu"))!;
  const one = await Learner.open(training, "one", specOf("attention"), clock);
  const other = await Learner.open(training, "other", specOf("attention"), clock);
  expect(() => other.restore(one.save())).toThrow("it is of one");
});

it("tests that are no whole batches are refused", async () => {
  const training = (await engine("cpu"))!;
  await expect(Learner.open(training, "one", specOf("attention", { tests: 3 }), clock)).rejects.toThrow(
    "one: 3 sequences of the test are no multiple of batch=2",
  );
});

/** A run whose rows are kept here. */
function runOf(training: Training, more: Partial<TrainingRun> = {}) {
  const rows: Parameters<TrainingRun["emit"]>[0][] = [];
  const kept = new Map<string, Uint8Array>();
  const run: TrainingRun = {
    ...{ training, device: "here", commit: "none", version: "0", done: new Set<string>(), nowNs: clock },
    timeUtc: () => "2026-11-28T00:00:00Z",
    kept: {
      read: (id) => kept.get(id),
      write: (id, bytes) => void kept.set(id, bytes),
      drop: (id) => void kept.delete(id),
    },
    emit: (row) => void rows.push(row),
    ...more,
  };
  return { run, rows, kept };
}

it("a loss that is no number stops its training, with step and seed, and no other", async () => {
  const training = (await engine("cpu"))!;
  const planned: PlannedTraining[] = [
    // weights beyond f32 after the first step
    { id: "wild", spec: specOf("attention", { rate: 1e39, warmUp: 0 }) },
    { id: "tame", spec: specOf("attention") },
  ];
  const { run, rows } = runOf(training);
  await runTrainings(planned, run);
  expect(rows.map(({ status }) => status)).toEqual(["stopped", "trained"]);
  expect(rows[0].reason).toMatch(/(loss is NaN|norm is NaN) at step 1, seed 7/);
  expect(rows[0].stepsTaken).toBe(1);
  expect(rows[0].accuracy).toBeUndefined();
});

it("an interrupted run keeps what it has, and goes on to the same rows", async () => {
  const training = (await engine("cpu"))!;
  const planned = ["attention", "hybrid"].map((model) => ({ id: model, spec: specOf(model as ModelName) }));
  const whole = runOf(training);
  await runTrainings(planned, whole.run);
  const controller = new AbortController();
  let steps = 0;
  const cut = runOf(training, {
    signal: controller.signal,
    // the clock tells of every step
    nowNs: () => ++steps * 1e9,
    progress: ({ id, step }) => id === "hybrid" && step === 4 && controller.abort(),
  });
  await expect(runTrainings(planned, cut.run)).rejects.toThrow("interrupted");
  expect([...cut.kept.keys()]).toEqual(["hybrid"]);
  const { signal, progress, ...rest } = cut.run;
  await runTrainings(planned, { ...rest, nowNs: clock, done: new Set(["attention"]) });
  const curves = (rows: typeof cut.rows) => rows.map(({ id, curve }) => ({ id, curve }));
  expect(curves(cut.rows)).toEqual(curves(whole.rows));
  expect(cut.kept.size).toBe(0);
});
