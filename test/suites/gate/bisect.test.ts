/** The search alone, over ranges where the truth is planted, and fed by the gate's own rule on drawn ratios. */
import { describe, expect, it } from "vitest";
import type { Verdict } from "../../../reports/gate/verdict.js";
import { judgedBy } from "../../../scripts/cli/gate/probe.js";
import { firstBad, type Judged } from "../../../suites/gate/bisect.js";
import { caseVerdict, conclude } from "../../../suites/gate/conclude.js";
import { decide } from "../../../suites/gate/statistics/decision.js";
import { DEFAULT_RULE } from "../../../suites/gate/statistics/judge.js";
import { tinyCase } from "./lab.js";

const of = (is: Judged["is"]): Judged => ({ is, words: is });

describe("firstBad", () => {
  it("finds every place in ranges of every length, in as many questions as halving needs", async () => {
    for (let count = 1; count <= 17; count++)
      for (let culprit = 0; culprit < count; culprit++) {
        const asked: number[] = [];
        const found = await firstBad(count, "slower", async (place) => {
          asked.push(place);
          return of(place < culprit ? "good" : "slower");
        });
        expect(found).toEqual({ lastGood: culprit - 1, firstBad: culprit });
        expect(asked.length).toBeLessThanOrEqual(Math.ceil(Math.log2(count)));
        expect(new Set(asked).size).toBe(asked.length);
      }
  });

  it("passes by commits that cannot be judged, and names the neighbours of those beside the culprit", async () => {
    // bit i of `mute`: commit i cannot be judged; the last one can, it is known to be bad
    for (let mute = 0; mute < 2 ** 7; mute++)
      for (let culprit = 0; culprit < 8; culprit++) {
        const isMute = (place: number) => ((mute >> place) & 1) === 1;
        const found = await firstBad(8, "broken", async (place) =>
          of(isMute(place) ? "none" : place < culprit ? "good" : "broken"),
        );
        const judged = [...Array(8).keys()].filter((place) => !isMute(place));
        expect(found).toEqual({
          lastGood: judged.findLast((place) => place < culprit) ?? -1,
          firstBad: judged.find((place) => place >= culprit),
        });
      }
  });

  it("takes a slow commit for good where the case broke, and a broken one for mute where it got slower", async () => {
    const history = ["good", "broken", "slower", "slower"] as const;
    const search = (complaint: "slower" | "broken", all: readonly Judged["is"][]) =>
      firstBad(all.length, complaint, async (place) => of(all[place]));
    expect(await search("slower", history)).toEqual({ lastGood: 0, firstBad: 2 });
    expect(await search("broken", ["good", "slower", "broken", "broken"])).toEqual({
      lastGood: 1,
      firstBad: 2,
    });
  });
});

/** The verdict on a case whose blocks are these log ratios, by the gate's rule. */
async function verdictOn(draw: () => number): Promise<Verdict> {
  const blocks = (count: number) => Array.from({ length: count }, draw);
  const [decision] = await decide(
    { screen: async () => [blocks(DEFAULT_RULE.screenBlocks)], confirm: async () => draw() },
    DEFAULT_RULE,
  );
  const gated = tinyCase({ impl: 0, options: {} });
  const judged = caseVerdict(gated, decision, { base: [1e6], head: [2e6] }, undefined, "again");
  const concluded = conclude({ cases: [judged], canary: null, checks: [], outOfTime: false }, 0.25);
  return { ...concluded, cases: [judged], checks: [], notCompared: [] } as unknown as Verdict;
}

describe("judgedBy", () => {
  it("with the gate's own rule finds a planted factor of 20 among noisy commits, and the words carry it", async () => {
    let seed = 12345;
    const noise = () => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      return 0.04 * (seed / 2 ** 32 - 0.5);
    };
    for (const culprit of [0, 3, 8]) {
      const words: string[] = [];
      const found = await firstBad(9, "slower", async (place) => {
        const judged = judgedBy(await verdictOn(() => noise() + (place < culprit ? 0 : Math.log(20))), true);
        words.push(judged.words);
        return judged;
      });
      expect(found, "seed 12345").toEqual({ lastGood: culprit - 1, firstBad: culprit });
      for (const said of words)
        expect(said).toMatch(/^case takes (0\.9|1\.0|19\.|20\.)\d+ times as long \(95%: /);
    }
  });

  it("tells wrong and failed cases, and says that nothing can be said where the noise hides it", async () => {
    const right = await verdictOn(() => 0);
    const as = (outcome: string, reason: string) =>
      ({ ...right, cases: [{ ...right.cases[0], outcome, reason }] }) as unknown as Verdict;
    expect(judgedBy(as("wrong", "head: Y is 3"), true)).toMatchObject({
      is: "broken",
      words: "case is wrong: head: Y is 3",
    });
    expect(judgedBy(as("failed", "head: a bug"), false)).toMatchObject({ is: "broken" });
    expect(() => judgedBy(as("wrong", "base: Y is 3"), true)).toThrow(
      /the good commit is not good: .* Y is 3/,
    );
    const loud = await verdictOn(
      (() => {
        let sign = 1;
        return () => (sign *= -1);
      })(),
    );
    expect(judgedBy(loud, true)).toMatchObject({
      is: "none",
      words: expect.stringMatching(/noisy|undecided/),
    });
    expect(judgedBy(loud, false)).toMatchObject({ is: "good", words: "its outputs are right" });
  });
});
