/**
 * One step's gradients of a two-layer model beside the same in torch, in turns: ours on two cores, torch's by autograd in plain operations.
 * Losses and gradients are held against torch's in float64 first. Nothing else should run meanwhile.
 *
 *     node --import tsx scripts/tools/training-step.ts [model=mamba2] [width=64] [length=256] [batch=16] [turns=5]
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { LanguageModel } from "../../impls/learning/model.js";
import { openTraining } from "../../impls/training/index.js";
import { formatDuration } from "../../reports/format.js";
import { layersFor, MODELS, type ModelName } from "../../suites/learning/models.js";
import { mqarExamples, POWER, VOCABULARY } from "../../suites/learning/mqar.js";
import type { TrainingSpec } from "../../suites/learning/spec.js";
import { findTorch } from "../../suites/learning/torch-run.js";
import { torchSpec } from "../../suites/learning/torch-spec.js";

const PROGRAM = fileURLToPath(new URL("../../impls/engines/torch/learning/gradients.py", import.meta.url));
const REPEATS = 4;

const [model = "mamba2", width = "64", length = "256", batch = "16", turns = "5"] = process.argv.slice(2);
if (!MODELS.some((name) => name === model))
  throw new Error(`there is no model ${model}; there are ${MODELS}`);
const pairs = Number(length) / 8;
const task = { length: Number(length), pairs, vocabulary: VOCABULARY, power: POWER, fill: "random" } as const;
const spec: TrainingSpec = {
  ...{ suite: "mqar", task: { kind: "mqar", ...task, stages: [pairs] }, model: model as ModelName },
  shape: {
    batch: Number(batch),
    length: task.length,
    modelDim: Number(width),
    layers: 2,
    state: 64,
    attending: 1,
  },
  ...{ steps: 1, warmUp: 0, rate: 1e-3, seed: 0, every: 1, tests: Number(batch), enough: 1 },
};
const training = await openTraining();
const ours = await LanguageModel.open(training, layersFor(spec.model, spec.shape), VOCABULARY, spec.seed);
const { tokens, targets } = mqarExamples(task, spec.seed, 0, spec.shape.batch);
const folder = mkdtempSync(join(tmpdir(), "dualbench-step-"));
const python = findTorch();

function torch(repeats: number, threads: number) {
  const files = { theta: join(folder, "theta"), out: join(folder, "out") };
  writeFileSync(
    files.theta,
    Buffer.concat(ours.parameters.map(({ values }) => Buffer.from(values.slice().buffer))),
  );
  const input = JSON.stringify([
    {
      spec: torchSpec(spec),
      ...files,
      ...{ repeats, threads },
      tokens: [...tokens],
      targets: [...targets],
    },
  ]);
  const { stdout, stderr, status } = spawnSync(python, [PROGRAM], {
    input,
    encoding: "utf8",
    maxBuffer: 2 ** 26,
  });
  if (status !== 0) throw new Error(stderr);
  const bytes = readFileSync(files.out);
  return {
    ...JSON.parse(stdout)[0],
    gradient: new Float64Array(bytes.buffer, bytes.byteOffset, bytes.length / 8),
  } as {
    readonly loss: number;
    readonly stepNs: readonly number[];
    readonly threads: number;
    readonly gradient: Float64Array;
  };
}

/** Between our gradient and another, as a share of its norm. */
function distance(gradient: Float64Array): number {
  let [at, apart, size] = [0, 0, 0];
  for (const { gradient: own } of ours.parameters)
    for (let i = 0; i < own.length; i++, at++) {
      apart += (own[i] - gradient[at]) ** 2;
      size += gradient[at] ** 2;
    }
  return Math.sqrt(apart / size);
}

function step(): number {
  const start = performance.now();
  ours.gradients(tokens, targets);
  return (performance.now() - start) * 1e6;
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const sentence = (who: string, times: readonly number[]) =>
  `${who}: least ${formatDuration(Math.min(...times))}, median ${formatDuration(median(times))} of ${times.length}`;

// torch's threads may cost more than they give where others work too: it has its better one
const counts = [...new Set([1, availableParallelism()])];
const own: number[] = [];
const theirs = new Map(counts.map((threads) => [threads, [] as number[]]));
try {
  step();
  const { loss } = ours.gradients(tokens, targets);
  for (let turn = 0; turn < Number(turns); turn++)
    for (const threads of counts) {
      const answer = torch(REPEATS, threads);
      theirs.get(threads)!.push(...answer.stepNs.slice(1));
      for (let i = 0; i < 3 * REPEATS; i++) own.push(step());
      if (turn > 0 || threads > 1) continue;
      const off = distance(answer.gradient).toExponential(2);
      console.log(`loss ${loss}, torch in float64 ${answer.loss}; gradients differ by ${off} of their norm`);
    }
} finally {
  rmSync(folder, { recursive: true });
  training.close();
}
console.log(`${model}, width ${width}, length ${length}, batch ${batch}, forward and backward:`);
console.log(sentence(`ours on ${training.engine} with ${training.threads} threads`, own));
for (const [threads, times] of theirs) console.log(sentence(`torch with ${threads} threads`, times));
const all = [...theirs.values()];
const ratio = (of: (times: readonly number[]) => number) => (Math.min(...all.map(of)) / of(own)).toFixed(2);
console.log(
  `torch takes ${ratio((times) => Math.min(...times))} times as long by least times, ${ratio(median)} by medians`,
);
