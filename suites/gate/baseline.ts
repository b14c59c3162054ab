/**
 * Absolute comparison on one fixed machine: times of fresh processes of an earlier day in a file, beside those of today. A process's
 * time is its least turn, because no turns of two days can be paired, and only the least is free of what else the machine did. The k-th
 * process of today stands against the k-th of then, the same kind of process on both days; under "no change" the sign of their
 * difference is a coin, which is all that the decision rule asks. What it cannot cancel is the machine itself having changed: hence
 * the fingerprint.
 */
import { readFileSync } from "node:fs";
import { z } from "zod";
import { writeNamed } from "../../reports/rows/folder.js";
import { oneLine } from "../processes/one-line.js";
import type { GateCase } from "./cases.js";
import { distinctTargets, Experiment } from "./experiment.js";
import { BLOCK_NS, Station } from "./station.js";
import { GateStop } from "./stop.js";

const facts = z.record(z.string(), z.string());

const baselineSchema = z.object({
  version: z.literal(1),
  commit: z.string(),
  writtenUtc: z.string(),
  fingerprint: z.object({ hard: facts, soft: facts }),
  /** The code that was measured; absent in baselines of versions before 0.2. */
  made: z.object({ version: z.string(), code: z.string(), packages: facts, sources: facts }).optional(),
  /** Least turns in ns by case id: of processes that measured all cases, and of processes that measured this one alone. */
  cases: z.record(
    z.string(),
    z.object({ screen: z.array(z.number().positive()), confirm: z.array(z.number().positive()) }),
  ),
});
export type Baseline = z.infer<typeof baselineSchema>;
export type StoredTimes = Baseline["cases"][string];

/** @throws GateStop when the file is missing or holds something else */
export function readBaseline(file: string): Baseline {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    throw new GateStop("usage", `there is no baseline ${file}; --update measures this machine and writes it`);
  }
  try {
    return baselineSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new GateStop("usage", `${file} is no baseline: ${oneLine(error)}; --update writes it anew`);
  }
}

/** Whole or not at all. */
export function writeBaseline(file: string, baseline: Baseline): void {
  writeNamed(file, `${JSON.stringify(baseline, null, 1)}\n`);
}

/** Blocks of one process of today and one of the file's. */
export class BaselineExperiment extends Experiment {
  private readonly confirmed = new Map<number, number>();

  constructor(
    parts: ConstructorParameters<typeof Experiment>,
    /** By place in the cases. */
    private readonly stored: readonly StoredTimes[],
  ) {
    super(...parts);
    for (const [i, { base }] of this.times.entries()) base.push(...this.stored[i].screen);
  }

  override async screen(): Promise<number[][]> {
    const times = await this.screenTimes();
    return times.map((own, i) =>
      own.flatMap((ns, k) => {
        const then = this.stored[i].screen[k];
        return then === undefined ? [] : [Math.log(ns / then)];
      }),
    );
  }

  override async confirm(index: number): Promise<number | undefined> {
    const k = this.confirmed.get(index) ?? 0;
    this.confirmed.set(index, k + 1);
    const then = this.stored[index].confirm[k];
    const now = then === undefined ? undefined : await this.aloneTime(index);
    return now === undefined ? undefined : Math.log(now / then);
  }

  /** What --update stores. */
  async record(): Promise<(StoredTimes | undefined)[]> {
    const screens = await this.screenTimes();
    const times: (StoredTimes | undefined)[] = [];
    for (const [index, screen] of screens.entries()) {
      this.lab.say(`recording ${this.cases[index].id}`);
      const confirm: number[] = [];
      while (confirm.length < this.rule.confirmBlocks) {
        const ns = await this.aloneTime(index);
        if (ns === undefined) break;
        confirm.push(ns);
      }
      const whole = screen.length === this.rule.screenBlocks && confirm.length === this.rule.confirmBlocks;
      times.push(whole ? { screen, confirm } : undefined);
    }
    return times;
  }

  /** One process a block measures all cases in random order. */
  private async screenTimes(): Promise<number[][]> {
    const times: number[][] = this.cases.map(() => []);
    const targets = distinctTargets(this.cases);
    for (let block = 0; block < this.rule.screenBlocks; block++) {
      this.lab.say(`screening, process ${block + 1} of ${this.rule.screenBlocks}`);
      let station: Station | undefined;
      try {
        for (const index of this.order.shuffled(this.cases.length)) {
          for (let attempt = 0; !this.failed.has(index) && !this.mustStop(); attempt++) {
            try {
              station ??= await Station.open(this.lab, "head", targets);
              times[index].push(await this.timed(index, station));
              break;
            } catch (error) {
              this.again(index, attempt, this.excuse(this.cases[index], error));
              await station?.close();
              station = undefined;
            }
          }
        }
      } finally {
        await station?.close();
      }
    }
    return times;
  }

  /** A fresh process for this case alone. */
  private async aloneTime(index: number): Promise<number | undefined> {
    for (let attempt = 0; !this.failed.has(index) && !this.mustStop(); attempt++) {
      let station: Station | undefined;
      try {
        station = await Station.open(this.lab, "head", [this.cases[index].target]);
        return await this.timed(index, station);
      } catch (error) {
        this.again(index, attempt, this.excuse(this.cases[index], error));
      } finally {
        await station?.close();
      }
    }
    return undefined;
  }

  private async timed(index: number, station: Station): Promise<number> {
    const gated: GateCase = this.cases[index];
    const truths = this.references.get(gated.problemKey)!;
    await station.load(gated, truths);
    await station.warm(gated);
    // as long as the four processes of a block together: long enough to meet the machine at its own speed
    const turns = 4 * station.rounds(BLOCK_NS.confirming);
    const { size, next } = this.turns(gated, [station]);
    for (let turn = 0; turn < turns; turn++) await station.turn(gated, size, next());
    const ns = station.leastNs;
    const spoiled = this.lab.blockSpoiled(gated.target.kind);
    await station.unload(gated, truths);
    if (spoiled !== undefined) throw new Spoiled(spoiled);
    this.times[index].head.push(ns);
    return ns;
  }

  protected override excuse(gated: GateCase, error: unknown): Error {
    return error instanceof Spoiled ? error : super.excuse(gated, error);
  }
}

/** The measurement counts for nothing and may be made again. */
class Spoiled extends Error {
  override readonly name = "Spoiled";
}
