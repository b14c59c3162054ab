import { describe, expect, it } from "vitest";
import type { CaseVerdict, Check } from "../../../reports/gate/verdict.js";
import { EXIT_OF } from "../../../reports/gate/verdict.js";
import { conclude, type Findings } from "../../../suites/gate/conclude.js";

const one = (outcome: CaseVerdict["outcome"], changes: Partial<CaseVerdict> = {}): CaseVerdict => ({
  id: `a case that is ${outcome}`,
  outcome,
  ratio: 1.1,
  mde80: 0.1,
  repeat: "again",
  ...changes,
});
const check = (status: Check["status"]): Check => ({ name: "cost", what: "x", status, detail: "1 -> 2" });
const canary = { id: "c", ratio: 1.1, low: 1, high: 1.2, blocks: 12, toldApart: true };

function exit(findings: Partial<Findings>, mdeLimit = 0.25): number {
  const quiet = { cases: [one("same")], canary: null, checks: [], outOfTime: false };
  return EXIT_OF[conclude({ ...quiet, ...findings }, mdeLimit).status];
}

describe("conclude", () => {
  it("passes only what is whole and quiet", () => {
    expect(exit({})).toBe(0);
    expect(
      exit({
        cases: [one("same"), one("faster")],
        checks: [check("pass"), check("known"), check("skipped")],
      }),
    ).toBe(0);
    expect(exit({ outOfTime: true })).toBe(3);
    expect(exit({ cases: [one("same"), one("undecided")] })).toBe(3);
    expect(exit({ cases: [one("same", { mde80: 0.3 })] })).toBe(3);
    expect(exit({ cases: [one("same", { mde80: 0.3 })] }, 0.31)).toBe(0);
    // null: no telling how small
    expect(exit({ cases: [one("same", { mde80: null })] })).toBe(3);
  });

  it("lets a wrong number beat everything, and what no noise can move beat a bad canary", () => {
    const all = [one("wrong"), one("failed"), one("slower"), one("undecided")];
    expect(exit({ cases: all, canary, checks: [check("fail")], outOfTime: true })).toBe(4);
    expect(exit({ cases: all.slice(1), canary, checks: [] })).toBe(1);
    expect(exit({ cases: [one("same")], canary, checks: [check("fail")] })).toBe(1);
    expect(exit({ cases: [one("slower")], canary })).toBe(3);
    expect(exit({ cases: [one("slower"), one("undecided")], outOfTime: true })).toBe(1);
  });

  it("says why in a sentence each", () => {
    const { reasons } = conclude(
      {
        cases: [one("slower", { adjustedP: 0.001 })],
        canary: null,
        checks: [check("fail")],
        outOfTime: false,
      },
      0.25,
    );
    expect(reasons).toEqual([
      "cost: x: 1 -> 2",
      "a case that is slower takes 1.100 times as long (p 0.0010)",
    ]);
  });
});
