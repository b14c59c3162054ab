import { truncateSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { randomProblem } from "../../../impls/operator.js";
import { ssd } from "../../../impls/ssd/operator.js";
import { readLanes, writeLanes } from "../../../suites/check/lane-file.js";
import { temporary } from "../../scripts/cli.js";

const problem = randomProblem(ssd, {
  dims: { batch: 2, length: 9, heads: 1, groups: 1, headDim: 2, state: 3 },
});
const lanes = [
  { kind: "element", index: 3 },
  { kind: "projection", index: 0 },
] as const;

it("a reference is read back lane by lane, bit for bit", () => {
  const file = join(temporary(), "lanes");
  writeLanes(file, ssd.reference(problem, lanes));
  expect([...readLanes(file)]).toEqual([...ssd.reference(problem, lanes)]);
});

it("a file that ends early is an error, not a shorter reference", () => {
  const file = join(temporary(), "lanes");
  writeLanes(file, ssd.reference(problem, lanes));
  truncateSync(file, 200);
  expect(() => [...readLanes(file)]).toThrow(/ends early/);
});
