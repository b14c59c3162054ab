/**
 * Whose turn it is while a run's time is short. A reader looks at the figure first, so its curves come before the implementations
 * that only the small panels show; and a curve needs a beginning before any other needs an end.
 */

import type { Case, Group } from "../plan/case.js";
import { type GridBudget, leastCostNs } from "./budget.js";
import type { History, ReferenceCost } from "./predict.js";

/** Sizes of each curve that run whatever they cost. */
const ALWAYS = 2;
/** Points that make a curve of the figure. */
const CURVE_POINTS = 4;
/** A case of the figure that needs less than one such part of the run's time comes before other curves. */
const FIGURE_PARTS = 16;

/** One that needs less than one such part costs the linear curves nothing: attention's next sizes come before their long ends. */
const CHEAP_PARTS = 160;

/** A case makes more than its fewest runs: six samples where they are short, checked runs, a warm-up. */
const BEYOND_LEAST = 1.75;
/** The truth of the second inputs costs a quarter of the first. */
const SECOND_SET = 1.25;

/**
 * Earlier ones are served first; `none` shares what they leave. reach: the figure's linear curves up to the end of its axis, which
 * they can get to where others cannot, and what costs next to nothing beside them.
 */
export const PRIORITIES = ["beginning", "curve", "reach", "figure", "none"] as const;
export type Priority = (typeof PRIORITIES)[number];

export class Priorities {
  constructor(
    private readonly grid: GridBudget,
    private readonly history: History,
    private readonly references: ReferenceCost,
  ) {}

  of(planned: Case): Priority {
    if (planned.rank < ALWAYS) return "beginning";
    if (!planned.figure) return "none";
    if (planned.rank < CURVE_POINTS) return "curve";
    const leastNs = this.leastNs(planned);
    if (planned.reaches || leastNs <= this.grid.totalNs / CHEAP_PARTS) return "reach";
    return leastNs <= this.grid.totalNs / FIGURE_PARTS ? "figure" : "none";
  }

  /** What goes before this case will still take: earlier priorities, and what is cheaper among the longer sizes of the figure. */
  beforeNs(planned: Case, left: Iterable<Case>): number {
    const priority = this.of(planned);
    const ordered = priority === "figure" || priority === "reach";
    return this.reservedNs(left, priority, ordered ? this.leastNs(planned) : 0);
  }

  /** What cases of earlier priorities will still take, with the references of their problems. */
  reservedNs(left: Iterable<Case>, before: Priority, cheaperThanNs = 0): number {
    let sum = 0;
    const problems = new Map<Case["problem"], Case>();
    for (const planned of left) {
      if (planned.unsupported) continue;
      const priority = this.of(planned);
      const cheaper = priority === before && this.leastNs(planned) < cheaperThanNs;
      if (!cheaper && PRIORITIES.indexOf(priority) >= PRIORITIES.indexOf(before)) continue;
      sum += BEYOND_LEAST * this.leastNs(planned) + this.grid.warmNs;
      problems.set(planned.problem, planned);
    }
    for (const planned of problems.values()) sum += SECOND_SET * this.references.ns(planned);
    return sum;
  }

  /** Earliest priorities first, of equal ones the least costly: whatever happens to the slow ones, every curve has its beginning. */
  next(groups: Iterable<Group>, left: ReadonlySet<Case>): Group {
    const order = (group: Group): readonly [number, number] => {
      const open = group.cases.filter((planned) => left.has(planned) && !planned.unsupported);
      if (open.length === 0) return [PRIORITIES.length, 0];
      const priorities = open.map((planned) => PRIORITIES.indexOf(this.of(planned)));
      const first = Math.min(...priorities);
      const cheapest = Math.min(
        ...open.filter((_, i) => priorities[i] === first).map((planned) => this.leastNs(planned)),
      );
      return [first, cheapest + this.references.ns(group)];
    };
    return [...groups]
      .map((group) => ({ group, order: order(group) }))
      .sort((a, b) => a.order[0] - b.order[0] || a.order[1] - b.order[1])[0].group;
  }

  private leastNs(planned: Case): number {
    return leastCostNs(this.history.guessNs(planned));
  }
}
