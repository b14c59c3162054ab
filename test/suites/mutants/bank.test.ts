/** The bank of patches: each fits the file it is for, today. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { implementationName } from "../../../impls/implementation.js";
import { implementations } from "../../../impls/index.js";
import { patches } from "../../../suites/mutants/bank/index.js";
import { applied, type Patch } from "../../../suites/mutants/bank/patch.js";

const sourceOf = ({ file }: Patch) =>
  readFileSync(new URL(`../../../impls/${file}`, import.meta.url), "utf8");
const kindOf = ({ file }: Patch) => /\.(as\.ts|ts|wgsl|cu|c|h|py)$/.exec(file)?.[1];

describe("the bank of mutants", () => {
  it.each(patches)("$name stands exactly once in $file", (patch) => {
    const before = sourceOf(patch);
    const after = applied(patch, before);
    expect(after).not.toBe(before);
    expect(after.length - before.length).toBe(patch.replace.length - patch.find.length);
  });

  it("names each mutant once, for a kernel that there is, in a sentence", () => {
    const kernels = implementations.map(implementationName);
    expect(new Set(patches.map(({ name }) => name)).size).toBe(patches.length);
    expect(patches.filter(({ kernel }) => !kernels.includes(kernel))).toEqual([]);
    expect(patches.filter(({ bug }) => bug.length < 20 || bug.endsWith("."))).toEqual([]);
  });

  it("holds at least sixty that need no card, in four kinds of file at least", () => {
    const here = patches.filter(({ kernel }) => !kernel.endsWith(".cuda"));
    expect(here.length).toBeGreaterThanOrEqual(60);
    expect(new Set(here.map(kindOf))).toEqual(new Set(["ts", "as.ts", "wgsl", "c", "h", "py"]));
  });

  it("refuses a piece that is gone, that stands twice, or that stays as it was", () => {
    const [patch] = patches;
    expect(() => applied({ ...patch, find: "a" }, "b")).toThrow("stands 0 times");
    expect(() => applied({ ...patch, find: "a" }, "a a")).toThrow("stands 2 times");
    expect(() => applied({ ...patch, find: "a", replace: "a" }, "a")).toThrow("changes nothing");
    expect(applied({ ...patch, find: "a", replace: "$&" }, "a")).toBe("$&");
  });
});
