/**
 * Whose turn it is while a run's time is short. A reader looks at the figure first, so its curves come before the implementations
 * that only the small panels show; and a curve needs a beginning before any other needs an end.
 */

import type { Case, Group } from "../plan/plan.js";
import { type GridBudget, leastCostNs } from "./budget.js";
import type { History, ReferenceCost } from "./predict.js";

/** Sizes of each curve that run whatever they cost. */
const ALWAYS = 2;
/** Points that make a curve of the figure. */
const CURVE_POINTS = 4;
/** A case of the figure that needs less than one such part of the run's time has a claim on it. */
const LONGEST_CLAIM = 16;

/** Earlier claims are served first; `none` shares what they leave. */
export const CLAIMS = ["beginning", "curve", "figure", "none"] as const;
export type Claim = (typeof CLAIMS)[number];

export class Claims {
  constructor(
    private readonly grid: GridBudget,
    private readonly history: History,
    private readonly references: ReferenceCost,
  ) {}

  of(one: Case): Claim {
    if (one.rank < ALWAYS) return "beginning";
    if (!one.figure) return "none";
    if (one.rank < CURVE_POINTS) return "curve";
    return this.leastNs(one) <= this.grid.totalNs / LONGEST_CLAIM ? "figure" : "none";
  }

  /** What goes before this case will still take: earlier claims, and what is cheaper among the figure's longer sizes. */
  beforeNs(one: Case, left: Iterable<Case>): number {
    const claim = this.of(one);
    return this.reservedNs(left, claim, claim === "figure" ? this.leastNs(one) : 0);
  }

  /** What cases of earlier claims will still take, with the references of their problems. */
  reservedNs(left: Iterable<Case>, before: Claim, cheaperThanNs = 0): number {
    let sum = 0;
    const problems = new Map<Case["problem"], Case>();
    for (const one of left) {
      if (one.unsupported) continue;
      const claim = this.of(one);
      const cheaper = claim === before && this.leastNs(one) < cheaperThanNs;
      if (!cheaper && CLAIMS.indexOf(claim) >= CLAIMS.indexOf(before)) continue;
      sum += this.leastNs(one) + this.grid.warmNs;
      problems.set(one.problem, one);
    }
    for (const one of problems.values()) sum += this.references.ns(one);
    return sum;
  }

  /** Earliest claims first, of equal ones the least costly: whatever happens to the slow ones, every curve has its beginning. */
  next(groups: Iterable<Group>, left: ReadonlySet<Case>): Group {
    const order = (group: Group): readonly [number, number] => {
      const open = group.cases.filter((one) => left.has(one) && !one.unsupported);
      if (open.length === 0) return [CLAIMS.length, 0];
      const claims = open.map((one) => CLAIMS.indexOf(this.of(one)));
      const first = Math.min(...claims);
      const cheapest = Math.min(
        ...open.filter((_, i) => claims[i] === first).map((one) => this.leastNs(one)),
      );
      return [first, cheapest + this.references.ns(group)];
    };
    return [...groups]
      .map((group) => ({ group, order: order(group) }))
      .sort((a, b) => a.order[0] - b.order[0] || a.order[1] - b.order[1])[0].group;
  }

  private leastNs(one: Case): number {
    return leastCostNs(this.history.guessNs(one));
  }
}
