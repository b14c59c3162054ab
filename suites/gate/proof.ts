/** Before anything is timed: both arms run every case once, and every output is held against head's float64 reference. */

import { BUDGETS } from "../budget/budget.js";
import { chooseLanes } from "../check/lanes.js";
import { oneLine } from "../processes/one-line.js";
import type { ReferenceHandle } from "../processes/protocol.js";
import type { GateCase, NotCompared } from "./cases.js";
import { type ArmName, checkSignal, type Lab } from "./lab.js";
import { ArmFailed, Station, WrongOutput } from "./station.js";

/** A longer run would need minutes a case; `--filter` asks for it all the same. */
const LONGEST_RUN_NS = 200e6;
/** Sizes of each curve that run whatever they cost. */
const ALWAYS = 2;

export interface Wrong {
  readonly id: string;
  readonly arm: ArmName;
  readonly reason: string;
}

export interface Proof {
  /** Cases that may be timed. */
  readonly cases: readonly GateCase[];
  readonly wrong: readonly Wrong[];
  /** Cases that head cannot run although the base can. */
  readonly broken: readonly NotCompared[];
  readonly notCompared: readonly NotCompared[];
  readonly references: ReadonlyMap<string, ReferenceHandle>;
}

/** @param longToo also keep cases whose run takes long */
export async function prove(lab: Lab, cases: readonly GateCase[], longToo: boolean): Promise<Proof> {
  const references = new Map<string, ReferenceHandle>();
  const good: GateCase[] = [];
  const wrong: Wrong[] = [];
  const broken: NotCompared[] = [];
  const notCompared: NotCompared[] = [];
  const stations = new Stations(lab);
  try {
    for (const gated of cases) {
      checkSignal(lab);
      const reference = references.get(gated.problemKey) ?? (await referenceOf(lab, gated));
      references.set(gated.problemKey, reference);
      const runNs: Partial<Record<ArmName, number>> = {};
      const faults: Error[] = [];
      for (const arm of ["base", "head"] as const) {
        try {
          const station = await stations.of(arm, gated);
          await station.load(gated, reference);
          runNs[arm] = await station.warm(gated);
          await station.drop(gated);
        } catch (error) {
          checkSignal(lab);
          await stations.close();
          if (error instanceof WrongOutput) wrong.push({ id: gated.id, arm, reason: error.message });
          else if (!(error instanceof ArmFailed)) throw error;
          faults.push(error as Error);
        }
      }
      const failures = faults.filter((fault) => fault instanceof ArmFailed);
      const reason = failures.map((fault) => `${fault.arm}: ${fault.message}`).join("; ");
      if (failures.some(({ arm }) => arm === "head") && runNs.base !== undefined)
        broken.push({ id: gated.id, reason });
      else if (failures.length > 0) notCompared.push({ id: gated.id, reason });
      else if (faults.length === 0 && !longToo && gated.rank >= ALWAYS && runNs.base! > LONGEST_RUN_NS)
        notCompared.push({
          id: gated.id,
          reason:
            `one run takes ${(runNs.base! / 1e6).toFixed(0)} ms, more than ${LONGEST_RUN_NS / 1e6} ms; ` +
            "--filter asks for it all the same",
        });
      else if (faults.length === 0) good.push(gated);
    }
  } finally {
    await stations.close();
  }
  return { cases: good, wrong, broken, notCompared, references };
}

async function referenceOf({ host }: Lab, { operator, problem }: GateCase): Promise<ReferenceHandle> {
  const { lanes } = chooseLanes(operator, problem, BUDGETS.quick.referenceSteps);
  const steps = operator.laneCost(problem) * lanes.length;
  try {
    return await host.reference(problem, lanes, 120_000 + steps / 1e3);
  } catch (error) {
    throw new Error(`no reference for ${operator.name}: ${oneLine(error)}`);
  }
}

/** One process an arm and engine, opened when first needed, again after a failure. */
class Stations {
  private readonly open = new Map<string, Station>();

  constructor(private readonly lab: Lab) {}

  async of(arm: ArmName, { target }: GateCase): Promise<Station> {
    const key = `${arm} ${target.engine} ${target.device}`;
    const found = this.open.get(key) ?? (await Station.open(this.lab, arm, [target]));
    this.open.set(key, found);
    return found;
  }

  async close(): Promise<void> {
    const all = [...this.open.values()];
    this.open.clear();
    await Promise.all(all.map((station) => station.close()));
  }
}
