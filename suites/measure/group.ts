/**
 * Measures all cases of one problem together: every implementation is verified, then they take turns in rounds of random order
 * until each has enough samples, then their outputs are held against the reference once more.
 */
import type { RunDetails } from "../../impls/prepared.js";
import { hashAt, type StreamKeys, streamKeys } from "../../impls/random.js";
import type { Sample } from "../../reports/rows/row.js";
import { FEWEST_ROUNDS, FEWEST_SAMPLES, FEWEST_SLOW_SAMPLES, type GridBudget } from "../budget/budget.js";
import { problemBytes } from "../budget/predict.js";
import type { Verdict } from "../check/check.js";
import type { LaneChoice } from "../check/lanes.js";
import type { Case } from "../plan/plan.js";
import type { EnginePool } from "../processes/engine-pool.js";
import { CallFailed, EngineDied, type Host } from "../processes/host.js";
import type { CallName, Calls, InputsReport, ReferenceHandle, SecondInputs } from "../processes/protocol.js";
import { type StopReason, Trial } from "./measure.js";
import type { Outcome } from "./rows.js";
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

/** One case while it is worked on. */
interface Active {
  readonly planned: Case;
  readonly number: number;
  generation: number;
  bytes: number;
  details?: RunDetails | undefined;
  estimateNs: number;
  repeats: number;
  errorU: number;
  boundU: number;
  gainedBytes: number;
  readonly turns: TurnPlanner;
  trial?: Trial;
  stop?: StopReason | undefined;
}

let nextNumber = 0;

export class GroupMeasurement {
  readonly outcomes = new Map<Case, Outcome>();
  /** Time of one run as verified or measured, and memory held, for the predictions of larger cases. */
  readonly observed = new Map<Case, { runNs: number; bytes: number }>();
  /** Cases that were killed for giving no answer. */
  readonly hung = new Set<Case>();
  private readonly order: StreamKeys;
  private draws = 0;

  constructor(private readonly run: GroupRun) {
    // every problem its own order, the same for the same seed
    this.order = streamKeys(run.seed, `order ${run.orderOf}`);
  }

  /** Cases whose memory fits together. */
  async measure(cases: readonly Case[], remark?: string): Promise<void> {
    let active: Active[] = [];
    for (const planned of this.shuffled(cases)) {
      const entry = this.start(planned);
      if (await this.attempt(entry, () => this.bring(entry))) active.push(entry);
    }
    for (let round = 0; active.length > 0; round++) {
      for (const [order, entry] of this.shuffled(active).entries()) {
        if (!(await this.attempt(entry, () => this.turn(entry, round, order))))
          active = active.filter((other) => other !== entry);
      }
      for (const entry of active.filter(({ stop }) => stop)) {
        await this.attempt(entry, () => this.finish(entry, remark));
        await this.dispose(entry);
      }
      active = active.filter(({ stop }) => !stop);
    }
  }

  private start(planned: Case): Active {
    return {
      planned,
      number: nextNumber++,
      generation: 0,
      bytes: 0,
      estimateNs: this.run.predictedNs(planned) ?? 0,
      repeats: 1,
      errorU: 0,
      boundU: 0,
      gainedBytes: 0,
      turns: new TurnPlanner(this.run.seed, planned.id),
    };
  }

  /** Does one step of a case. A failure ends the case, and only this one. */
  private async attempt(entry: Active, step: () => Promise<void>): Promise<boolean> {
    try {
      this.run.check();
      await step();
    } catch (error) {
      this.run.check();
      if (!(error instanceof CallFailed) && !(error instanceof EngineDied)) throw error;
      this.outcomes.set(entry.planned, { status: "failed", reason: error.message });
      if (error instanceof EngineDied && error.hung) this.hung.add(entry.planned);
      if (error instanceof CallFailed) await this.dispose(entry);
    }
    return !this.outcomes.has(entry.planned);
  }

  private async call<K extends CallName>(
    entry: Active,
    name: K,
    body: Calls[K][0],
    runs = 1,
  ): Promise<Calls[K][1]> {
    const { link } = await this.run.pool.link(entry.planned.target);
    // making inputs and reading outputs takes time with their size: 5 MB/s is slow for any engine
    const sizeMs = problemBytes(entry.planned.operator, entry.planned.problem) / 5e3;
    const base = name === "prepare" ? PREPARE_MS : this.run.budget.deadlineMs;
    const deadlineMs = base + sizeMs + (20 * runs * entry.estimateNs) / 1e6;
    return link.call(name, body, deadlineMs);
  }

  /** Prepare, verify, warm up: in a process where this case is not (or no longer) known. */
  private async bring(entry: Active): Promise<void> {
    const { planned, number } = entry;
    const { generation } = await this.run.pool.link(planned.target);
    entry.generation = generation;
    const { impl, problem, options } = planned;
    const prepared = await this.call(
      entry,
      "prepare",
      { case: number, impl, problem, options, leaks: true },
      10,
    );
    if ("unsupported" in prepared) {
      this.outcomes.set(planned, { status: "skipped", reason: prepared.unsupported });
      return;
    }
    entry.bytes = prepared.bytes;
    entry.details = prepared.details;
    const { reference, second } = this.run;
    const body = {
      case: number,
      reference,
      second: second && { problem: second.problem, reference: second.reference },
    };
    const { verdict, firstNs } = await this.call(entry, "verify", body, 10);
    entry.estimateNs = firstNs;
    this.observed.set(planned, { runNs: firstNs, bytes: entry.bytes });
    if (verdict.status === "vacuous") throw new CallFailed(verdict.reason);
    if (verdict.status === "rejected") {
      this.reject(entry, "verification", verdict);
      await this.dispose(entry);
      return;
    }
    entry.errorU = verdict.errorU;
    entry.boundU = verdict.boundU;
    const { warmNs } = this.run.budget;
    const warm = await this.call(
      entry,
      "warm",
      { case: number, budgetNs: warmNs, firstNs, cold: isCold(entry) },
      10,
    );
    entry.estimateNs = warm.estimateNs;
    entry.repeats = warm.repeats;
    entry.trial ??= this.trial(warm.estimateNs);
  }

