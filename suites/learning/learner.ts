/** A model at its training: step by step, with its curve, and able to go on from bytes as if it had never stopped. */
import { AdamW, clipScale, gradientNorm } from "../../impls/learning/adamw.js";
import { LanguageModel } from "../../impls/learning/model.js";
import { rateAt } from "../../impls/learning/schedule.js";
import { packState, readHeader, unpackState } from "../../impls/learning/state.js";
import type { Training } from "../../impls/training/index.js";
import type { CurvePoint } from "../../reports/rows/training.js";
import { layersFor } from "./models.js";
import type { TrainingSpec } from "./spec.js";
import { faultsOf, testExamples, trainingExamples, vocabularyOf } from "./tasks.js";

/** The norm of all gradients that a step uses at most. */
const MOST_NORM = 1;
/** All trainings of a run are tested on the same sequences. */
const TEST_SEED = 0;

/** What is kept beside parameters and moments; all that a curve depends on. */
interface Progress {
  readonly id: string;
  readonly curve: readonly CurvePoint[];
  /** Of the steps since the last point. */
  readonly lossSum: number;
  readonly stepNs: number;
}

export class Learner {
  curve: CurvePoint[] = [];
  /** Why it goes no further: a loss that is no number. */
  stopped: string | undefined;
  private lossSum = 0;
  private stepNs = 0;
  private readonly optimiser: AdamW;

  private constructor(
    readonly id: string,
    readonly spec: TrainingSpec,
    private readonly model: LanguageModel,
    private readonly nowNs: () => number,
  ) {
    this.optimiser = new AdamW(model.parameters);
  }

  /** @throws where the task's examples are not what its definition says */
  static async open(
    training: Training,
    id: string,
    spec: TrainingSpec,
    nowNs: () => number,
  ): Promise<Learner> {
    const { task, shape, model, seed, tests } = spec;
    if (tests % shape.batch !== 0)
      throw new Error(`${id}: ${tests} sequences of the test are no multiple of batch=${shape.batch}`);
    const faults = faultsOf(task, testExamples(task, TEST_SEED, tests));
    if (faults.length > 0) throw new Error(`the examples of ${id} are not the task's: ${faults.join("; ")}`);
    const learner = await LanguageModel.open(training, layersFor(model, shape), vocabularyOf(task), seed);
    return new Learner(id, spec, learner, nowNs);
  }

  get parameters(): number {
    return this.model.size;
  }

  get steps(): number {
    return this.optimiser.steps;
  }

  /** Of a step so far; 0 before the first. */
  get meanStepNs(): number {
    return this.steps === 0 ? 0 : this.stepNs / this.steps;
  }

  get isDone(): boolean {
    const { spec, curve, steps, stopped } = this;
    return stopped !== undefined || steps >= spec.steps || (curve.at(-1)?.accuracy ?? 0) >= spec.enough;
  }

  /** Answers that a test asks for. */
  get asked(): number {
    return testExamples(this.spec.task, TEST_SEED, this.spec.tests).targets.filter((target) => target >= 0)
      .length;
  }

  step(): void {
    const { spec, model, optimiser } = this;
    const { task, shape, seed, steps, every } = spec;
    const { batch } = shape;
    const at = optimiser.steps;
    const { tokens, targets } = trainingExamples(task, seed, at * batch, batch, at / steps);
    const start = this.nowNs();
    const { loss } = model.gradients(tokens, targets);
    const norm = gradientNorm(model.parameters);
    if (!Number.isFinite(loss + norm)) {
      const what = Number.isFinite(loss) ? `the gradient's norm is ${norm}` : `the loss is ${loss}`;
      this.stopped = `${what} at step ${at}, seed ${seed}`;
      return;
    }
    optimiser.step(rateAt(spec, at), clipScale(norm, MOST_NORM));
    this.stepNs += this.nowNs() - start;
    this.lossSum += loss;
    if (optimiser.steps % every !== 0 && optimiser.steps !== steps) return;
    const since = optimiser.steps - (this.curve.at(-1)?.step ?? 0);
    const { loss: testLoss, correct, asked } = this.test();
    if (!Number.isFinite(testLoss)) {
      this.stopped = `the loss of the test is ${testLoss} behind step ${at}, seed ${seed}`;
      return;
    }
    this.curve.push({
      step: optimiser.steps,
      trainLoss: this.lossSum / since,
      testLoss,
      accuracy: correct / asked,
    });
    this.lossSum = 0;
  }

  private test() {
    const { task, shape, tests } = this.spec;
    const { batch, length } = shape;
    const { tokens, targets } = testExamples(task, TEST_SEED, tests);
    let [loss, correct, asked] = [0, 0, 0];
    for (let from = 0; from < tests * length; from += batch * length) {
      const own = (all: Int32Array) => all.subarray(from, from + batch * length);
      const score = this.model.evaluate(own(tokens), own(targets));
      loss += score.loss * score.asked;
      correct += score.correct;
      asked += score.asked;
    }
    return { loss: loss / asked, correct, asked };
  }

  save(): Uint8Array {
    const { id, curve, lossSum, stepNs } = this;
    const progress: Progress = { id, curve, lossSum, stepNs };
    return packState(progress, this.model.parameters, this.optimiser);
  }

  /** @throws where the bytes are not of this training */
  restore(bytes: Uint8Array): void {
    const progress = readHeader(bytes).header as Progress;
    if (progress.id !== this.id) throw new Error(`it is of ${progress.id}`);
    unpackState(bytes, this.model.parameters, this.optimiser);
    this.curve = [...progress.curve];
    this.lossSum = progress.lossSum;
    this.stepNs = progress.stepNs;
  }

  dispose(): void {
    this.model.dispose();
  }
}
