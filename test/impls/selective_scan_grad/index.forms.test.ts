/** The backward scan on compiled kernels: several stretches of blocks, parts of groups, documents, equal bits on any number of threads. */
import { afterAll, describe, expect, it } from "vitest";
import { givenDocuments } from "../../../impls/documents.js";
import type { AnyImplementation } from "../../../impls/implementation.js";
import { type Problem, randomProblem } from "../../../impls/operator.js";
import { implementations, selectiveScanGrad } from "../../../impls/selective_scan_grad/index.js";
import type { GivenTensor } from "../../../impls/tensor.js";
import { materialise } from "../../../suites/mutants/mutate.js";
import { bitsOf, closeKernels, kernelsOf, run } from "../kernels.js";
import { agreement } from "../truth.js";

afterAll(closeKernels);

const seed = 3;
const optional = ["D", "z", "deltaBias", "initialState", "dFinalState"] as const;
/** More than two stretches of 256 tokens, and groups of more than one slice of channels. */
const dims = { batch: 2, length: 530, heads: 2, groups: 2, headDim: 19, state: 5 };

describe.each(kernelsOf(implementations as readonly AnyImplementation[], "scan"))("$name", (kernel) => {
  const { impl, engine } = kernel;

  it.each([
    {
      title: "a training pass with every option",
      more: { with: optional, settings: { softplus: true, training: true } },
    },
    { title: "documents", more: { with: ["documents", "z", "initialState", "dFinalState"] as const } },
    { title: "constant B", more: { layouts: { B: ["heads", "headDim", "state"] } } },
    { title: "constant C", more: { layouts: { C: ["heads", "headDim", "state"] } } },
  ])("stays within the bounds: $title", async ({ more }) => {
    const problem = randomProblem(selectiveScanGrad, { dims, seed, ...more }) as Problem;
    const { probable, worst } = await agreement(
      impl as never,
      problem as never,
      { threads: 1 },
      engine as never,
    );
    expect(probable, worst).toBeLessThanOrEqual(1);
  });

  it("gives the same bits on two threads, and again", async () => {
    const problem = randomProblem(selectiveScanGrad, { dims, seed, with: optional }) as Problem;
    const first = bitsOf(await run(kernel, problem, 1));
    for (const threads of [2, 2]) expect(bitsOf(await run(kernel, problem, threads))).toBe(first);
  });

  it("keeps a NaN of one document out of the gradients of another's tokens", async () => {
    const lengths = [70, 5, 55];
    const size = { batch: 1, length: 130, heads: 1, groups: 1, headDim: 3, state: 5 };
    const random = randomProblem(selectiveScanGrad, { dims: size, seed }) as Problem;
    const withNaN = (name: string): GivenTensor => {
      const source = materialise(selectiveScanGrad, random, name);
      return {
        ...source,
        data: source.data.map((value, i) => (Math.floor(i / 3) === 72 ? Number.NaN : value)),
      };
    };
    const inputs = {
      ...random.inputs,
      u: withNaN("u"),
      dY: withNaN("dY"),
      documents: givenDocuments([lengths]),
    };
    const outputs = await run(kernel, { ...random, inputs } as Problem);
    for (const [name, width] of Object.entries({ du: 3, ddelta: 3, dB: 5, dC: 5 })) {
      const lost = [...outputs[name]].map((value) => Number.isNaN(value));
      expect(lost.slice(70 * width, 75 * width), name).toContain(true);
      expect([...lost.slice(0, 70 * width), ...lost.slice(75 * width)], name).not.toContain(true);
    }
  });
});
