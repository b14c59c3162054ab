/** Every law holds on every implementation of the cpu engine; a failure prints the command that replays it. */
import { describe, expect, it } from "vitest";
import { implementations } from "../../../impls/index.js";
import { laws } from "../../../suites/laws/index.js";
import { splitResume } from "../../../suites/laws/split-resume.js";
import type { Spec } from "../../../suites/problems/spec.js";
import { runRandom } from "../../../suites/verify/random.js";
import { type Subject, subjectOf } from "../../../suites/verify/subject.js";
import { cpuTarget, cpuTargets } from "../targets.js";

const seed = 20_240_531;

describe(`laws, seed ${seed}`, () => {
  it.each(laws)("$name: $states", async (law) => {
    const { failures, checks } = await runRandom({ cases: 24, seed, targets: cpuTargets, laws: [law] });
    const lines = failures.map(
      ({ target, counterexample, token }) =>
        `${target}\n  ${counterexample.join("\n  ")}\n  npm run verify -- --replay ${token}`,
    );
    expect(lines.join("\n")).toBe("");
    expect(checks).toBeGreaterThan(0);
  });

  it("each states its source and what it promises", () => {
    for (const { states, source, name } of laws) {
      expect(states.length, name).toBeGreaterThan(20);
      expect(source, name).toMatch(/arXiv|IEEE/);
    }
    expect(new Set(laws.map(({ name }) => name)).size).toBe(laws.length);
  });
});

describe("split-resume on runs that differ in their last digits", () => {
  const spec: Spec = {
    operator: "selective_scan",
    dims: { batch: 1, length: 33, heads: 1, groups: 1, headDim: 1, state: 1 },
    seed: 0,
    values: "coherent",
    decay: "none",
    with: ["initialState"],
    alternative: [],
    settings: { softplus: false },
    dtype: 0,
  };
  const impl = implementations.find(
    ({ operator, engine }) => operator.name === "selective_scan" && engine === "cpu",
  )!;

  /** The one-shot run is off by a factor, as that of a kernel which orders its sums differently. */
  function offBy(factor: number): Subject {
    const subject = subjectOf(cpuTarget(impl), "f32", {});
    return {
      ...subject,
      async run(problem, options) {
        const run = await subject.run(problem, options);
        const whole = problem.dims.length === spec.dims.length;
        const Y = Float64Array.from(run.values.Y, (value) => (whole ? value * factor : value)) as never;
        return { ...run, values: { ...run.values, Y } };
      },
    };
  }

  // a first part longer than, as long as, and shorter than the second
  it.each([32, 17, 16, 1])("allows what the bounds allow, cut after %i tokens", async (first) => {
    expect(await splitResume.holds({ spec, first }, offBy(1 + 2 ** -28))).toEqual({ ok: true });
  });

  it.each([32, 17, 16, 1])("names a bound that is a number, cut after %i tokens", async (first) => {
    const finding = await splitResume.holds({ spec, first }, offBy(1.01));
    expect(finding?.ok).toBe(false);
    expect(JSON.stringify(finding)).toMatch(/may differ by \d/);
  });
});
