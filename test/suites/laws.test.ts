/** Every law holds on every implementation of the cpu engine; a failure prints the command that replays it. */
import { describe, expect, it } from "vitest";
import { laws } from "../../suites/laws/index.js";
import { runRandom } from "../../suites/verify/random.js";
import { cpuTargets } from "./targets.js";

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
