/** Decoding is timed over the tokens before a step and over sequences together, when it is named. */
import { expect, it } from "vitest";
import { decode } from "../../suites/decode.js";
import { chooseSuites } from "../../suites/index.js";
import { caseKeys } from "../../suites/plan/case-keys.js";

it("runs only when it is named", () => {
  expect(chooseSuites([])).not.toContain(decode);
  expect(chooseSuites(["decode"])).toEqual([decode]);
});

it("asks each operator along both axes, and has their common point", () => {
  for (const grid of ["quick", "default", "paper"] as const) {
    const curves = decode.curves(grid, 1).filter(({ problems }) => problems[0].dtype === "f32");
    expect(curves.map(({ operator }) => operator.name)).toEqual([
      ...["ssd_decode", "ssd_decode", "selective_scan_decode", "selective_scan_decode"],
      ...["attention_decode", "attention_decode"],
    ]);
    for (let i = 0; i < curves.length; i += 2) {
      const [over, along] = [curves[i], curves[i + 1]].map(({ problems }) =>
        problems.map(({ dims }) => dims as Record<string, number>),
      );
      expect(new Set(over.map(({ batch }) => batch)).size).toBe(1);
      expect(new Set(along.map(({ context }) => context)).size).toBe(1);
      expect(over.map(({ context }) => context)).toContain(along[0].context);
      expect(along.at(-1)?.batch).toBe(64);
      if (grid !== "quick") expect([over[0].context, over.at(-1)?.context]).toEqual([512, 524288]);
    }
  }
});

it("says in a case's id how many tokens came before, and no length", () => {
  const [{ problems }] = decode.curves("quick", 1);
  expect(caseKeys(problems[0], {}, undefined)).toMatchObject({ batch: 1, heads: 4, state: 64, context: 512 });
  expect(caseKeys(problems[0], {}, undefined)).not.toHaveProperty("length");
});

it("costs a state the same after any number of tokens, and a cache in proportion", () => {
  const curves = decode.curves("default", 1);
  const costs = (i: number) =>
    curves[i].problems.map((problem) => curves[i].operator.cost(problem as never).bytes);
  for (const i of [0, 2]) expect(new Set(costs(i)).size).toBe(1);
  const cache = costs(4);
  expect(cache.at(-1)! / cache[0]).toBeGreaterThan(1000);
});
