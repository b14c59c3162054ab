/** Tensor ops on WebGPU: TensorFlow.js's own kernels, run by Dawn on SwiftShader. */
import { describe, expect, it } from "vitest";
import { EngineAbsent } from "../../../../impls/engines/engine.js";
import { open } from "../../../../impls/engines/tfjs.js";
import { implementationName } from "../../../../impls/implementation.js";
import { implementations } from "../../../../impls/index.js";
import { dimsFrom, type Problem, randomProblem } from "../../../../impls/operator.js";
import { agreement } from "../../truth.js";
import "../webgpu/poll.js";

const dims: Record<string, number> = {
  ...{ batch: 2, length: 37, context: 37, heads: 2, groups: 1 },
  ...{ headDim: 3, headDimV: 3, state: 4 },
  // of whole blocks
  ...{ modelDim: 5, inner: 6, rank: 2, width: 4, past: 3 },
};

// first: an instance that found an adapter would answer for it
it("without a GPU is absent in one sentence", async ({ skip }) => {
  const error = await open("webgpu").catch((reason: unknown) => reason);
  if (!(error instanceof Error)) {
    console.log("the sentence of an absent GPU is not tested: this machine has one");
    return skip();
  }
  expect(error).toBeInstanceOf(EngineAbsent);
  expect(error.message).toMatch(/^[^\n]+; TensorFlow.js on WebGPU needs a GPU and its/);
});

describe("on SwiftShader", async () => {
  const engine = await open("webgpu", { software: true });
  const all = [];
  for (const impl of implementations.filter(({ engine }) => engine === "tfjs")) {
    const absent = await impl.absent?.(engine);
    if (absent === undefined) all.push(impl);
    else console.log(`${implementationName(impl)} is not tried: ${absent}`);
  }

  it.each(all.map((impl) => [implementationName(impl), impl] as const))(
    "%s is within its bound, leaves no tensor behind and repeats its bits",
    async (_name, impl) => {
      const problem = randomProblem(impl.operator, { dims: dimsFrom(impl.operator, dims) }) as Problem;
      const before = engine.tf.memory().numTensors;
      const [options] = (await impl.options?.(problem, engine)) ?? [{}];
      const { certified, worst } = await agreement(impl, problem, options, engine);
      expect(certified, worst).toBeLessThanOrEqual(1);
      expect(engine.tf.memory().numTensors).toBe(before);
    },
  );

  it("waits for its work: a clock that only saw the queue would say microseconds", async () => {
    const a = engine.tf.ones([256, 256]);
    let latest = a;
    const { hostNs } = await engine.time(() => {
      latest = engine.tf.matMul(latest as never, a as never) as never;
    }, 1);
    expect(hostNs).toBeGreaterThan(0);
    expect((await latest.data())[0]).toBe(256);
  });
});
