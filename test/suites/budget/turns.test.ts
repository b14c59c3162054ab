/** Whose turn it is, on curves whose times are known. */
import { expect, it } from "vitest";
import { operators } from "../../../impls/index.js";
import { BUDGETS } from "../../../suites/budget/budget.js";
import { History, ReferenceCost } from "../../../suites/budget/predict.js";
import { Claims } from "../../../suites/budget/turns.js";
import type { Case, Group } from "../../../suites/plan/plan.js";

const MS = 1e6;
const ssd = operators.find(({ name }) => name === "ssd")!;

/** Eight lengths of one implementation, each taking `firstMs` times its place to the power of two or one. */
function curve(name: string, figure: boolean, firstMs: number, growth: number): Case[] {
  return Array.from({ length: 8 }, (_, rank) => {
    const problem = {
      operator: "ssd",
      dims: { batch: 1, length: 2 ** rank, heads: 1, groups: 1, headDim: 1, state: 1 },
    };
    return {
      id: `${name} ${rank}`,
      curves: [name],
      lineage: name,
      rank,
      figure,
      work: 2 ** rank,
      unsupported: undefined,
      operator: ssd,
      problem,
      wantedNs: firstMs * MS * 2 ** (rank * growth),
    } as unknown as Case;
  });
}

const fast = curve("fast", true, 1, 1);
const slow = curve("slow", true, 40, 2);
const panel = curve("panel", false, 1, 1);
const all = [...fast, ...slow, ...panel];
const group = (one: Case): Group => ({ key: one.id, problem: one.problem, operator: ssd, cases: [one] });

function claims(): Claims {
  const history = new History();
  for (const one of all.filter(({ rank }) => rank < 3))
    history.add(one, { runNs: (one as unknown as { wantedNs: number }).wantedNs, bytes: 1 });
  return new Claims(BUDGETS.default, history, new ReferenceCost(() => 0));
}

it("beginnings come first, then points that make a curve, then the figure's cheap ones, then the rest", () => {
  const judge = claims();
  expect(fast.map((one) => judge.of(one))).toEqual([
    ...["beginning", "beginning", "curve", "curve", "figure", "figure", "figure", "figure"],
  ]);
  // 40 ms growing with the square: from 640 ms * 16 on, no claim
  expect(slow.map((one) => judge.of(one)).slice(4)).toEqual(["none", "none", "none", "none"]);
  expect(panel.map((one) => judge.of(one)).slice(2)).toEqual(Array(6).fill("none"));
});

it("takes groups by claim and then by cost, none of a curve before a smaller one", () => {
  const judge = claims();
  const left = new Set(all);
  const pending = new Set(all.map(group));
  const order: Case[] = [];
  while (pending.size > 0) {
    const next = judge.next(pending, left);
    pending.delete(next);
    left.delete(next.cases[0]);
    order.push(next.cases[0]);
  }
  for (const one of [fast, slow, panel]) expect(order.filter((other) => one.includes(other))).toEqual(one);
  const place = (one: Case) => order.indexOf(one);
  expect(place(slow[3])).toBeLessThan(place(fast[4]));
  expect(place(fast[7])).toBeLessThan(place(panel[2]));
});

it("keeps time for what comes before a case, and for cheaper sizes of the figure", () => {
  const judge = claims();
  const left = new Set(fast.slice(4));
  expect(judge.beforeNs(fast[4], left)).toBe(0);
  // a verified run and three samples of 16 ms, and a warm-up
  expect(judge.beforeNs(fast[5], left)).toBeCloseTo(4 * 16 * MS + BUDGETS.default.warmNs, -3);
  expect(judge.beforeNs(panel[5], left)).toBeGreaterThan(4 * (16 + 32 + 64 + 128) * MS);
});
