/** The library entry, through the example that the README shows. */
import { expect, it } from "vitest";
import { timesByForm, worstError } from "../../examples/library.js";
import { implementation, runSuite, ssd, verifyImplementation } from "../../index.js";

it("verifies a kernel of the user's own", async () => {
  expect(await worstError(20)).toBeLessThanOrEqual(1);
});

it("names the element that a wrong kernel gets wrong", async () => {
  const zeros = implementation(ssd, "cpu", {
    form: "recurrent",
    source: "none: it does nothing",
    rounding: () => ({ accumulate: 2 ** -24, storage: 0, roundings: 0, longestSum: 0, decay: "segsum" }),
    prepare: (engine, problem) => {
      const outputs = engine.outputs(ssd, problem);
      return engine.prepared(ssd, problem, outputs, () => {
        outputs.Y.fill(0);
        outputs.finalState.fill(0);
      });
    },
  });
  const { ok, failures } = await verifyImplementation(zeros, { cases: 10 });
  expect(ok).toBe(false);
  expect(failures[0].counterexample.join("\n")).toMatch(/\[batch=0 .*: got 0, wanted/);
});

it("times forms and gives rows", async () => {
  const times = await timesByForm(512);
  expect([...times.keys()].sort()).toEqual(["chunked", "quadratic", "recurrent"]);
  for (const ns of times.values()) expect(ns).toBeGreaterThan(0);
}, 120_000);

it("says which names it knows", async () => {
  await expect(runSuite({ engines: ["abacus"] })).rejects.toThrow(
    /there is no engine "abacus"; there are .*cpu/,
  );
  await expect(runSuite({ suites: ["sudoku"] })).rejects.toThrow(/there is no suite "sudoku"/);
});
