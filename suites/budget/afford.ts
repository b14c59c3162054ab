/**
 * Whether a planned case runs: "runs", or "skipped, because" with the figures that say so. Time, memory and whose turn it is are
 * looked at here and nowhere else.
 */
import type { AnyOperator, Problem } from "../../impls/operator.js";
import type { Case, Group } from "../plan/case.js";
import { amount } from "./amount.js";
import { Budget, type GridBudget, leastCostNs } from "./budget.js";
import { History, ReferenceCost } from "./predict.js";
import { Priorities } from "./priorities.js";

export type Answer =
  | { readonly runs: true }
  | {
      readonly runs: false;
      /** failed: its options are wrong, or its implementation gave no answer before; neither is a lack of time. */
      readonly status: "skipped" | "failed";
      readonly reason: string;
      readonly predictedNs?: number | undefined;
      readonly predictedBytes?: number | undefined;
    };

export interface AffordOptions {
  readonly gridName: string;
  readonly grid: GridBudget;
  /** Bytes that the cases of one problem may hold together. */
  readonly memoryBytes: number;
  /** Lanes of a problem that are held against its reference. */
  lanes(operator: AnyOperator, problem: Problem): number;
  /** What an earlier part of the run has seen. */
  readonly history?: History | undefined;
  /** Time that the run has already spent. */
  readonly spentNs?: number | undefined;
}

/** Once the run's time is over, the beginning of a curve may take so small a part of what a case could take before. */
const LATE_SHARE = 5;

const RUNS: Answer = { runs: true };

export class Affordable {
  private readonly budget: Budget;
  private readonly history: History;
  private readonly references: ReferenceCost;
  private readonly priorities: Priorities;
  /** Curves that have had their first skip: a case skipped once leaves its curve for good. */
  private readonly stopped = new Set<string>();
  /** The case at which an implementation gave no answer, by lineage. */
  private readonly hung = new Map<string, string>();

  /** @param left cases that are neither finished nor given up; the caller takes them out as it goes */
  constructor(
    private readonly options: AffordOptions,
    private readonly left: ReadonlySet<Case>,
  ) {
    const { grid, history, lanes, spentNs } = options;
    this.budget = new Budget(grid);
    this.history = history ?? new History();
    this.references = new ReferenceCost(lanes);
    this.priorities = new Priorities(grid, this.history, this.references);
    this.budget.spend(spentNs ?? 0);
  }

  /** The problem to work on next. */
  next(groups: Iterable<Group>): Group {
    return this.priorities.next(groups, this.left);
  }

  /** The two smallest sizes of a curve always run, but where the run has overrun its time and they are known to be long. */
  afford(planned: Case): Answer {
    if (planned.wrong) return { runs: false, status: "failed", reason: planned.wrong };
    if (planned.unsupported) return { runs: false, status: "skipped", reason: planned.unsupported };
    const hung = this.hung.get(planned.lineage);
    // every further try would cost the whole deadline again
    if (hung !== undefined)
      return { runs: false, status: "failed", reason: `not tried: ${hung} gave no answer` };
    return this.inMemory(planned) ?? this.inTime(planned) ?? RUNS;
  }

  private inMemory(planned: Case): Answer | undefined {
    const predictedBytes = this.history.bytes(planned);
    const { memoryBytes } = this.options;
    if (predictedBytes <= memoryBytes) return undefined;
    const reason = `predicted to hold ${amount(predictedBytes, "bytes")}, this run may use ${amount(memoryBytes, "bytes")}`;
    return {
      runs: false,
      status: "skipped",
      reason,
      predictedBytes,
      predictedNs: this.history.timeNs(planned),
    };
  }

  private inTime(planned: Case): Answer | undefined {
    const priority = this.priorities.of(planned);
    if (priority === "beginning") return this.beginningInTime(planned);
    const predictedNs = this.history.timeNs(planned);
    if (predictedNs === undefined) return undefined;
    const reserved = this.priorities.beforeNs(planned, this.left);
    const missed = priority === "none" ? "panel" : priority === "reach" ? "reach" : "figure";
    const limit = this.budget.limitNs(priority === "none" ? this.curvesLeft() : 1, reserved, missed);
    const neededNs = leastCostNs(predictedNs) + (priority === "none" ? 0 : this.references.ns(planned));
    if (neededNs <= limit) return undefined;
    const allowed = limit > 0 ? `one case may use ${amount(limit, "ns")} of what is left` : "nothing is left";
    const least = `${amount(neededNs, "ns")} to verify and time it`;
    const reason = `predicted ${amount(predictedNs, "ns")} a run, ${least}; ${allowed} of the ${this.options.gridName} grid's time`;
    return {
      runs: false,
      status: "skipped",
      reason,
      predictedNs,
      predictedBytes: this.history.bytes(planned),
    };
  }

  /**
   * A curve begins whatever it costs, since nothing could be predicted without it. But on a processor for which the grid was not made, as
   * an adapter that computes on the CPU, other curves of the same kernel have told what it takes, and the run would never end.
   */
  private beginningInTime(planned: Case): Answer | undefined {
    const predictedNs = this.history.relatedNs(planned);
    const limit = this.options.grid.caseNs / LATE_SHARE;
    if (!this.budget.isOver || predictedNs === undefined || leastCostNs(predictedNs) <= limit)
      return undefined;
    const reason =
      `predicted ${amount(predictedNs, "ns")} a run from other sizes of the kernel; ` +
      `the ${this.options.gridName} grid's time is over, and a case may use ${amount(limit, "ns")}`;
    return {
      runs: false,
      status: "skipped",
      reason,
      predictedNs,
      predictedBytes: this.history.bytes(planned),
    };
  }

  /** Curves that will still ask for time. */
  private curvesLeft(): number {
    const curves = new Set<string>();
    for (const { curves: own } of this.left) curves.add(own[0]);
    return Math.max(1, curves.size - this.stopped.size);
  }

  /** Sampling time of each case from here on. */
  sampleNs(): number {
    return this.budget.sampleNs(this.left.size, this.priorities.reservedNs(this.left, "figure"));
  }

  get remainingNs(): number {
    return this.budget.remainingNs;
  }

  /** Time of one run; undefined when nothing smaller of any of its curves has run. */
  predictedNs(planned: Case): number | undefined {
    return this.history.timeNs(planned);
  }

  /** Memory that a case will hold. */
  predictedBytes(planned: Case): number {
    return this.history.bytes(planned);
  }

  /** What computing a problem's reference will take. */
  referenceNs(group: Group): number {
    return this.references.ns(group);
  }

  spend(ns: number): void {
    this.budget.spend(ns);
  }

  /** A case has been seen to run: larger ones of its curves are predicted from it. */
  saw(planned: Case, seen: { readonly runNs: number; readonly bytes: number }): void {
    this.history.add(planned, seen);
  }

  sawReference(group: Group, ns: number): void {
    this.references.add(group, ns);
  }

  skipped({ curves }: Case): void {
    this.stopped.add(curves[0]);
  }

  gaveNoAnswer({ lineage, id }: Case): void {
    this.hung.set(lineage, id);
  }
}
