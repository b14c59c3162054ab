/** A run: problem after problem, smallest first; what does not fit is skipped with its predicted figure; nothing is dropped. */
import type { AnyOperator, Problem } from "../../impls/operator.js";
import { planId } from "../../reports/rows/case-id.js";
import type { CaseRecord } from "../../reports/rows/row.js";
import { Affordable, type AffordOptions } from "../budget/afford.js";
import { BUDGETS, type GridBudget } from "../budget/budget.js";
import { type History, problemBytes } from "../budget/predict.js";
import { chooseLanes, type LaneChoice } from "../check/lanes.js";
import { type SecondSet, secondSet } from "../check/second-set.js";
import type { Case, Group } from "../plan/case.js";
import type { EnginePool, Present } from "../processes/engine-pool.js";
import type { Host } from "../processes/host.js";
import type { ReferenceHandle } from "../processes/protocol.js";
import type { Grid } from "../suite.js";
import type { GroupRun } from "./case-measurement.js";
import { GroupMeasurement } from "./group.js";
import { withinPhysics } from "./physics.js";
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
  private readonly affordable: Affordable;
  private readonly left: Set<Case>;
  private readonly total: number;

  constructor(
    groups: readonly Group[],
    private readonly options: RunOptions,
  ) {
    const { grid, host, history, spentNs } = options;
    this.grid = BUDGETS[grid];
    const cases = groups.flatMap((group) => group.cases);
    this.total = cases.length;
    this.left = new Set(cases.filter((planned) => this.suitesLeft(planned).length > 0));
    const { memoryBytes } = host;
    // of both sets of inputs
    const lanes: AffordOptions["lanes"] = (operator, problem) =>
      this.lanes(operator, problem).lanes.length +
      (secondSet(operator, problem, this.grid.referenceSteps, true)?.lanes.length ?? 0);
    this.affordable = new Affordable(
      { gridName: grid, grid: this.grid, memoryBytes, lanes, history, spentNs },
      this.left,
    );
  }

  private lanes(operator: AnyOperator, problem: Problem): LaneChoice {
    return chooseLanes(operator, problem, this.grid.referenceSteps);
  }

  next(groups: Iterable<Group>): Group {
    return this.affordable.next(groups);
  }

  async group(group: Group): Promise<void> {
    const { host } = this.options;
    const start = host.nowMs();
    const cases = group.cases.filter((planned) => this.left.has(planned));
    const runnable = cases.filter((planned) => {
      const answer = this.affordable.afford(planned);
      if (!answer.runs) this.finish(planned, answer, {});
      return answer.runs;
    });
    this.check();
    if (runnable.length > 0) await this.measure(group, runnable);
    this.affordable.spend((host.nowMs() - start) * 1e6);
  }

  private async measure(group: Group, cases: readonly Case[]): Promise<void> {
    const { host, pool } = this.options;
    const lanes = this.lanes(group.operator, group.problem);
    this.options.progress?.({
      done: this.total - this.left.size,
      total: this.total,
      remainingNs: this.affordable.remainingNs,
      next: cases[0].id,
    });
    const second = this.second(group, cases);
    const references = await this.references(group, cases, lanes, second);
    if (!references) return;
    try {
      for (const block of this.blocks(cases, second?.bytes ?? 0)) {
        const remark = block.length < cases.length ? blockRemark(block, cases) : undefined;
        const measurement = new GroupMeasurement(this.groupRun(group, lanes, references, second));
        await measurement.measure(block, remark);
        for (const planned of block) {
          const seen = measurement.observed.get(planned);
          if (seen) this.affordable.saw(planned, seen);
          if (measurement.hung.has(planned)) this.affordable.gaveNoAnswer(planned);
          const found = await withinPhysics(pool, planned, measurement.outcomes.get(planned)!);
          this.finish(planned, found.outcome, found.ceilings);
        }
      }
    } finally {
      for (const reference of references) host.forget(reference);
    }
  }

  /** Other inputs, in whole where a process has room for them. */
  private second({ operator, problem }: Group, cases: readonly Case[]): SecondSet | undefined {
    const held = Math.max(...cases.map((planned) => this.affordable.predictedBytes(planned)));
    const fits = held + problemBytes(operator, problem) <= this.options.host.memoryBytes;
    return secondSet(operator, problem, this.grid.referenceSteps, fits);
  }

  /** The truth of the problem's inputs and of the second set; without it its cases have failed, and there is none. */
  private async references(
    group: Group,
    cases: readonly Case[],
    { lanes }: LaneChoice,
    second: SecondSet | undefined,
  ): Promise<ReferenceHandle[] | undefined> {
    const { host } = this.options;
    const start = host.nowMs();
    try {
      const patienceMs = 60_000 + this.affordable.referenceNs(group) / 1e5;
      // beside each other, since nothing is timed yet; both have ended, whatever became of one, before anything is
      const settled = await Promise.allSettled([
        host.reference(group.problem, lanes, patienceMs),
        ...(second ? [host.reference(second.problem, second.lanes, patienceMs)] : []),
      ]);
      const references = settled.map((one) => {
        if (one.status === "rejected") throw one.reason;
        return one.value;
      });
      this.affordable.sawReference(group, (host.nowMs() - start) * 1e6);
      return references;
    } catch (error) {
      this.check();
      const why = error instanceof Error ? error.message : String(error);
      for (const planned of cases)
        this.finish(planned, { status: "failed", reason: `no reference: ${why}` }, {});
      return undefined;
    }
  }

  private groupRun(
    group: Group,
    lanes: LaneChoice,
    [reference, other]: readonly ReferenceHandle[],
    second: SecondSet | undefined,
  ): GroupRun {
    const { host, pool, seed } = this.options;
    return {
      host,
      pool,
      lanes,
      reference,
      second: second && { problem: second.problem, reference: other, what: second.what },
      budget: this.grid,
      seed,
      orderOf: group.key,
      sampleNs: this.affordable.sampleNs(),
      predictedNs: (planned) => this.affordable.predictedNs(planned),
      check: () => this.check(),
    };
  }

  /** Cases whose predicted memory, their second inputs included, fits together; one block as a rule. */
  private blocks(cases: readonly Case[], secondBytes: number): Case[][] {
    const blocks: Case[][] = [];
    let free = 0;
    for (const planned of cases) {
      const bytes = this.affordable.predictedBytes(planned) + secondBytes;
      if (blocks.length === 0 || bytes > free) {
        blocks.push([]);
        free = this.options.host.memoryBytes;
      }
      blocks.at(-1)!.push(planned);
      free -= bytes;
    }
    return blocks;
  }

  private finish(
    planned: Case,
    outcome: Outcome,
    ceilings: Parameters<typeof caseRecords>[2]["ceilings"],
  ): void {
    const { targets, facts, emit } = this.options;
    const { info: device, traits } = targets[planned.target];
    if (outcome.status === "skipped") this.affordable.skipped(planned);
    const suites = this.suitesLeft(planned);
    this.left.delete(planned);
    emit(caseRecords({ ...planned, suites }, outcome, { device, traits, ceilings }, facts));
  }

  private suitesLeft({ suites, id }: Case): string[] {
    return suites.filter((suite) => !this.options.done?.has(planId(suite, id)));
  }

  private check(): void {
    if (this.options.signal?.aborted) throw new Interrupted("interrupted");
  }
}

function blockRemark(block: readonly Case[], cases: readonly Case[]): string {
  return `sampled in a block of ${block.length} of ${cases.length} implementations, not interleaved with the others: memory`;
}
