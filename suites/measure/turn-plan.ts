/**
 * What a turn does beside its samples: when inputs change, when outputs are poison, after which runs they are read. All drawn from the
 * seed, so that no kernel can know what comes; the same seed gives the same turns.
 */
import { hashAt, type StreamKeys, streamKeys } from "../../impls/random.js";
import type { Step } from "../check/witness.js";

export interface TurnSize {
  readonly samples: number;
  /** Runs of a sample. */
  readonly repeats: number;
}

/** Turns that every case has, and that do most of the reading. */
const FIRST = 3;
/** Runs that are read in each of them: 45 in all, or every one where a case makes fewer. */
const READS = 15;
/** Untimed runs that a change of inputs is followed by at most, where runs are short. */
const MOST_RUNS = 49;
/** After so many turns inputs change in every fourth, before in every second. */
const OFTEN = 8;
/** Where a turn is one run, three on one set tell whether they agree: the set in place in the first turns (0: as prepared). */
const SHORT = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
] as const;

/** Plans the turns of one case, one after the other. */
export class TurnPlanner {
  private readonly keys: StreamKeys;
  private draws = 0;
  private turn = 0;
  private runs = 0;
  private set = 0;
  /** The last run of the turn before was not read: it is, after its inputs are gone. */
  private pending = false;
  /** A change of inputs without poison is still to come. */
  private owed = true;
  private short: readonly number[] | undefined;

  /** @param name of the case, so that every one has its own turns */
  constructor(seed: number, name: string) {
    this.keys = streamKeys(seed, `turns ${name}`);
  }

  next({ samples, repeats }: TurnSize): Step[] {
    const turn = this.turn++;
    if (turn === 0 && samples * repeats === 1) this.short = SHORT[this.below(SHORT.length)];
    const changes = this.changes(turn);
    const steps = this.opening(turn, changes);
    if (repeats > 1) steps.push(...this.probes(turn, repeats));
    // the turn before the first change that is not hidden by poison ends unread
    const holdsBack = changes ? this.coin() : this.owed && this.short !== undefined;
    steps.push(...this.sampling(turn, samples, repeats, holdsBack || turn === 0));
    return steps;
  }

  private changes(turn: number): boolean {
    if (this.short && turn < FIRST) return this.short[turn] !== this.set;
    if (turn < 2) return true;
    return this.below(turn < OFTEN ? 2 : 4) === 0;
  }

  private opening(turn: number, changes: boolean): Step[] {
    const steps: Step[] = [];
    if (changes) this.set = 1 - this.set;
    if (this.pending) {
      if (changes) steps.push("switch");
      steps.push("read");
    }
    // the first turn finds the poison of the warm-up
    const hidden = turn === 0 || (changes && this.owed ? false : this.coin());
    if (changes && turn > 0 && !hidden) this.owed = false;
    if (hidden && turn > 0) steps.push("poison");
    if (changes && !this.pending) steps.push("switch");
    this.pending = false;
    return steps;
  }

  /** Inputs change, and some runs later the output must have followed: often after the first one, else after up to 49. */
  private probes(turn: number, repeats: number): Step[] {
    const steps: Step[] = [];
    for (let probe = turn < FIRST ? 3 : this.below(2); probe > 0; probe--) {
      this.set = 1 - this.set;
      steps.push("switch");
      if (this.below(4) === 0) steps.push("poison");
      const most = Math.min(MOST_RUNS, repeats);
      steps.push(this.coin() ? 1 : 1 + this.below(most), "read");
    }
    return steps;
  }

  private sampling(turn: number, samples: number, repeats: number, holdsBack: boolean): Step[] {
    const reads = new Set<number>();
    const early = turn < FIRST || this.runs < FIRST * READS;
    const wanted = early ? Math.min(samples, READS) : this.below(2);
    this.runs += samples * repeats;
    while (reads.size < wanted) reads.add(this.below(samples));
    if (holdsBack) reads.delete(samples - 1);
    const steps: Step[] = [];
    let from = 0;
    for (const at of [...reads].sort((a, b) => a - b)) {
      steps.push({ samples: at + 1 - from });
      // a sample is many runs: the one that is read must not always be the last of one
      if (repeats > 1) steps.push(this.below(Math.min(4, repeats)));
      steps.push("read");
      from = at + 1;
    }
    if (from < samples) steps.push({ samples: samples - from });
    this.pending = from < samples;
    return steps;
  }

  private coin(): boolean {
    return this.below(2) === 0;
  }

  private below(count: number): number {
    return Math.floor((hashAt(this.keys, 0, this.draws++) / 2 ** 32) * count);
  }
}
