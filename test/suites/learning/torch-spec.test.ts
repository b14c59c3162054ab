/** The models against the same in plain operations of torch: tokens, first weights, loss and every gradient, by autograd in float64. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LanguageModel } from "../../../impls/learning/model.js";
import { openTraining, type Training } from "../../../impls/training/index.js";
import type { Examples } from "../../../suites/learning/examples.js";
import { layersFor, type ModelName } from "../../../suites/learning/models.js";
import { mqarExamples } from "../../../suites/learning/mqar.js";
import type { TrainingSpec } from "../../../suites/learning/spec.js";
import { torchSpec } from "../../../suites/learning/torch-spec.js";

const program = fileURLToPath(new URL("../../../impls/engines/torch/learning/gradients.py", import.meta.url));
const python = [process.env.DUALBENCH_PYTHON, "/usr/bin/python3", "python3"].find(
  (name) => name && spawnSync(name, ["-c", "import torch"]).status === 0,
);
const folder = mkdtempSync(join(tmpdir(), "dualbench-learning-"));
afterAll(() => rmSync(folder, { recursive: true }));

const SEED = 40;
const VOCABULARY = 22;

/** Odd sizes where a model takes them: two chunks of the scan, heads of 64 and of the rest. */
function specOf(model: ModelName, modelDim: number, pairs = 4): TrainingSpec {
  const task = {
    kind: "mqar",
    length: 32,
    pairs,
    vocabulary: VOCABULARY,
    power: 0.01,
    fill: "random",
    stages: [pairs],
  } as const;
  return {
    ...{
      suite: "mqar",
      task,
      model,
      steps: 10,
      warmUp: 2,
      rate: 0.01,
      seed: SEED,
      every: 5,
      tests: 2,
      enough: 1,
    },
    shape: {
      batch: 2,
      length: 32,
      modelDim,
      layers: 2,
      state: 16,
      ...(model === "hybrid" ? { attending: 1 } : {}),
    },
  };
}

const CASES = [
  ["mamba2", 12],
  ["mamba2", 64],
  ["mamba1", 12],
  ["linear", 12],
  ["attention", 12],
  ["hybrid", 12],
] as const;

type Floats = Float32Array | Float64Array;

/** What torch says of a model, and the same model here. */
interface Held {
  readonly model: ModelName;
  readonly ours: LanguageModel;
  readonly theta: Float32Array;
  readonly begun: Float32Array;
  readonly gradient: Float64Array;
  readonly examples: Examples;
  readonly loss: number;
  readonly correct: number;
}

describe.skipIf(!python)("torch", () => {
  const held: Held[] = [];
  let training: Training;

  beforeAll(async () => {
    training = await openTraining({ engine: "cpu" });
    const made = await Promise.all(
      CASES.map(async ([model, width], i) => {
        const spec = specOf(model, width);
        const ours = await LanguageModel.open(training, layersFor(model, spec.shape), VOCABULARY, SEED);
        const examples = mqarExamples(spec.task as never, SEED, 0, spec.shape.batch);
        const theta = Float32Array.from(ours.parameters.flatMap(({ values }) => [...values]));
        const [file, out, begin] = ["theta", "out", "begin"].map((name) => join(folder, `${name}-${i}`));
        writeFileSync(file, theta);
        const layout = torchSpec(spec);
        expect(layout.layout.map(([name]) => name)).toEqual(ours.parameters.map(({ name }) => name));
        const { tokens, targets } = examples;
        const asked = { spec: layout, theta: file, out, begin, tokens: [...tokens], targets: [...targets] };
        return { model, ours, theta, examples, asked };
      }),
    );
    const input = JSON.stringify(made.map(({ asked }) => asked));
    const { stdout, stderr, status } = spawnSync(python!, [program], { input, encoding: "utf8" });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const answers = JSON.parse(stdout) as Pick<Held, "loss" | "correct">[];
    for (const [i, { asked, ...one }] of made.entries()) {
      const bytes = (file: string) => Uint8Array.from(readFileSync(file)).buffer;
      const [gradient, begun] = [new Float64Array(bytes(asked.out)), new Float32Array(bytes(asked.begin))];
      held.push({ ...one, ...answers[i], gradient, begun });
    }
  }, 60_000);
  afterAll(() => training.close());

  describe.each(CASES.map(([model, width], i) => [model, width, i] as const))(
    "%s of width %i",
    (_model, _width, i) => {
      it("begins with the same weights", () => {
        const { begun, theta } = held[i];
        expect(begun.length).toBe(theta.length);
        const off = begun.map((value, j) => Math.abs(value - theta[j]) / (1e-3 + Math.abs(theta[j])));
        expect(Math.max(...off)).toBeLessThan(1e-6);
      });

      it("has the same loss, the same answers and the same gradients", () => {
        const { ours, examples, loss, correct, gradient, model } = held[i];
        const score = ours.gradients(examples.tokens, examples.targets);
        expect(score.correct).toBe(correct);
        expect(Math.abs(score.loss - loss)).toBeLessThan(1e-5 * loss);
        let at = 0;
        for (const { name, values, gradient: own } of ours.parameters) {
          const truth = gradient.subarray(at, at + values.length);
          at += values.length;
          // what linear attention does not learn has no gradient of ours
          const learns = (j: number) => own[j] !== 0 || model !== "linear";
          const apart = truth.map((value, j) => (learns(j) ? value - own[j] : 0));
          expect(norm(apart) / (norm(truth) || 1), name).toBeLessThan(1e-4);
        }
      });
    },
  );
});

function norm(values: Floats): number {
  return Math.hypot(...values);
}
