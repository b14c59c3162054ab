/** What is written of a float64 truth is read back whole, optional parts of its bounds included. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { operators } from "../../../impls/index.js";
import { randomProblem } from "../../../impls/operator.js";
import { readLanes, writeLanes } from "../../../suites/runner/lane-file.js";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "dualbench-lanes-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

it.each(operators.map((operator) => [operator.name, operator] as const))("%s", (name, operator) => {
  const dims = Object.fromEntries(operator.dims.map((dim: string) => [dim, 2]));
  const lanes = [...operator.reference(randomProblem(operator, { dims }), [{ kind: "element", index: 1 }])];
  const file = join(folder, name);
  writeLanes(file, lanes);
  expect([...readLanes(file)]).toEqual(lanes);
});
