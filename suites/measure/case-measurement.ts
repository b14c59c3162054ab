/**
 * One case of a group, in the process of its engine: prepared, verified and warmed up, timed in turns, and held against the reference
 * once more. All of that in one process: where it dies under a neighbour, what its outputs were can no longer be asked, so the case
 * begins again and the samples of before count for nothing.
 */
import type { RunDetails } from "../../impls/prepared.js";
import type { Sample } from "../../reports/rows/row.js";
import { FEWEST_ROUNDS, FEWEST_SAMPLES, FEWEST_SLOW_SAMPLES, type GridBudget } from "../budget/budget.js";
import { problemBytes } from "../budget/predict.js";
import type { Verdict } from "../check/check.js";
import type { LaneChoice } from "../check/lanes.js";
import type { Case } from "../plan/case.js";
import type { EnginePool } from "../processes/engine-pool.js";
import { CallFailed, EngineDied, type Host } from "../processes/host.js";
import type { CallName, Calls, InputsReport, ReferenceHandle, SecondInputs } from "../processes/protocol.js";
import { clockNs, type StopReason, Trial } from "./measure.js";
import type { Outcome } from "./rows.js";
import { ascending, quantile } from "./statistics.js";
import { TurnPlanner } from "./turn-plan.js";

export interface GroupRun {
  readonly host: Host;
  readonly pool: EnginePool;
  readonly lanes: LaneChoice;
  readonly reference: ReferenceHandle;
  /** Other inputs for the same problem; undefined where it has none. */
  readonly second: (SecondInputs & { readonly what: string }) | undefined;
  readonly budget: GridBudget;
  readonly seed: number;
  /** Names the problem, for the order of its rounds. */
  readonly orderOf: string;
  /** Sampling time of each case. */
  readonly sampleNs: number;
  /** Predicted time of one run, where there is a prediction. */
  predictedNs(planned: Case): number | undefined;
  /** Throws when the run was interrupted. */
  check(): void;
}

/** Preparing may compile a kernel on its first use. */
const PREPARE_MS = 120_000;
const RESIDENT_SLACK = 256 * 2 ** 20;

let nextNumber = 0;

export class CaseMeasurement {
  /** What becomes of the case; undefined while it is worked on. */
  outcome: Outcome | undefined;
  /** Time of one run as verified or measured, and memory held. */
  observed: { runNs: number; bytes: number } | undefined;
  /** Why it has enough samples. */
  stop: StopReason | undefined;
  private readonly number = nextNumber++;
  private beginnings = 0;
  private generation = -1;
  private bytes = 0;
  private details: RunDetails | undefined;
  private estimateNs: number;
  private repeats = 1;
  private errorU = 0;
  private boundU = 0;
  private gainedBytes = 0;
  private turns!: TurnPlanner;
  private trial!: Trial;

  /** @param mostBeginnings neighbours may end its process; a process that ends oftener than there are neighbours does so by itself */
  constructor(
    private readonly run: GroupRun,
    readonly planned: Case,
    private readonly mostBeginnings: number,
  ) {
    this.estimateNs = run.predictedNs(planned) ?? 0;
  }

  /** Prepare, verify, warm up: in a process where this case is not (or no longer) known. */
  async begin(): Promise<void> {
    const { planned, number, run } = this;
    if (this.beginnings === this.mostBeginnings)
      throw new CallFailed(`its process ended ${this.beginnings} times between its runs`);
    this.beginnings++;
    this.generation = (await run.pool.link(planned.target)).generation;
    const { impl, problem, options } = planned;
    const { meterNs } = run.budget;
    const wanted = { case: number, impl, problem, options, leaks: true, meterNs };
    const prepared = await this.call("prepare", wanted, 10);
    if ("unsupported" in prepared) {
      this.outcome = { status: "skipped", reason: prepared.unsupported };
      return;
    }
    this.bytes = prepared.bytes;
    this.details = prepared.details;
    const { reference, second } = run;
    const body = {
      case: number,
      reference,
      second: second && { problem: second.problem, reference: second.reference },
    };
    const { verdict, firstNs } = await this.call("verify", body, 10);
    this.estimateNs = firstNs;
    this.observed = { runNs: firstNs, bytes: this.bytes };
    if (verdict.status === "vacuous") throw new CallFailed(verdict.reason);
    if (verdict.status === "rejected") {
      this.reject("verification", verdict);
      return;
    }
    this.errorU = verdict.errorU;
    this.boundU = verdict.boundU;
    const { warmNs } = run.budget;
    const cold = this.isCold;
    const warm = await this.call("warm", { case: number, budgetNs: warmNs, firstNs, cold }, 10);
    this.estimateNs = warm.estimateNs;
    this.repeats = warm.repeats;
    this.startAnew();
  }

