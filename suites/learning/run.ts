/** A run of trainings: one after another, each kept from time to time, so that a run that was killed goes on in the middle of one. */
import { setImmediate } from "node:timers/promises";
import type { Training } from "../../impls/training/index.js";
import type { TrainingRow } from "../../reports/rows/training.js";
import { Interrupted } from "../measure/run.js";
import { Learner } from "./learner.js";
import type { PlannedTraining } from "./plan.js";
import { keysOf, workOf } from "./spec.js";
import { floorOf } from "./tasks.js";

export interface TrainingRun {
  readonly training: Training;
  /** The device as a person names it. */
  readonly device: string;
  readonly commit: string;
  readonly version: string;
  readonly signal?: AbortSignal;
  /** Ids of those that have ended. */
  readonly done: ReadonlySet<string>;
  nowNs(): number;
  timeUtc(): string;
  /** What was kept of a training that had begun, and where to keep it; nothing is kept of one that has ended. */
  readonly kept: {
    read(id: string): Uint8Array | undefined;
    write(id: string, bytes: Uint8Array): void;
    drop(id: string): void;
  };
  emit(row: TrainingRow): void;
  progress?(state: TrainingProgress): void;
}

export interface TrainingProgress {
  readonly id: string;
  readonly step: number;
  readonly steps: number;
  /** Of all trainings that are left, by what steps took so far. */
  readonly remainingNs: number;
}

/** A kill loses as much at most, or what came behind the last point of the curve. */
const KEEP_EVERY_NS = 5e9;
const TELL_EVERY_NS = 2.5e8;

/** @throws Interrupted when the signal fires; what was trained is kept by then */
export async function runTrainings(planned: readonly PlannedTraining[], run: TrainingRun): Promise<void> {
  const left = planned.filter(({ id }) => !run.done.has(id));
  const clock = { ns: 0, work: 0 };
  for (const [i, one] of left.entries()) {
    const learner = await Learner.open(run.training, one.id, one.spec, run.nowNs);
    const bytes = run.kept.read(one.id);
    if (bytes) learner.restore(bytes);
    try {
      const later = left.slice(i + 1).map(({ spec }) => workOf(spec, learner.parameters));
      await train(learner, run, { clock, later: later.reduce((sum, work) => sum + work, 0) });
      run.emit(rowOf(learner, run));
      run.kept.drop(one.id);
    } finally {
      learner.dispose();
    }
  }
}

/** What is known of time: nanoseconds and work that were done so far, work that is left behind this training. */
interface Outlook {
  readonly clock: { ns: number; work: number };
  readonly later: number;
}

async function train(learner: Learner, run: TrainingRun, { clock, later }: Outlook): Promise<void> {
  const { id, spec } = learner;
  const workOfStep = workOf(spec, learner.parameters) / spec.steps;
  let [kept, told] = [run.nowNs(), Number.NEGATIVE_INFINITY];
  let points = learner.curve.length;
  while (!learner.isDone) {
    const start = run.nowNs();
    learner.step();
    const now = run.nowNs();
    clock.ns += now - start;
    clock.work += workOfStep;
    if (now - told > TELL_EVERY_NS) {
      const left = later + (spec.steps - learner.steps) * workOfStep;
      run.progress?.({
        id,
        step: learner.steps,
        steps: spec.steps,
        remainingNs: (left * clock.ns) / clock.work,
      });
      told = now;
    }
    if (now - kept > KEEP_EVERY_NS || learner.curve.length > points || run.signal?.aborted) {
      run.kept.write(id, learner.save());
      [kept, points] = [now, learner.curve.length];
    }
    // signals are heard between steps
    await setImmediate();
    if (run.signal?.aborted) throw new Interrupted("interrupted");
  }
}

function rowOf(learner: Learner, { training, device, commit, version, timeUtc }: TrainingRun): TrainingRow {
  const { id, spec, curve, stopped, parameters, steps, asked, meanStepNs } = learner;
  const last = curve.at(-1);
  const floor = floorOf(spec.task);
  return {
    ...{
      id,
      suite: spec.suite,
      model: spec.model,
      engine: training.engine,
      device,
      threads: training.threads,
    },
    ...keysOf(spec),
    parameters,
    ...(stopped === undefined ? { status: "trained" } : { status: "stopped", reason: stopped }),
    ...{ steps: spec.steps, stepsTaken: steps },
    ...(last ? { loss: last.testLoss, accuracy: last.accuracy } : {}),
    asked,
    ...(floor === undefined ? {} : { floor }),
    stepNs: meanStepNs,
    ...{ curve, commit, version, timeUtc: timeUtc() },
  };
}
