/** A run: problem after problem, smallest first; what does not fit is skipped with its predicted figure; nothing is dropped. */
import type { CaseRecord } from "../../reports/rows/row.js";
import { amount } from "../budget/amount.js";
import { BUDGETS, Budget, type GridBudget, leastCostNs } from "../budget/budget.js";
import { History, ReferenceCost } from "../budget/predict.js";
import { Claims } from "../budget/turns.js";
import { chooseLanes } from "../check/lanes.js";
import type { Case, Group } from "../plan/plan.js";
import type { EnginePool, Present } from "../processes/engine-pool.js";
import type { Host } from "../processes/host.js";
import type { Grid } from "../suite.js";
import { GroupMeasurement } from "./group.js";
import { caseRecords, type Outcome, type RunFacts } from "./rows.js";

export interface RunOptions {
  readonly grid: Grid;
  readonly seed: number;
  readonly host: Host;
  readonly pool: EnginePool;
  readonly targets: readonly Present[];
  readonly facts: RunFacts;
  readonly signal?: AbortSignal;
  /** `suite<TAB>id`s that an earlier part of this run has finished. */
  readonly done?: ReadonlySet<string>;
  /** What is known from that earlier part. */
  readonly history?: History;
  /** Time that the run has already spent. */
  readonly spentNs?: number;
  /** Takes finished rows; may throw, which ends the run. */
  emit(records: readonly CaseRecord[]): void;
  /** Between cases only. */
  progress?(state: Progress): void;
}

export interface Progress {
  readonly done: number;
  readonly total: number;
  readonly remainingNs: number;
  readonly next: string;
}

export class Interrupted extends Error {
  override readonly name = "Interrupted";
}

/** @throws Interrupted when the signal fires; finished rows have been emitted by then */
export async function run(groups: readonly Group[], options: RunOptions): Promise<void> {
  const runner = new Runner(groups, options);
  const pending = new Set(groups);
  while (pending.size > 0) {
    const next = runner.next(pending);
    pending.delete(next);
    await runner.group(next);
  }
}

class Runner {
  private readonly grid: GridBudget;
  private readonly budget: Budget;
  private readonly history: History;
  private readonly references: ReferenceCost;
  private readonly claims: Claims;
  private readonly left: Set<Case>;
  private readonly total: number;
  /** The case at which an implementation gave no answer, by lineage. */
  private readonly hung = new Map<string, string>();
  /** Curves that have had their first skip. */
  private readonly stopped = new Set<string>();

  constructor(
    groups: readonly Group[],
    private readonly options: RunOptions,
  ) {
    this.grid = BUDGETS[options.grid];
    this.budget = new Budget(this.grid);
    this.history = options.history ?? new History();
    this.references = new ReferenceCost(
      (operator, problem) => chooseLanes(operator, problem, this.grid.referenceSteps).lanes.length,
    );
    this.claims = new Claims(this.grid, this.history, this.references);
    const cases = groups.flatMap((group) => group.cases);
    this.total = cases.length;
    this.left = new Set(cases.filter((one) => this.suitesLeft(one).length > 0));
    this.budget.spend(options.spentNs ?? 0);
  }

  next(groups: Iterable<Group>): Group {
    return this.claims.next(groups, this.left);
  }

  async group(group: Group): Promise<void> {
    const { host } = this.options;
    const start = host.nowMs();
    const cases = group.cases.filter((one) => this.left.has(one));
    const runnable = cases.filter((one) => {
      const outcome = this.skipReason(one);
      if (outcome) this.finish(one, outcome, {});
      return !outcome;
    });
    this.check();
    if (runnable.length > 0) await this.measure(group, runnable);
    this.budget.spend((host.nowMs() - start) * 1e6);
  }

