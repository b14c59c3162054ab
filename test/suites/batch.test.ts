import { expect, it } from "vitest";
import { batch } from "../../suites/batch.js";
import { chooseSuites } from "../../suites/index.js";

it("sweeps nothing but the batch, on every grid", () => {
  for (const grid of ["quick", "default", "paper"] as const)
    for (const { operator, problems } of batch.curves(grid, 1)) {
      const batches = problems.map(({ dims }) => (dims as Readonly<Record<string, number>>).batch);
      expect(batches[0], operator.name).toBe(1);
      expect(batches.slice(1), operator.name).toEqual(batches.slice(0, -1).map((size) => 2 * size));
      const others = problems.map(({ dims }) => JSON.stringify({ ...dims, batch: 0 }));
      expect(new Set(others).size, `${operator.name}: dimensions but the batch`).toBe(1);
    }
});

it("runs only when it is named", () => {
  expect(chooseSuites([])).not.toContain(batch);
  expect(chooseSuites(["batch"])).toEqual([batch]);
});
