/** Whose turn it is, on curves whose times are known. */
import { expect, it } from "vitest";
import { operators } from "../../../impls/index.js";
import { BUDGETS } from "../../../suites/budget/budget.js";
import { History, ReferenceCost } from "../../../suites/budget/predict.js";
import { Priorities } from "../../../suites/budget/priorities.js";
import type { Case, Group } from "../../../suites/plan/case.js";

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
/** From 1.6 s a run on: too dear to come before linear ends, cheap enough for the figure. */
const middle = curve("middle", true, 100, 1);
const panel = curve("panel", false, 1, 1);
const all = [...fast, ...slow, ...middle, ...panel];
const group = (planned: Case): Group => ({
  key: planned.id,
  problem: planned.problem,
  operator: ssd,
  cases: [planned],
});

function priorities(): Priorities {
  const history = new History();
  for (const planned of all.filter(({ rank }) => rank < 3))
    history.add(planned, { runNs: (planned as unknown as { wantedNs: number }).wantedNs, bytes: 1 });
  return new Priorities(BUDGETS.default, history, new ReferenceCost(() => 0));
}

it("beginnings come first, then points that make a curve, what costs next to nothing, the figure's cheap ones, the rest", () => {
  const judge = priorities();
  expect(fast.map((planned) => judge.of(planned))).toEqual([
    ...["beginning", "beginning", "curve", "curve", "reach", "reach", "reach", "reach"],
  ]);
  expect(middle.map((planned) => judge.of(planned)).slice(4, 6)).toEqual(["figure", "figure"]);
  // 40 ms growing with the square: from 640 ms * 16 on, none
  expect(slow.map((planned) => judge.of(planned)).slice(4)).toEqual(["none", "none", "none", "none"]);
  expect(panel.map((planned) => judge.of(planned)).slice(2)).toEqual(Array(6).fill("none"));
});

it("takes groups by priority and then by cost, none of a curve before a smaller one", () => {
  const judge = priorities();
  const left = new Set(all);
  const pending = new Set(all.map(group));
  const order: Case[] = [];
  while (pending.size > 0) {
    const next = judge.next(pending, left);
    pending.delete(next);
    left.delete(next.cases[0]);
    order.push(next.cases[0]);
  }
  for (const planned of [fast, slow, middle, panel])
    expect(order.filter((other) => planned.includes(other))).toEqual(planned);
  const place = (planned: Case) => order.indexOf(planned);
  expect(place(slow[3])).toBeLessThan(place(fast[4]));
  expect(place(fast[7])).toBeLessThan(place(panel[2]));
});

it("keeps time for what comes before a case, and for cheaper sizes of the figure", () => {
  const judge = priorities();
  const left = new Set(fast.slice(4));
  expect(judge.beforeNs(fast[4], left)).toBe(0);
  // a verified run and three samples of 16 ms, three quarters more for what else a case does, and a warm-up
  expect(judge.beforeNs(fast[5], left)).toBeCloseTo(1.75 * 4 * 16 * MS + BUDGETS.default.warmNs, -3);
  expect(judge.beforeNs(panel[5], left)).toBeGreaterThan(4 * (16 + 32 + 64 + 128) * MS);
});

it("takes the figure's linear curves to their end before what others would like", () => {
  const judge = priorities();
  const reaching = fast.map((planned) => ({ ...planned, reaches: true }) as Case);
  expect(reaching.map((planned) => judge.of(planned))).toEqual([
    ...["beginning", "beginning", "curve", "curve", "reach", "reach", "reach", "reach"],
  ]);
  const left = new Set([...reaching, ...slow, ...middle, ...panel].filter(({ rank }) => rank > 3));
  const order: Case[] = [];
  for (const pending = new Set([...left].map(group)); pending.size > 0; ) {
    const next = judge.next(pending, left);
    pending.delete(next);
    left.delete(next.cases[0]);
    order.push(next.cases[0]);
  }
  expect(order.slice(0, 4)).toEqual(reaching.slice(4));
  // time for all of them is kept before a panel's case may ask
  expect(judge.beforeNs(panel[5], new Set(reaching.slice(4)))).toBeGreaterThan(4 * (16 + 32 + 64 + 128) * MS);
});
