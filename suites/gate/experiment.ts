/**
 * Blocks of fresh processes. A block is four of them, two an arm, prepared and verified together, then timed in turns, ABBA or BAAB
 * by a coin and the other way round in the next turn: what drifts cancels. The block gives one ratio, each process one median to
 * report. Screening shares a block's processes among all cases, each case with its own coin and all in a new random order, because
 * starting a process costs more than timing a case; its result only chooses what is looked at again. The confirming blocks, which
 * alone can fail a change, start four processes for one case.
 */

import { TurnPlanner, type TurnSize } from "../measure/turn-plan.js";
import type { Target } from "../plan/case.js";
import type { GateCase } from "./cases.js";
import { type ArmName, checkSignal, type Lab, type Sides, timeIsUp } from "./lab.js";
import type { Wrong } from "./proof.js";
import { ArmFailed, BLOCK_NS, Station, type Truths, WrongOutput } from "./station.js";
import { type BlockSource, canaryDone } from "./statistics/decision.js";
import { blockLogRatio, type Rule } from "./statistics/judge.js";
import { Order } from "./statistics/order.js";

/** Medians in ns, one a process. */
export type ArmTimes = Sides<number[]>;

/** Times a spoiled or failed block is tried again before its case is given up. */
const RETRIES = 3;

export interface Failure {
  readonly arm?: ArmName;
  readonly reason: string;
}

/** Four stations, two an arm. In a canary both arms are the base. */
interface Crew {
  readonly base: readonly [Station, Station];
  readonly head: readonly [Station, Station];
}

export class Experiment implements BlockSource {
  /** Of all blocks so far, by case. */
  readonly times: readonly ArmTimes[];
  /** Why a case was given up, and in which arm; neither's when its blocks were spoiled. */
  readonly failed = new Map<number, Failure>();
  /** Which output was found wrong after it had been timed; the error ends the experiment. */
  wrong: Wrong | undefined;
  /** Whether the budget ended something early. */
  outOfTime = false;
  protected readonly order: Order;
  private planners = 0;

  constructor(
    protected readonly lab: Lab,
    protected readonly cases: readonly GateCase[],
    protected readonly references: ReadonlyMap<string, Truths>,
    protected readonly rule: Rule,
  ) {
    this.order = new Order(lab.seed);
    this.times = cases.map(() => ({ base: [], head: [] }));
  }

  async screen(): Promise<number[][]> {
    const ratios: number[][] = this.cases.map(() => []);
    const targets = distinctTargets(this.cases);
    for (let block = 0; block < this.rule.screenBlocks; block++) {
      this.lab.say(`screening, block ${block + 1} of ${this.rule.screenBlocks}`);
      let crew: Crew | ArmFailed | undefined;
      try {
        for (const index of this.order.shuffled(this.cases.length)) {
          for (let attempt = 0; !this.failed.has(index) && !this.mustStop(); attempt++) {
            crew ??= await this.gather(targets, "head");
            const outcome = await this.block(this.cases[index], crew, this.times[index], BLOCK_NS.screening);
            if (typeof outcome === "number") {
              ratios[index].push(outcome);
              break;
            }
            await dismiss(crew);
            crew = undefined;
            this.again(index, attempt, outcome);
          }
        }
      } finally {
        if (crew) await dismiss(crew);
      }
    }
    return ratios;
  }

  confirm(index: number): Promise<number | undefined> {
    return this.freshBlock(index, "head", this.times[index]);
  }

  /** The base against itself, case `index`. */
  async canary(index: number): Promise<number[]> {
    const ratios: number[] = [];
    while (!canaryDone(ratios, this.rule)) {
      const ratio = await this.freshBlock(index, "base", { base: [], head: [] });
      if (ratio === undefined) break;
      ratios.push(ratio);
    }
    return ratios;
  }

  /** One block of processes that measure this case and nothing else. */
  private async freshBlock(index: number, second: ArmName, times: ArmTimes): Promise<number | undefined> {
    for (let attempt = 0; !this.failed.has(index) && !this.mustStop(); attempt++) {
      const crew = await this.gather([this.cases[index].target], second);
      try {
        const outcome = await this.block(this.cases[index], crew, times, BLOCK_NS.confirming);
        if (typeof outcome === "number") return outcome;
        this.again(index, attempt, outcome);
      } finally {
        await dismiss(crew);
      }
    }
    return undefined;
  }

