/**
 * A fresh process of one arm. It prepares and verifies one case at a time and times it in turns; the measuring itself is
 * the runner's session, in this arm's own process.
 */

import { problemBytes } from "../budget/predict.js";
import type { Mismatch, Verdict } from "../check/check.js";
import type { Step } from "../check/witness.js";
import { clockNs } from "../measure/measure.js";
import type { TurnSize } from "../measure/turn-plan.js";
import type { Target } from "../plan/case.js";
import { EnginePool } from "../processes/engine-pool.js";
import { oneLine } from "../processes/one-line.js";
import type { CallName, Calls, ReferenceHandle, SecondInputs } from "../processes/protocol.js";
import type { GateCase, HeadCase } from "./cases.js";
import type { ArmName, Lab } from "./lab.js";
import { median } from "./statistics/judge.js";

/** Running a case until its code is hot. */
const WARM_NS = 30e6;
/** One turn of a process. Short, so that the turns of a round meet the same machine; a case whose run takes longer runs once a turn. */
const TURN_NS = 5e6;
const MOST_SAMPLES = 50;
/** What the turns of a block may take together. Screening only chooses, and every case pays for it. */
export const BLOCK_NS = { screening: 0.7e9, confirming: 1.4e9 };
/** Few turns tell little, many add nothing. */
const ROUNDS = { least: 9, most: 60 };
/**
 * This share of the turns, the first ones, counts for nothing: optimised code is compiled by a thread in the background, which on a busy
 * machine comes late, and one process of four that still runs unoptimised code would decide its block.
 */
const UNCOUNTED = 1 / 3;
const CALL_MS = 60_000;

/** What a problem's outputs are held against: the truth of its inputs, and of those that take their place between turns. */
export interface Truths {
  readonly first: ReferenceHandle;
  readonly second: SecondInputs | undefined;
}

/** A case could not be run in one arm: crash, hang, refusal. */
export class ArmFailed extends Error {
  override readonly name = "ArmFailed";

  constructor(
    readonly arm: ArmName,
    message: string,
  ) {
    super(message);
  }
}

/** An output that breaks its bound, found by the arm that made it. */
export class WrongOutput extends Error {
  override readonly name = "WrongOutput";

  constructor(
    readonly arm: ArmName,
    { place, index, got, wanted, bound }: Mismatch,
  ) {
    const expected = Number.isNaN(wanted) ? "a finite value" : String(wanted);
    super(`${place} (index ${index}): got ${got}, wanted ${expected}, bound ${bound.toExponential(3)}`);
  }
}

/** A case of both arms, or of head alone. */
type Loadable = HeadCase & Partial<Pick<GateCase, "base">>;

export class Station {
  private firstNs = 0;
  /** In ns, by turn. */
  private samples: number[][] = [];
  private warmed = { repeats: 1, estimateNs: 0 };

  private constructor(
    readonly arm: ArmName,
    private readonly pool: EnginePool,
    private readonly targets: readonly Target[],
  ) {}

  /** @throws ArmFailed when the arm does not open one of the engines */
  static async open(lab: Lab, arm: ArmName, targets: readonly Target[]): Promise<Station> {
    const { files, child } = lab.arms[arm];
    const pool = new EnginePool(lab.host, files, lab.host.nowMs(), child);
    const { absent } = await pool.discover(
      targets.map(({ engine, device }) => ({ engine, device, named: true })),
    );
    if (absent.length > 0) {
      await pool.close();
      throw new ArmFailed(arm, absent[0].reason);
    }
    return new Station(arm, pool, targets);
  }

  /** @throws WrongOutput, ArmFailed */
  async load(gated: Loadable, { first: reference, second }: Truths): Promise<void> {
    const own = gated[this.arm];
    if (!own) throw new Error(`${gated.id} is a case of head alone`);
    const { impl, options } = own;
    const { problem } = gated;
    // a leak is the bench's to find: collecting garbage around each turn took longer than the turns
    const prepared = await this.call(gated, "prepare", { case: 0, impl, problem, options, leaks: false });
    if ("unsupported" in prepared) throw new ArmFailed(this.arm, `${gated.id}: ${prepared.unsupported}`);
    const { verdict, firstNs } = await this.call(gated, "verify", { case: 0, reference, second });
    this.judge(verdict);
    this.firstNs = firstNs;
    this.samples = [];
  }

  /** Time of one run once it is hot. */
  async warm(gated: HeadCase): Promise<number> {
    this.warmed = await this.call(gated, "warm", {
      case: 0,
      budgetNs: WARM_NS,
      firstNs: this.firstNs,
      cold: false,
    });
    return this.warmed.estimateNs;
  }

  /** How often it is this process's turn in a block whose turns may take so long. */
  rounds(blockNs: number): number {
    const { repeats, estimateNs } = this.warmed;
    const fit = Math.round(blockNs / (4 * Math.max(TURN_NS, repeats * estimateNs)));
    return Math.max(ROUNDS.least, Math.min(ROUNDS.most, fit));
  }

  /** What one of its turns would be, by its own speed. */
  get turnSize(): TurnSize {
    const { repeats, estimateNs } = this.warmed;
    const samples = Math.max(1, Math.min(MOST_SAMPLES, Math.round(TURN_NS / (repeats * estimateNs))));
    return { samples, repeats };
  }

  /** @throws WrongOutput where an output did not follow its inputs, ArmFailed */
  async turn(gated: HeadCase, { samples: count, repeats }: TurnSize, steps: readonly Step[]): Promise<void> {
    const body = { case: 0, count, repeats, cold: false, steps };
    const { samples, rejected } = await this.call(gated, "sample", body);
    if (rejected) this.judge(rejected);
    this.samples.push(samples.map(clockNs));
  }

  /** The median of each turn that counts. */
  get turnsNs(): number[] {
    return this.counted.map(median);
  }

  /** The one number of this process: the median of all samples that count. */
  get medianNs(): number {
    return median(this.counted.flat());
  }

  /** The least turn. */
  get leastNs(): number {
    return Math.min(...this.turnsNs);
  }

  private get counted(): number[][] {
    return this.samples.slice(Math.floor(UNCOUNTED * this.samples.length));
  }

  /** What the timed runs left must still be right. @throws WrongOutput */
  async unload(gated: HeadCase, { first: reference }: Truths): Promise<void> {
    const { verdict } = await this.call(gated, "recheck", { case: 0, reference });
    this.judge(verdict);
    await this.drop(gated);
  }

  async drop(gated: HeadCase): Promise<void> {
    await this.call(gated, "dispose", { case: 0 });
  }

  close(): Promise<void> {
    return this.pool.close();
  }

  private judge(verdict: Verdict): void {
    if (verdict.status === "rejected") throw new WrongOutput(this.arm, verdict.mismatch);
    if (verdict.status === "vacuous") throw new ArmFailed(this.arm, verdict.reason);
  }

  private async call<K extends CallName>(
    { target, operator, problem }: HeadCase,
    name: K,
    body: Calls[K][0],
  ): Promise<Calls[K][1]> {
    const place = this.targets.findIndex(
      ({ engine, device }) => engine === target.engine && device === target.device,
    );
    try {
      const { link } = await this.pool.link(place);
      const patienceMs = CALL_MS + problemBytes(operator, problem) / 5e3 + (200 * this.firstNs) / 1e6;
      return await link.call(name, body, patienceMs);
    } catch (error) {
      throw new ArmFailed(this.arm, oneLine(error));
    }
  }
}
