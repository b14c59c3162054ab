import { describe, expect, it } from "vitest";
import { canaryDone, decide, toldApart } from "../../../../suites/gate/statistics/decision.js";
import { DEFAULT_RULE } from "../../../../suites/gate/statistics/judge.js";

/** Blocks that are given case by case; a list that ends means that time ran out. */
function source(screens: readonly number[][], confirms: Readonly<Record<number, readonly number[]>>) {
  const asked: number[] = [];
  const left = new Map(Object.entries(confirms).map(([i, blocks]) => [Number(i), [...blocks]]));
  return {
    asked,
    screen: async () => screens,
    confirm: async (index: number) => {
      asked.push(index);
      return left.get(index)?.shift();
    },
  };
}

const four = (v: number) => new Array<number>(4).fill(v);
const twelve = (v: number) => new Array<number>(12).fill(v);

describe("decide", () => {
  it("lets quiet cases go without a further block", async () => {
    const blocks = source([four(0.001), four(-0.001)], {});
    const decisions = await decide(blocks, DEFAULT_RULE);
    expect(decisions.map(({ outcome }) => outcome)).toEqual(["same", "same"]);
    expect(blocks.asked).toEqual([]);
  });

  it("confirms a slowdown with twelve fresh blocks, the worst case first, and only then improvements", async () => {
    const blocks = source([four(-0.2), four(0.1), four(0.3)], {
      0: twelve(-0.2),
      1: twelve(0.1),
      2: twelve(0.3),
    });
    const decisions = await decide(blocks, DEFAULT_RULE);
    expect(decisions.map(({ outcome }) => outcome)).toEqual(["faster", "slower", "slower"]);
    expect(blocks.asked).toEqual([...twelve(2), ...twelve(1), ...twelve(0)]);
    // Holm over the two slowdowns: the smaller p is doubled; the improvement is a family of its own
    expect(decisions.map(({ adjustedP }) => adjustedP)).toEqual([2 ** -12, 2 ** -11, 2 ** -11]);
    expect(decisions[0].confirm).toEqual(twelve(-0.2));
  });

  it("does not take the screening's word: what it saw is measured afresh, and let go after six blocks", async () => {
    const blocks = source([four(0.5)], { 0: twelve(0.01) });
    const [decision] = await decide(blocks, DEFAULT_RULE);
    expect(decision.outcome).toBe("same");
    expect(decision.confirm).toHaveLength(6);
  });

  it("cannot confirm what is within delta, however sure", async () => {
    const [decision] = await decide(source([four(0.029)], { 0: twelve(0.029) }), DEFAULT_RULE);
    expect(decision.outcome).toBe("same");
  });

  it("is undecided where blocks are missing, never the same", async () => {
    const cut = await decide(source([[0.001, 0.001]], {}), DEFAULT_RULE);
    expect(cut[0].outcome).toBe("undecided");
    const late = await decide(source([four(0.1), four(-0.1)], { 0: [0.1, 0.1], 1: [-0.1] }), DEFAULT_RULE);
    // an improvement that nobody could confirm is no reason to doubt
    expect(late.map(({ outcome }) => outcome)).toEqual(["undecided", "same"]);
  });

  it("counts a suspect that could not be confirmed in Holm's family", async () => {
    // alternating blocks: p near 0.02, which one comparison forgives and two do not
    const noisy = [0.2, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2, -0.12, -0.12, -0.12];
    const alone = await decide(source([four(0.2)], { 0: noisy }), DEFAULT_RULE);
    expect(alone[0].adjustedP).toBeLessThan(0.05);
    const three = await decide(source([four(0.2), four(0.1), four(0.1)], { 0: noisy }), DEFAULT_RULE);
    expect(three[0].adjustedP).toBeCloseTo(3 * alone[0].adjustedP!, 12);
  });
});

describe("the canary", () => {
  it("tells apart what the gate would have failed, in either direction", () => {
    expect(toldApart(twelve(0.1), DEFAULT_RULE)).toBe(true);
    expect(toldApart(twelve(-0.1), DEFAULT_RULE)).toBe(true);
    expect(toldApart(twelve(0.02), DEFAULT_RULE)).toBe(false);
    expect(toldApart(twelve(0.1).slice(0, 6), DEFAULT_RULE)).toBe(false);
  });

  it("ends early only when neither direction is in sight", () => {
    expect(canaryDone(twelve(0.01).slice(0, 6), DEFAULT_RULE)).toBe(true);
    expect(canaryDone(twelve(0.1).slice(0, 6), DEFAULT_RULE)).toBe(false);
    expect(canaryDone(twelve(-0.1).slice(0, 6), DEFAULT_RULE)).toBe(false);
    expect(canaryDone(twelve(0.1), DEFAULT_RULE)).toBe(true);
  });
});
