/**
 * Measures all cases of one problem together: every implementation is verified, then they take turns in rounds of random order
 * until each has enough samples, then their outputs are held against the reference once more.
 */
import { hashAt, type StreamKeys, streamKeys } from "../../impls/random.js";
import type { Case } from "../plan/case.js";
import { CallFailed, EngineDied } from "../processes/host.js";
import { CaseMeasurement, type GroupRun } from "./case-measurement.js";
import type { Outcome } from "./rows.js";

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
    let active: CaseMeasurement[] = [];
    for (const planned of this.shuffled(cases)) {
      const entry = new CaseMeasurement(this.run, planned, cases.length + 1);
      if (await this.attempt(entry, () => entry.begin())) active.push(entry);
    }
    for (let round = 0; active.length > 0; round++) {
      for (const [order, entry] of this.shuffled(active).entries())
        await this.attempt(entry, () => entry.turn(round, order));
      for (const entry of active.filter(({ stop, outcome }) => stop && !outcome))
        await this.attempt(entry, () => entry.finish(remark));
      active = active.filter(({ outcome }) => !outcome);
    }
  }

  /** Does one step of a case. A failure ends the case, and only this one. @returns whether the case goes on */
  private async attempt(entry: CaseMeasurement, step: () => Promise<void>): Promise<boolean> {
    try {
      this.run.check();
      await step();
    } catch (error) {
      this.run.check();
      if (!(error instanceof CallFailed) && !(error instanceof EngineDied)) throw error;
      entry.outcome = { status: "failed", reason: error.message };
      if (error instanceof EngineDied && error.hung) this.hung.add(entry.planned);
    }
    if (entry.observed) this.observed.set(entry.planned, entry.observed);
    if (!entry.outcome) return true;
    this.outcomes.set(entry.planned, entry.outcome);
    await entry.dispose();
    return false;
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