  /** Counts a failed attempt; after a few the case is given up. */
  protected again(index: number, attempt: number, error: Error): void {
    if (attempt < RETRIES) return;
    const { message: reason } = error;
    this.failed.set(index, error instanceof ArmFailed ? { arm: error.arm, reason } : { reason });
  }

  /** @returns the log ratio, or why there is none. @throws WrongOutput */
  private async block(
    gated: GateCase,
    crew: Crew | ArmFailed,
    times: ArmTimes,
    blockNs: number,
  ): Promise<number | Error> {
    if (crew instanceof ArmFailed) return crew;
    const [a1, a2] = crew.base;
    const [b1, b2] = crew.head;
    const orders = [
      [a1, b1, b2, a2],
      [b1, a1, a2, b2],
    ];
    const first = this.order.coin() ? 0 : 1;
    const truths = this.references.get(gated.problemKey)!;
    const all = orders[first];
    try {
      await settled(all.map((station) => station.load(gated, truths)));
      for (const station of all) await station.warm(gated);
      // what comes and goes on the machine meets all four: they take several short turns, ABBA BAAB ABBA ...
      const rounds = Math.min(...all.map((station) => station.rounds(blockNs)));
      const turns = this.turns(gated, all);
      for (let round = 0; round < rounds; round++) {
        const steps = turns.next();
        for (const station of orders[(first + round) % 2]) {
          checkSignal(this.lab);
          await station.turn(gated, turns.size, steps);
        }
      }
      const spoiled = this.lab.blockSpoiled(gated.target.kind);
      await settled(all.map((station) => station.unload(gated, truths)));
      if (spoiled !== undefined) return new Error(spoiled);
      times.base.push(a1.medianNs, a2.medianNs);
      times.head.push(b1.medianNs, b2.medianNs);
      return blockLogRatio([a1.turnsNs, a2.turnsNs], [b1.turnsNs, b2.turnsNs]);
    } catch (error) {
      return this.excuse(gated, error);
    }
  }

  /**
   * Turns in which inputs change and outputs are read, as the bench's do. All processes of a block do the same in the same round, so that
   * what it does to their caches cancels too; a sample has as many runs as the slowest one's, a turn as many samples.
   */
  protected turns(
    { id }: GateCase,
    stations: readonly Station[],
  ): { readonly size: TurnSize; next(): ReturnType<TurnPlanner["next"]> } {
    const sizes = stations.map(({ turnSize }) => turnSize);
    const size = {
      samples: Math.min(...sizes.map(({ samples }) => samples)),
      repeats: Math.min(...sizes.map(({ repeats }) => repeats)),
    };
    const planner = new TurnPlanner(this.lab.seed, `block ${this.planners++} of ${id}`);
    return { size, next: () => planner.next(size) };
  }

  /** A failure of one arm may be tried again; a wrong number ends everything. */
  protected excuse(gated: GateCase, error: unknown): Error {
    checkSignal(this.lab);
    if (error instanceof ArmFailed) return error;
    if (error instanceof WrongOutput) this.wrong = { id: gated.id, arm: error.arm, reason: error.message };
    throw error;
  }

  private async gather(targets: readonly Target[], second: ArmName): Promise<Crew | ArmFailed> {
    const open = (arm: ArmName) => Station.open(this.lab, arm, targets);
    const opening = [open("base"), open("base"), open(second), open(second)];
    try {
      const [a1, a2, b1, b2] = await settled(opening);
      return { base: [a1, a2], head: [b1, b2] };
    } catch (error) {
      for (const outcome of await Promise.allSettled(opening))
        if (outcome.status === "fulfilled") await outcome.value.close();
      checkSignal(this.lab);
      if (error instanceof ArmFailed) return error;
      throw error;
    }
  }

  protected mustStop(): boolean {
    checkSignal(this.lab);
    if (timeIsUp(this.lab)) this.outOfTime = true;
    return this.outOfTime;
  }
}

export function distinctTargets(cases: readonly GateCase[]): Target[] {
  return [...new Map(cases.map(({ target }) => [`${target.engine} ${target.device}`, target])).values()];
}

async function dismiss(crew: Crew | ArmFailed): Promise<void> {
  if (crew instanceof ArmFailed) return;
  await Promise.all([...crew.base, ...crew.head].map((station) => station.close()));
}

/** All of them, and only then the first failure: nothing is left running behind an error. */
async function settled<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  const results = await Promise.allSettled(promises);
  return results.map((result) => {
    if (result.status === "rejected") throw result.reason;
    return result.value;
  });
}
