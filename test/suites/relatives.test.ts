/** Relatives of SSD run when they are named, on the same sizes as SSD, and their chart has both axes. */
import { expect, it } from "vitest";
import { chartOf } from "../../reports/charts/index.js";
import { chooseSuites } from "../../suites/index.js";
import { caseKeys } from "../../suites/plan/case-keys.js";
import { relatives } from "../../suites/relatives.js";
import { syntheticRun } from "../reports/fixtures.js";
import { measuredRow } from "../reports/rows.js";

it("runs only when it is named", () => {
  expect(chooseSuites([])).not.toContain(relatives);
  expect(chooseSuites(["relatives"])).toEqual([relatives]);
});

it("asks mamba3 what it asks ssd, and says how many pairs turn only where they are not the usual ones", () => {
  const curves = relatives.curves("quick", 1);
  const sizes = (name: string) =>
    curves
      .filter(({ operator }) => operator.name === name)
      .map(({ problems }) => problems.map(({ dims }) => [dims.length, dims.state]));
  expect(sizes("mamba3")).toEqual(sizes("ssd"));
  expect(sizes("attention")).toHaveLength(1);
  const [problem] = curves[0].problems;
  expect(problem.dims).toMatchObject({ state: 64, pairs: 16 });
  expect(caseKeys(problem, {}, undefined)).not.toHaveProperty("pairs");
  const fewer = { ...problem, dims: { ...problem.dims, pairs: 3 } };
  expect(caseKeys(fewer, {}, undefined)).toMatchObject({ pairs: 3 });
});

const row = (operator: string, length: number, state: number) =>
  measuredRow({
    ...{ suite: "relatives", operator, form: "chunked", length, state },
    id: `${operator}/chunked.cpu dtype=f32 batch=1 length=${length} heads=1 groups=1 headDim=64 state=${state}`,
  });
const rows = ["mamba3", "ssd"].flatMap((operator) => [
  ...[512, 1024, 4096].map((length) => row(operator, length, 64)),
  ...[16, 256].map((state) => row(operator, 4096, state)),
]);

it("draws time over length beside time over state, each of its own rows", () => {
  const text = JSON.stringify(chartOf("relatives", rows)(syntheticRun(), rows));
  expect(text.split("Time over sequence length").length - 1).toBe(1);
  expect(text.split("Time over state size").length - 1).toBe(1);
  expect(text).toContain("N = 64");
  expect(text).toContain("length 4K");
});