  private async measure(group: Group, cases: readonly Case[]): Promise<void> {
    const { host, pool, seed } = this.options;
    const lanes = chooseLanes(group.operator, group.problem, this.grid.referenceSteps);
    this.options.progress?.({
      done: this.total - this.left.size,
      total: this.total,
      remainingNs: this.budget.remainingNs,
      next: cases[0].id,
    });
    const start = host.nowMs();
    let reference: Awaited<ReturnType<Host["reference"]>>;
    try {
      reference = await host.reference(group.problem, lanes.lanes, 60_000 + this.references.ns(group) / 1e5);
      this.references.add(group, (host.nowMs() - start) * 1e6);
    } catch (error) {
      this.check();
      const why = error instanceof Error ? error.message : String(error);
      for (const one of cases) this.finish(one, { status: "failed", reason: `no reference: ${why}` }, {});
      return;
    }
    try {
      for (const block of this.blocks(cases)) {
        const measurement = new GroupMeasurement({
          host,
          pool,
          lanes,
          reference,
          budget: this.grid,
          seed,
          orderOf: group.key,
          sampleNs: this.budget.sampleNs(this.left.size, this.claims.reservedNs(this.left, "figure")),
          predictedNs: (one) => this.history.timeNs(one),
          check: () => this.check(),
        });
        await measurement.measure(block, block.length < cases.length ? blockRemark(block, cases) : undefined);
        for (const one of block) {
          const seen = measurement.observed.get(one);
          if (seen) this.history.add(one, seen);
          if (measurement.hung.has(one)) this.hung.set(one.lineage, one.id);
          this.finish(one, measurement.outcomes.get(one)!, await pool.ceilings(one.target));
        }
      }
    } finally {
      host.forget(reference);
    }
  }

  /** Cases whose predicted memory fits together; one block as a rule. */
  private blocks(cases: readonly Case[]): Case[][] {
    const blocks: Case[][] = [];
    let free = 0;
    for (const one of cases) {
      const bytes = this.history.bytes(one);
      if (blocks.length === 0 || bytes > free) {
        blocks.push([]);
        free = this.options.host.memoryBytes;
      }
      blocks.at(-1)!.push(one);
      free -= bytes;
    }
    return blocks;
  }

  /** Why a case is not run, with the figure that says so; failed when its implementation hung before. The two smallest sizes of a curve always run. */
  private skipReason(one: Case): Outcome | undefined {
    if (one.wrong) return { status: "failed", reason: one.wrong };
    if (one.unsupported) return { status: "skipped", reason: one.unsupported };
    const hung = this.hung.get(one.lineage);
    // every further try would cost the whole deadline again
    if (hung !== undefined) return { status: "failed", reason: `not tried: ${hung} gave no answer` };
    const predictedBytes = this.history.bytes(one);
    const { memoryBytes } = this.options.host;
    if (predictedBytes > memoryBytes)
      return {
        status: "skipped",
        reason: `predicted to hold ${amount(predictedBytes, "bytes")}, this run may use ${amount(memoryBytes, "bytes")}`,
        predictedBytes,
        predictedNs: this.history.timeNs(one),
      };
    const predictedNs = this.history.timeNs(one);
    const claim = this.claims.of(one);
    if (claim === "beginning" || predictedNs === undefined) return undefined;
    const reserved = this.claims.beforeNs(one, this.left);
    const limit = this.budget.limitNs(claim === "none" ? this.curvesLeft() : 1, reserved, claim !== "none");
    const referenceNs = claim === "none" ? 0 : this.references.ns(one);
    if (leastCostNs(predictedNs) + referenceNs <= limit) return undefined;
    const allowed = limit > 0 ? `one case may use ${amount(limit, "ns")} of what is left` : "nothing is left";
    const least = amount(leastCostNs(predictedNs) + referenceNs, "ns");
    return {
      status: "skipped",
      reason: `predicted ${amount(predictedNs, "ns")} a run, ${least} to verify and time it; ${allowed} of the ${this.options.grid} grid's time`,
      predictedNs,
      predictedBytes,
    };
  }

  /** Curves that will still ask for time: a case skipped once leaves its curve for good. */
  private curvesLeft(): number {
    const curves = new Set<string>();
    for (const { curves: own } of this.left) curves.add(own[0]);
    return Math.max(1, curves.size - this.stopped.size);
  }

  private finish(one: Case, outcome: Outcome, ceilings: Parameters<typeof caseRecords>[2]["ceilings"]): void {
    const { targets, facts, emit } = this.options;
    const device = targets[one.target].info;
    if (outcome.status === "skipped") this.stopped.add(one.curves[0]);
    const suites = this.suitesLeft(one);
    this.left.delete(one);
    emit(caseRecords({ ...one, suites }, outcome, { device, ceilings }, facts));
  }

  private suitesLeft({ suites, id }: Case): string[] {
    return suites.filter((suite) => !this.options.done?.has(`${suite}\t${id}`));
  }

  private check(): void {
    if (this.options.signal?.aborted) throw new Interrupted("interrupted");
  }
}

function blockRemark(block: readonly Case[], cases: readonly Case[]): string {
  return `sampled in a block of ${block.length} of ${cases.length} implementations, not interleaved with the others: memory`;
}
