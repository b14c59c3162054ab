import { expect, it } from "vitest";
import type { Problem } from "../../impls/operator.js";
import { checked } from "../../impls/operator.js";
import { documents } from "../../suites/documents.js";
import { chooseSuites } from "../../suites/index.js";
import { caseKeys } from "../../suites/plan/case-keys.js";

it("packs one total in several ways beside the row as one sequence, on every grid", () => {
  for (const grid of ["quick", "default", "paper"] as const)
    for (const { operator, problems } of documents.curves(grid, 1)) {
      const [whole, ...packed] = problems as Problem[];
      expect(whole.inputs.documents, operator.name).toBeUndefined();
      expect(new Set(problems.map(({ dims }) => JSON.stringify(dims))).size, operator.name).toBe(1);
      const labels = packed.map((problem) => caseKeys(checked(operator, problem), {}, undefined).documents);
      expect(new Set(labels).size).toBe(packed.length);
      for (const label of labels) expect(label).toMatch(/^(even|skewed)-\d+$/);
      expect(caseKeys(whole, {}, undefined).documents).toBeUndefined();
    }
});

it("runs only when it is named", () => {
  expect(chooseSuites([])).not.toContain(documents);
  expect(chooseSuites(["documents"])).toEqual([documents]);
});
