/** The library's verification: success needs evidence, options are checked, and a kernel's own problem is its own. */
import { describe, expect, it } from "vitest";
import { type AnyImplementation, implementationName } from "../../impls/implementation.js";
import { implementations } from "../../impls/index.js";
import { planSuite, verifyImplementation } from "../../suites/library.js";

const named = (name: string): AnyImplementation =>
  implementations.find((impl) => implementationName(impl) === name)!;
const good = named("ssd/recurrent.cpu");

describe("verifyImplementation", () => {
  it.each<[string, Partial<AnyImplementation>, RegExp]>([
    [
      "has no options for any problem",
      { options: () => [] },
      /^nothing was checked: its options\(\) gives none/,
    ],
    [
      "takes no problem",
      { unsupported: () => "takes headDim 48 only" },
      /^nothing was checked: takes headDim 48 only$/,
    ],
  ])("is not ok where an implementation %s", async (_what, more, reason) => {
    const {
      ok,
      checks,
      failed,
      reason: said,
    } = await verifyImplementation({ ...good, ...more }, { cases: 5 });
    expect([ok, checks, failed]).toEqual([false, 0, 0]);
    expect(said).toMatch(reason);
  });

  it.each([
    "ssd/recurrent.cpu",
    "attention/tiled.cpu",
    "convolution/fft.cpu",
    "masked_attention/quadratic.cpu",
    "selective_scan/recurrent.cpu",
  ])("is not fooled where %s clears the problem that it is given", async (name) => {
    const impl = named(name);
    const clears: AnyImplementation = {
      ...impl,
      async prepare(engine: never, problem, options) {
        const prepared = await impl.prepare(engine, problem, options);
        const outputs = (await prepared.read()) as Record<string, Float32Array>;
        for (const source of Object.values(problem.inputs) as (
          | { kind: string; data: Float64Array }
          | undefined
        )[])
          if (source?.kind === "given") source.data.fill(0);
        return { ...prepared, run: () => Object.values(outputs).forEach((values) => void values.fill(0)) };
      },
    };
    const { ok, checks, failed } = await verifyImplementation(clears, { cases: 6 });
    expect(checks).toBeGreaterThan(5);
    expect([ok, failed > 5]).toEqual([false, true]);
  });

  it("shows what options(), prepare, run and unsupported throw", async () => {
    const boom = () => {
      throw new Error("no card today");
    };
    for (const more of [{ options: boom }, { prepare: boom }, { unsupported: boom }]) {
      const { ok, failures } = await verifyImplementation({ ...good, ...more }, { cases: 3 });
      expect(ok).toBe(false);
      expect(failures[0].counterexample.join("\n")).toContain("no card today");
    }
  });

  it.each<[Parameters<typeof verifyImplementation>[1], RegExp]>([
    ...[0, -5, Number.NaN, 1.5, 1e9].map((cases): [{ cases: number }, RegExp] => [
      { cases },
      /^cases is .*; it takes a whole number from 1 to/,
    ]),
    ...[-1, 1.5, Number.NaN, 2 ** 40].map((seed): [{ seed: number }, RegExp] => [
      { seed },
      /^seed is .*; it takes a whole number from 0 to/,
    ]),
  ])("refuses %j", async (options, reason) => {
    await expect(verifyImplementation(good, options)).rejects.toThrow(reason);
  });

  it("refuses operators and engines that are unknown", async () => {
    const mine = { ...good, operator: { ...good.operator, name: "mine" } };
    await expect(verifyImplementation(mine)).rejects.toThrow(/^there is no operator "mine"; there are ssd/);
    await expect(verifyImplementation({ ...good, engine: "abacus" as "cpu" })).rejects.toThrow(
      /^there is no engine "abacus"/,
    );
    await expect(verifyImplementation(undefined as never)).rejects.toThrow(/^there is no operator undefined/);
  });
});

it.each<[object, RegExp]>([
  [{ grid: "huge" }, /^there is no grid "huge"; there are quick, default, paper/],
  [{ seed: -1 }, /^seed is -1/],
  [{ seed: "1" }, /^seed is "1"/],
  [{ suites: ["nothing"] }, /^there is no suite "nothing"/],
  [{ engines: ["abacus"] }, /^there is no engine "abacus"/],
])("a suite's options are checked: %j", async (options, reason) => {
  await expect(planSuite(options)).rejects.toThrow(reason);
});
