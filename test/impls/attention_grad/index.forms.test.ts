/** Attention's backward on compiled kernels: several segments, grouped heads, windows, documents, equal bits on any number of threads. */
import { afterAll, describe, expect, it } from "vitest";
import { attentionGrad, implementations } from "../../../impls/attention_grad/index.js";
import { givenDocuments } from "../../../impls/documents.js";
import type { AnyImplementation } from "../../../impls/implementation.js";
import { type Problem, randomProblem } from "../../../impls/operator.js";
import type { GivenTensor } from "../../../impls/tensor.js";
import { materialise } from "../../../suites/mutants/mutate.js";
import { bitsOf, closeKernels, kernelsOf, run } from "../kernels.js";
import { agreement } from "../truth.js";

afterAll(closeKernels);

const seed = 3;
/** More than one segment of 384 tokens, and no multiple of a block of 48. */
const square = { batch: 1, length: 410, context: 410, heads: 2, groups: 1, headDim: 9, headDimV: 5 };
const cross = { batch: 2, length: 50, context: 450, heads: 3, groups: 3, headDim: 5, headDimV: 9 };

describe.each(kernelsOf(implementations as readonly AnyImplementation[], "tiled"))("$name", (kernel) => {
  const { impl, engine } = kernel;

  it.each([
    { title: "a causal training pass", dims: square, settings: { training: true } },
    { title: "a window over more keys than queries", dims: cross, settings: { causal: false, window: 61 } },
    {
      title: "queries that see no key",
      dims: { ...cross, length: 450, context: 50 },
      settings: { causal: false, window: 30 },
    },
    { title: "documents", dims: square, settings: { causal: false }, documents: true },
  ])("stays within the bounds: $title", async ({ dims, settings, documents }) => {
    const more = documents ? { with: ["documents"] as const } : {};
    const problem = randomProblem(attentionGrad, { dims, seed, settings, ...more }) as Problem;
    const { probable, worst } = await agreement(
      impl as never,
      problem as never,
      { threads: 1 },
      engine as never,
    );
    expect(probable, worst).toBeLessThanOrEqual(1);
  });

  it("gives the same bits on two threads, and again", async () => {
    const problem = randomProblem(attentionGrad, {
      dims: square,
      seed,
      settings: { training: true },
    }) as Problem;
    const first = bitsOf(await run(kernel, problem, 1));
    for (const threads of [2, 2]) expect(bitsOf(await run(kernel, problem, threads))).toBe(first);
  });

  it("keeps a NaN of one document out of the gradients of another in the same block", async () => {
    const dims = { batch: 1, length: 40, context: 40, heads: 1, groups: 1, headDim: 3, headDimV: 3 };
    const random = randomProblem(attentionGrad, { dims, seed }) as Problem;
    const withNaN = (name: string): GivenTensor => {
      const source = materialise(attentionGrad, random, name);
      return {
        ...source,
        data: source.data.map((value, i) => (Math.floor(i / 3) === 16 ? Number.NaN : value)),
      };
    };
    const given = Object.fromEntries(["Q", "K", "V", "dY"].map((name) => [name, withNaN(name)]));
    const inputs = { ...given, documents: givenDocuments([[13, 8, 19]]) };
    const outputs = await run(kernel, { ...random, inputs } as Problem);
    for (const name of ["dQ", "dK", "dV"]) {
      const lost = [...outputs[name]].map((value) => Number.isNaN(value));
      expect(lost.slice(39, 63), name).toContain(true);
      expect([...lost.slice(0, 39), ...lost.slice(63)], name).not.toContain(true);
    }
  });
});