  /** No sample yet, and turns that no earlier process has seen. */
  private startAnew(): void {
    const { budget, sampleNs, seed } = this.run;
    const { id } = this.planned;
    // a short budget in a slow case: three samples, and the row says that its interval is their range
    const slow = FEWEST_SAMPLES * this.estimateNs > 2 * Math.max(sampleNs, budget.sampleNs);
    this.trial = new Trial({
      precision: 0.02,
      maxSamples: budget.maxSamples,
      minSamples: slow ? FEWEST_SLOW_SAMPLES : FEWEST_SAMPLES,
      minRounds: FEWEST_ROUNDS,
      budgetNs: sampleNs,
    });
    this.turns = new TurnPlanner(seed, this.beginnings === 1 ? id : `${id} again ${this.beginnings}`);
    this.gainedBytes = 0;
    this.stop = undefined;
  }

  async turn(round: number, order: number): Promise<void> {
    const { number, run } = this;
    if (this.isGone) await this.begin();
    if (this.outcome) return;
    const { repeats, estimateNs } = this;
    const count = Math.max(1, Math.min(20, Math.round(run.budget.turnNs / (repeats * estimateNs))));
    const start = run.host.nowMs();
    const steps = this.turns.next({ samples: count, repeats });
    const { samples, gainedBytes, rejected } = await this.call(
      "sample",
      { case: number, count, repeats, cold: this.isCold, steps },
      count * repeats + steps.length,
    );
    if (rejected) {
      this.reject("timed runs", rejected);
      return;
    }
    const wallNs = (run.host.nowMs() - start) * 1e6;
    this.trial.add(
      samples.map((sample): Sample => ({ ...sample, repeats, round, order })),
      wallNs,
    );
    this.gainedBytes += gainedBytes;
    if (this.gainedBytes > RESIDENT_SLACK + 2 * this.bytes) {
      await run.pool.restart(this.planned.target);
      throw new EngineDied(
        `allocates more on every run: its process grew by ${mib(this.gainedBytes)} over ${this.trial.samples.length} timed samples`,
      );
    }
    this.stop = this.trial.stopReason();
  }

  /** The outputs that the timed runs left must still be right. */
  async finish(remark?: string): Promise<void> {
    if (this.isGone) {
      // the next turn begins again
      this.stop = undefined;
      return;
    }
    const body = { case: this.number, reference: this.run.reference };
    const rechecked = await this.call("recheck", body, 70);
    const { verdict, deterministic, leakedBytesPerRun, inputs } = rechecked;
    if (verdict.status === "vacuous") throw new CallFailed(verdict.reason);
    if (verdict.status === "rejected") {
      this.reject("timed runs", verdict);
      return;
    }
    if (leakedBytesPerRun > 0)
      throw new CallFailed(`allocates more on every run: each leaves ${mib(leakedBytesPerRun)} behind`);
    const { samples } = this.trial;
    // not the first run's time, where a long case was warmed up by no other: its new pages would foretell ever slower larger sizes
    const runNs = quantile(ascending(samples.map(clockNs)), 0.5);
    this.observed = { runNs, bytes: this.bytes };
    this.outcome = {
      status: "measured",
      samples,
      stopReason: this.stop!,
      lanes: this.run.lanes,
      errorU: Math.max(this.errorU, 0),
      boundU: this.boundU,
      deterministic,
      inputs: this.describeInputs(inputs),
      checkedRuns: inputs.checkedRuns,
      peakBytes: this.bytes,
      remarks: this.remarks(samples.length, remark),
      details: rechecked.details ?? this.details,
      telemetry: rechecked.telemetry,
    };
  }

  async dispose(): Promise<void> {
    if (this.isGone) return;
    await this.call("dispose", { case: this.number }).catch(() => this.run.pool.restart(this.planned.target));
  }

  private remarks(samples: number, ofGroup: string | undefined): string[] {
    const remarks = ofGroup ? [ofGroup] : [];
    if (this.beginnings > 1) remarks.push("begun again, since its process ended under another case");
    if (samples < FEWEST_SAMPLES) remarks.push(`the interval is the range of ${samples} samples`);
    return remarks;
  }

  private async call<K extends CallName>(name: K, body: Calls[K][0], runs = 1): Promise<Calls[K][1]> {
    const { planned, run, estimateNs } = this;
    const { link } = await run.pool.link(planned.target);
    // making inputs and reading outputs takes time with their size: 5 MB/s is slow for any engine
    const sizeMs = problemBytes(planned.operator, planned.problem) / 5e3;
    const base = name === "prepare" ? PREPARE_MS : run.budget.deadlineMs;
    return link.call(name, body, base + sizeMs + (20 * runs * estimateNs) / 1e6);
  }

  private reject(
    when: "verification" | "timed runs",
    { mismatch, errorU, boundU, note }: Extract<Verdict, { status: "rejected" }>,
  ): void {
    const { lanes } = this.run;
    this.outcome = { status: "rejected", when, mismatch, note, lanes, errorU, boundU };
  }

  private describeInputs({ sets, switches }: InputsReport): string {
    const { second } = this.run;
    if (!second) return "one set: no input is random";
    if (sets < 2) return "one set: this engine cannot rewrite inputs";
    const lanes = second.reference.lanes.length;
    return `${second.what}, ${switches} switches, ${lanes} lanes of the second`;
  }

  private get isGone(): boolean {
    return this.run.pool.generation(this.planned.target) !== this.generation;
  }

  private get isCold(): boolean {
    return this.planned.cache === "cold";
  }
}

function mib(bytes: number): string {
  return bytes < 2 ** 20 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
