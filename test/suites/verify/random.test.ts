import { expect, it } from "vitest";
import { ssd } from "../../../impls/ssd/index.js";
import { laws } from "../../../suites/laws/index.js";
import { runRandom } from "../../../suites/verify/random.js";
import { cpuTargets } from "../targets.js";

it("finds the same in shares as in one run", async () => {
  const targets = cpuTargets.filter(({ impl }) => impl.operator.name === ssd.name);
  const some = laws.filter(({ name }) => ["forms-agree", "scan-is-ssd"].includes(name));
  const run = (share?: { index: number; count: number }) =>
    runRandom({ cases: 3, seed: 4, targets, laws: some, share });
  const whole = await run();
  const parts = [await run({ index: 1, count: 2 }), await run({ index: 2, count: 2 })];
  const sum = (of: (part: typeof whole) => number) => parts.reduce((all, part) => all + of(part), 0);

  expect(parts.every(({ checks }) => checks > 0 && checks < whole.checks)).toBe(true);
  expect([sum(({ checks }) => checks), sum(({ failed }) => failed)]).toEqual([whole.checks, whole.failed]);
  for (const { implementation, worst } of whole.table.rows()) {
    const rows = parts.flatMap(({ table }) => table.rows());
    const same = rows.filter((row) => row.implementation === implementation);
    expect(Math.max(...same.map((row) => row.worst))).toBe(worst);
  }
  const tokens = (parts: readonly (typeof whole)[]) =>
    new Set(parts.flatMap(({ atlas }) => atlas.cells().map(({ token }) => token)));
  for (const token of tokens([whole])) expect(tokens(parts)).toContain(token);
});
