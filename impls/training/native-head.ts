/** The head in C: asked tokens side by side, some rows of logits at a time. */
import { Stages } from "../blocks/native/stages.js";
import type { NativeEngine } from "../engines/native.js";
import type { AnyOperator, Problem } from "../operator.js";
import type { HeadSizes, TrainableHead } from "./training.js";

/** Rows of logits that are in memory at once. */
const ROWS = 256;

/** A memory of no operator's: all that lies in it is reserved below. */
const EMPTY = { name: "training_head", inputs: {}, outputs: {} } as unknown as AnyOperator;
const NO_PROBLEM: Problem = {
  ...{ operator: EMPTY.name, dtype: "f32", seed: 0 },
  ...{ dims: { batch: 1, length: ROWS }, inputs: {}, settings: {} },
};

export async function nativeHead(
  engine: NativeEngine,
  { tokens, modelDim, vocabulary }: HeadSizes,
  threads: number,
): Promise<TrainableHead> {
  const room = engine.room(EMPTY, NO_PROBLEM);
  const stages = new Stages(engine, room, threads);
  const place = (numbers: number) => room.reserve(4 * numbers);
  const [rows, drows] = [place(ROWS * modelDim), place(ROWS * modelDim)];
  const [weight, dWeight] = [place(vocabulary * modelDim), place(vocabulary * modelDim)];
  const logits = place(ROWS * vocabulary);
  const [targets, losses, correct, share] = [place(ROWS), place(ROWS), place(ROWS), place(1)];
  const section = (add: () => void) => {
    const first = stages.plans.length;
    add();
    return stages.plans.slice(first);
  };
  const score = (gradients: boolean) => {
    stages.product({ from: rows, weights: weight, to: logits, columns: vocabulary, terms: modelDim });
    stages.part(
      {
        kernel: new URL("./native/cross-entropy.c", import.meta.url),
        values: { rows: ROWS, classes: vocabulary, gradients: gradients ? 1 : 0 },
        ...{ threads, scratchBytes: 0 },
      },
      { logits, targets, losses, correct, share },
      {},
    );
  };
  const differentiate = (adds: boolean) => {
    score(true);
    const turned = { rows: vocabulary, rowFloats: vocabulary };
    const shape = { columns: modelDim, turnedW: true };
    stages.product({ from: logits, weights: weight, to: drows, ...shape, terms: vocabulary });
    stages.product({ from: logits, turned, weights: rows, to: dWeight, ...shape, terms: ROWS, adds });
  };
  const sections = [
    section(() => score(false)),
    section(() => differentiate(false)),
    section(() => differentiate(true)),
  ];
  const { runs, dispose } = await engine.sections(room, sections);
  const [only, first, more] = runs;
  const views = {
    rows: room.view(rows, ROWS * modelDim),
    drows: room.view(drows, ROWS * modelDim),
    targets: room.view(targets, ROWS),
    losses: room.view(losses, ROWS),
    correct: room.view(correct, ROWS),
    share: room.view(share, 1),
  };
  const [x, dx] = [new Float32Array(tokens * modelDim), new Float32Array(tokens * modelDim)];
  const wanted = new Int32Array(tokens).fill(-1);
  const head = {
    ...{ x, dx, targets: wanted },
    weight: room.view(weight, vocabulary * modelDim),
    dWeight: room.view(dWeight, vocabulary * modelDim),
  };

  /** Rows of some asked tokens into the memory; no token's behind them. */
  const load = (asked: readonly number[]): void => {
    views.targets.fill(-1);
    views.rows.fill(0);
    for (const [i, token] of asked.entries()) {
      views.targets[i] = wanted[token];
      views.rows.set(x.subarray(token * modelDim, (token + 1) * modelDim), i * modelDim);
    }
  };

  return {
    ...head,
    run(gradients = true) {
      const asked = Array.from(wanted.keys()).filter((token) => wanted[token] >= 0);
      views.share[0] = asked.length > 0 ? 1 / asked.length : 0;
      let [loss, right] = [0, 0];
      if (gradients) dx.fill(0);
      if (gradients && asked.length === 0) head.dWeight.fill(0);
      for (let from = 0; from < asked.length; from += ROWS) {
        const some = asked.slice(from, from + ROWS);
        load(some);
        (gradients ? (from === 0 ? first : more) : only)();
        for (const [i, token] of some.entries()) {
          loss += views.losses[i];
          right += views.correct[i];
          if (gradients) dx.set(views.drows.subarray(i * modelDim, (i + 1) * modelDim), token * modelDim);
        }
      }
      return { loss: asked.length > 0 ? loss / asked.length : 0, correct: right, asked: asked.length };
    },
    dispose,
  };
}
