/**
 * Whether a planned case runs: "runs", or "skipped, because" with the figures that say so. Time, memory and whose turn it is are
 * looked at here and nowhere else.
 */
import type { AnyOperator, Problem } from "../../impls/operator.js";
import type { Case, Group } from "../plan/plan.js";
import { amount } from "./amount.js";
import { Budget, type GridBudget, leastCostNs } from "./budget.js";
import { History, ReferenceCost } from "./predict.js";
import { Claims } from "./turns.js";

export type Answer =
  | { readonly runs: true }
  | {
      readonly runs: false;
      /** failed: its implementation gave no answer before, which is no lack of time. */
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

const RUNS: Answer = { runs: true };

export class Affordable {
  private readonly budget: Budget;
  private readonly history: History;
  private readonly references: ReferenceCost;
  private readonly claims: Claims;
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
    this.claims = new Claims(grid, this.history, this.references);
    this.budget.spend(spentNs ?? 0);
  }

  /** The problem to work on next. */
  next(groups: Iterable<Group>): Group {
    return this.claims.next(groups, this.left);
  }

  /** The two smallest sizes of a curve always run. */
  afford(one: Case): Answer {
    if (one.unsupported) return { runs: false, status: "skipped", reason: one.unsupported };
    const hung = this.hung.get(one.lineage);
    // every further try would cost the whole deadline again
    if (hung !== undefined)
      return { runs: false, status: "failed", reason: `not tried: ${hung} gave no answer` };
    return this.inMemory(one) ?? this.inTime(one) ?? RUNS;
  }

  private inMemory(one: Case): Answer | undefined {
    const predictedBytes = this.history.bytes(one);
    const { memoryBytes } = this.options;
    if (predictedBytes <= memoryBytes) return undefined;
    const reason = `predicted to hold ${amount(predictedBytes, "bytes")}, this run may use ${amount(memoryBytes, "bytes")}`;
    return { runs: false, status: "skipped", reason, predictedBytes, predictedNs: this.history.timeNs(one) };
  }

  private inTime(one: Case): Answer | undefined {
    const predictedNs = this.history.timeNs(one);
    const claim = this.claims.of(one);
    if (claim === "beginning" || predictedNs === undefined) return undefined;
    const reserved = this.claims.beforeNs(one, this.left);
    const limit = this.budget.limitNs(claim === "none" ? this.curvesLeft() : 1, reserved, claim !== "none");
    const neededNs = leastCostNs(predictedNs) + (claim === "none" ? 0 : this.references.ns(one));
    if (neededNs <= limit) return undefined;
    const allowed = limit > 0 ? `one case may use ${amount(limit, "ns")} of what is left` : "nothing is left";
    const least = `${amount(neededNs, "ns")} to verify and time it`;
    const reason = `predicted ${amount(predictedNs, "ns")} a run, ${least}; ${allowed} of the ${this.options.gridName} grid's time`;
    return { runs: false, status: "skipped", reason, predictedNs, predictedBytes: this.history.bytes(one) };
  }

  /** Curves that will still ask for time. */
  private curvesLeft(): number {
    const curves = new Set<string>();
    for (const { curves: own } of this.left) curves.add(own[0]);
    return Math.max(1, curves.size - this.stopped.size);
  }

  /** Sampling time of each case from here on. */
  sampleNs(): number {
    return this.budget.sampleNs(this.left.size, this.claims.reservedNs(this.left, "figure"));
  }

  get remainingNs(): number {
    return this.budget.remainingNs;
  }

  /** Time of one run; undefined when nothing smaller of any of its curves has run. */
  predictedNs(one: Case): number | undefined {
    return this.history.timeNs(one);
  }

  /** Memory that a case will hold. */
  predictedBytes(one: Case): number {
    return this.history.bytes(one);
  }

  /** What computing a problem's reference will take. */
  referenceNs(group: Group): number {
    return this.references.ns(group);
  }

  spend(ns: number): void {
    this.budget.spend(ns);
  }

  /** A case has been seen to run: larger ones of its curves are predicted from it. */
  saw(one: Case, seen: { readonly runNs: number; readonly bytes: number }): void {
    this.history.add(one, seen);
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
