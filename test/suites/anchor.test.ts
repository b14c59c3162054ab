/** The outside anchor is one shape, the same on every grid, and runs only when it is named. */
import { expect, it } from "vitest";
import { anchor } from "../../suites/anchor.js";
import { chooseSuites } from "../../suites/index.js";

it("runs only when it is named", () => {
  expect(chooseSuites([])).not.toContain(anchor);
  expect(chooseSuites(["anchor"])).toEqual([anchor]);
});

it.each(["quick", "default", "paper"] as const)(
  "is batch 2, length 2,048, 64 heads of 64, N = 64, one group on grid %s",
  (grid) => {
    const curves = anchor.curves(grid, 1);
    expect(curves.length).toBeGreaterThan(0);
    for (const { operator, problems } of curves) {
      expect(operator.name).toBe("ssd");
      expect(problems.map(({ dims }) => dims)).toEqual([
        { batch: 2, length: 2048, heads: 64, groups: 1, headDim: 64, state: 64 },
      ]);
    }
  },
);
