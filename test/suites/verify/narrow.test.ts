/** A narrowed run looks at what it was asked for, and a few shapes hold all of its problems. */
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { laws } from "../../../suites/laws/index.js";
import type { Law, LawCase } from "../../../suites/laws/law.js";
import { parseFilter } from "../../../suites/plan/filter.js";
import { narrowed } from "../../../suites/verify/narrow.js";
import { runRandom } from "../../../suites/verify/random.js";
import { cpuTargets } from "../targets.js";

const seed = 7;
const everything = { laws: [], operators: [], seed };

it("leaves only the laws and operators that were named", async () => {
  const left = await narrowed(laws, { ...everything, laws: ["causality"], operators: ["ssd"] }, cpuTargets);
  expect(left.map(({ name }) => name)).toEqual(["causality"]);
  expect(left[0].operators.map(({ name }) => name)).toEqual(["ssd"]);
});

it(`draws problems of three shapes with values of their own, seed ${seed}`, async () => {
  const narrowing = { ...everything, laws: ["forms-agree"], operators: ["ssd"], shapes: 3 };
  const [law] = (await narrowed(laws, narrowing, cpuTargets)) as Law[];
  const drawn = fc.sample(law.cases(law.operators[0]), { seed, numRuns: 60 }) as LawCase[];
  const shapes = drawn.map(({ spec: { dims, with: inputs, settings, dtype } }) =>
    JSON.stringify([dims, inputs, settings, dtype]),
  );
  expect(new Set(shapes).size).toBe(3);
  expect(new Set(drawn.map(({ spec }) => spec.decay)).size).toBeGreaterThan(4);
});

it(`looks at the options that a filter names, and takes shapes that they take, seed ${seed}`, async () => {
  const narrowing = { ...everything, laws: ["forms-agree"], operators: ["ssd", "attention"], shapes: 4 };
  const subjects = parseFilter("ssd/chunked");
  const left = await narrowed(laws, { ...narrowing, subjects }, cpuTargets);
  const { table, failed } = await runRandom({ cases: 12, seed, targets: cpuTargets, laws: left });
  expect(failed).toBe(0);
  expect(table.rows().map(({ implementation }) => implementation)).toEqual(["ssd/chunked.cpu"]);
  expect(left[0].operators.map(({ name }) => name)).toEqual(["ssd"]);
});
