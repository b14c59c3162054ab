/** The named shapes are those of the models' own config files, each with its source, and run only when the suite is named. */
import { expect, it } from "vitest";
import { chooseSuites } from "../../suites/index.js";
import { models, WORKLOADS } from "../../suites/models.js";
import type { Curve } from "../../suites/suite.js";

const named = ({ problems, workloads = [] }: Curve) =>
  Object.fromEntries(problems.map(({ dims }, i) => [workloads[i], dims]));

it("runs only when it is named", () => {
  expect(chooseSuites([])).not.toContain(models);
  expect(chooseSuites(["models"])).toEqual([models]);
});

it("has the widths that the models publish: expand 2, heads of 64, one group unless said", () => {
  const one = { batch: 1, length: 2048, headDim: 64, groups: 1, state: 128 };
  for (const curve of models.curves("default", 1))
    expect(named(curve)).toEqual({
      "mamba2-130m": { ...one, heads: 24 },
      "mamba2-370m": { ...one, heads: 32 },
      "mamba2-780m": { ...one, heads: 48 },
      "mamba2-1.3b": { ...one, heads: 64 },
      "mamba2-2.7b": { ...one, heads: 80 },
      "nemotron-h-8b": { ...one, heads: 128, groups: 8 },
      "cudnn-benchmark": { ...one, batch: 2, heads: 64, state: 64 },
    });
  for (const { name, source } of WORKLOADS) expect(source, name).toMatch(/config\.json|suite anchor/);
});

it.each(["quick", "default", "paper"] as const)("begins with what is cheapest on grid %s", (grid) => {
  for (const { operator, problems } of models.curves(grid, 1)) {
    const flops = problems.map((problem) => operator.cost(problem).flops);
    expect(flops).toEqual(flops.toSorted((a, b) => a - b));
  }
});
