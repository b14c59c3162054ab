/** The models against the same in plain operations of torch: tokens, first weights, loss and every gradient, by autograd in float64. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { LanguageModel } from "../../../impls/learning/model.js";
import { openTraining } from "../../../impls/training/index.js";
import { layersFor, type ModelName } from "../../../suites/learning/models.js";
import { mqarExamples } from "../../../suites/learning/mqar.js";
import type { TrainingSpec } from "../../../suites/learning/spec.js";
import { torchSpec } from "../../../suites/learning/torch-spec.js";

const scripts = fileURLToPath(new URL("../../../impls/engines/torch/learning/", import.meta.url));
const python = [process.env.DUALBENCH_PYTHON, "/usr/bin/python3", "python3"].find(
  (name) => name && spawnSync(name, ["-c", "import torch"]).status === 0,
);
const folder = mkdtempSync(join(tmpdir(), "dualbench-learning-"));
afterAll(() => rmSync(folder, { recursive: true }));

function run(script: string, input: unknown): string {
  const { stdout, stderr, status } = spawnSync(python!, [join(scripts, script)], {
    input: JSON.stringify(input),
    encoding: "utf8",
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return stdout;
}

const SEED = 40;

/** Odd sizes where a model takes them: two chunks of the scan, heads of 64 and of the rest. */
function specOf(model: ModelName, modelDim: number, pairs = 4): TrainingSpec {
  const task = {
    kind: "mqar",
    length: 32,
    pairs,
    vocabulary: 22,
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

describe.skipIf(!python)("torch", () => {
  it.each(CASES)(
    "%s of width %i begins with the same weights, and has the same loss and gradients",
    async (model, width) => {
      const spec = specOf(model, width);
      const training = await openTraining({ engine: "cpu" });
      const ours = await LanguageModel.open(training, layersFor(model, spec.shape), 22, SEED);
      const { tokens, targets } = mqarExamples(spec.task as never, SEED, 0, spec.shape.batch);
      const theta = Float32Array.from(ours.parameters.flatMap(({ values }) => [...values]));
      const files = { theta: join(folder, "theta"), out: join(folder, "out"), begin: join(folder, "begin") };
      writeFileSync(files.theta, theta);
      const wanted = torchSpec(spec);
      expect(wanted.layout.map(([name]) => name)).toEqual(ours.parameters.map(({ name }) => name));
      const answer = run("gradients.py", {
        spec: wanted,
        ...files,
        tokens: [...tokens],
        targets: [...targets],
      });
      const { loss, correct } = JSON.parse(answer);
      const score = ours.gradients(tokens, targets);
      expect(score.correct).toBe(correct);
      expect(Math.abs(score.loss - loss)).toBeLessThan(1e-5 * loss);
      const bytes = readFileSync(files.out);
      const truth = new Float64Array(bytes.buffer, bytes.byteOffset, bytes.length / 8);
      let at = 0;
      for (const { name, values, gradient } of ours.parameters) {
        const own = truth.slice(at, at + values.length);
        at += values.length;
        // what does not learn has no gradient of ours
        const learns = (i: number) => gradient[i] !== 0 || model !== "linear";
        const size = Math.hypot(...own);
        const off = Math.hypot(...own.map((value, i) => (learns(i) ? value - gradient[i] : 0)));
        expect(off / (size || 1), name).toBeLessThan(1e-4);
      }
      const begun = readFileSync(files.begin);
      const first = new Float32Array(begun.buffer, begun.byteOffset, begun.length / 4);
      expect(first.length).toBe(theta.length);
      expect(
        Math.max(...first.map((value, i) => Math.abs(value - theta[i]) / (1e-3 + Math.abs(theta[i])))),
      ).toBeLessThan(1e-6);
      training.close();
    },
  );
});