  private trial(estimateNs: number): Trial {
    const { budget, sampleNs } = this.run;
    // a short budget in a slow case: three samples, and the row says that its interval is their range
    const slow = FEWEST_SAMPLES * estimateNs > 2 * Math.max(sampleNs, budget.sampleNs);
    return new Trial({
      precision: 0.02,
      maxSamples: budget.maxSamples,
      minSamples: slow ? FEWEST_SLOW_SAMPLES : FEWEST_SAMPLES,
      minRounds: FEWEST_ROUNDS,
      budgetNs: sampleNs,
    });
  }

  private async turn(entry: Active, round: number, order: number): Promise<void> {
    const { planned, number } = entry;
    if (this.run.pool.generation(planned.target) !== entry.generation) await this.bring(entry);
    if (this.outcomes.has(planned)) return;
    const { repeats, estimateNs } = entry;
    const { turnNs } = this.run.budget;
    const count = Math.max(1, Math.min(20, Math.round(turnNs / (repeats * estimateNs))));
    const start = this.run.host.nowMs();
    const steps = entry.turns.next({ samples: count, repeats });
    const { samples, gainedBytes, rejected } = await this.call(
      entry,
      "sample",
      { case: number, count, repeats, cold: isCold(entry), steps },
      count * repeats + steps.length,
    );
    if (rejected) {
      this.reject(entry, "timed runs", rejected);
      await this.dispose(entry);
      return;
    }
    const wallNs = (this.run.host.nowMs() - start) * 1e6;
    entry.trial!.add(
      samples.map((sample): Sample => ({ ...sample, repeats, round, order })),
      wallNs,
    );
    entry.gainedBytes += gainedBytes;
    if (entry.gainedBytes > RESIDENT_SLACK + 2 * entry.bytes) {
      await this.run.pool.restart(planned.target);
      throw new EngineDied(
        `allocates more on every run: its process grew by ${mib(entry.gainedBytes)} over ${entry.trial!.samples.length} timed samples`,
      );
    }
    entry.stop = entry.trial!.stopReason();
  }

  /** The outputs that the timed runs left must still be right. */
  private async finish(entry: Active, remark?: string): Promise<void> {
    const { planned, number } = entry;
    if (this.run.pool.generation(planned.target) !== entry.generation) {
      // its process died under a neighbour after its last sample: its outputs are gone, so they are made again
      await this.bring(entry);
      if (this.outcomes.has(planned)) return;
      const { repeats } = entry;
      await this.call(entry, "sample", { case: number, count: 1, repeats, cold: isCold(entry) }, repeats);
    }
    const { verdict, deterministic, leakedBytesPerRun, inputs } = await this.call(
      entry,
      "recheck",
      { case: number, reference: this.run.reference },
      70,
    );
    if (verdict.status === "vacuous") throw new CallFailed(verdict.reason);
    if (verdict.status === "rejected") {
      this.reject(entry, "timed runs", verdict);
      return;
    }
    if (leakedBytesPerRun > 0)
      throw new CallFailed(`allocates more on every run: each leaves ${mib(leakedBytesPerRun)} behind`);
    const samples = entry.trial!.samples;
    const remarks = remark ? [remark] : [];
    if (samples.length < FEWEST_SAMPLES)
      remarks.push(`the interval is the range of ${samples.length} samples`);
    this.observed.set(planned, { runNs: entry.estimateNs, bytes: entry.bytes });
    this.outcomes.set(planned, {
      status: "measured",
      samples,
      stopReason: entry.stop!,
      lanes: this.run.lanes,
      errorU: Math.max(entry.errorU, 0),
      boundU: entry.boundU,
      deterministic,
      inputs: this.describeInputs(inputs),
      checkedRuns: inputs.checkedRuns,
      peakBytes: entry.bytes,
      remarks,
      details: entry.details,
    });
  }

  private reject(
    { planned }: Active,
    when: "verification" | "timed runs",
    { mismatch, errorU, boundU, note }: Extract<Verdict, { status: "rejected" }>,
  ): void {
    const { lanes } = this.run;
    this.outcomes.set(planned, { status: "rejected", when, mismatch, note, lanes, errorU, boundU });
  }

  private describeInputs({ sets, switches }: InputsReport): string {
    const { second } = this.run;
    if (!second) return "one set: no input is random";
    if (sets < 2) return "one set: this engine cannot rewrite inputs";
    const lanes = second.reference.lanes.length;
    return `${second.what}, ${switches} switches, ${lanes} lanes of the second`;
  }

  private async dispose(entry: Active): Promise<void> {
    if (this.run.pool.generation(entry.planned.target) !== entry.generation) return;
    await this.call(entry, "dispose", { case: entry.number }).catch(() =>
      this.run.pool.restart(entry.planned.target),
    );
  }

  /** Fisher-Yates with the run's own random function: the same seed gives the same order. */
  private shuffled<T>(items: readonly T[]): T[] {
    const result = [...items];
    for (let i = result.length - 1; i > 0; i--) {
      const j = hashAt(this.order, 0, this.draws++) % (i + 1);
      [result[i], result[j]] = [result[j], result[i]];
    }
    return result;
  }
}

function isCold({ planned }: Active): boolean {
  return planned.cache === "cold";
}

function mib(bytes: number): string {
  return bytes < 2 ** 20 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
