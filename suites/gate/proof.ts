/** Before anything is timed: both arms run every case once, and every output is held against head's float64 reference. */

import { BUDGETS } from "../budget/budget.js";
import { problemBytes } from "../budget/predict.js";
import { chooseLanes } from "../check/lanes.js";
import { secondSet } from "../check/second-set.js";
import { oneLine } from "../processes/one-line.js";
import type { GateCase, HeadCase, NotCompared } from "./cases.js";
import { type ArmName, checkSignal, type Lab } from "./lab.js";
import { ArmFailed, Station, type Truths, WrongOutput } from "./station.js";

/** A longer run would need minutes a case; `--filter` asks for it all the same. */
const LONGEST_RUN_NS = 200e6;
const BLOCK_PROCESSES = 4;
/** Sizes of each curve that run whatever they cost. */
const ALWAYS = 2;

export interface Wrong {
  readonly id: string;
  readonly arm: ArmName;
  readonly reason: string;
  /** What a filter must say to meet it again, where that is not the id. */
  readonly again?: string;
}

export interface Proof {
  /** Cases that may be timed. */
  readonly cases: readonly GateCase[];
  readonly wrong: readonly Wrong[];
  /** Cases that head cannot run although the base can. */
  readonly broken: readonly NotCompared[];
  readonly notCompared: readonly NotCompared[];
  readonly references: ReadonlyMap<string, Truths>;
}

/**
 * @param fresh cases that only head has
 * @param longToo also keep cases whose run takes long
 */
export async function prove(
  lab: Lab,
  cases: readonly GateCase[],
  fresh: readonly HeadCase[],
  longToo: boolean,
): Promise<Proof> {
  const references = new Map<string, Truths>();
  const good: GateCase[] = [];
  const wrong: Wrong[] = [];
  const broken: NotCompared[] = [];
  const notCompared: NotCompared[] = [];
  const stations = new Stations(lab);
  const held = async (headCase: HeadCase, arms: readonly ArmName[]) => {
    checkSignal(lab);
    const truths = references.get(headCase.problemKey) ?? (await truthsOf(lab, headCase));
    references.set(headCase.problemKey, truths);
    const found = await runOnce(lab, stations, headCase, arms, truths);
    wrong.push(...found.wrong);
    return found;
  };
  try {
    for (const gated of cases) {
      const { runNs, failures, wrong: bad } = await held(gated, ["base", "head"]);
      const reason = reasonOf(failures);
      if (failures.some(({ arm }) => arm === "head") && runNs.base !== undefined)
        broken.push({ id: gated.id, reason });
      else if (failures.length > 0) notCompared.push({ id: gated.id, reason });
      else if (bad.length === 0 && !longToo && gated.rank >= ALWAYS && runNs.base! > LONGEST_RUN_NS)
        notCompared.push({
          id: gated.id,
          reason:
            `one run takes ${(runNs.base! / 1e6).toFixed(0)} ms, more than ${LONGEST_RUN_NS / 1e6} ms; ` +
            "--filter asks for it all the same",
        });
      else if (bad.length === 0) good.push(gated);
    }
    for (const alone of fresh) {
      const { failures } = await held(alone, ["head"]);
      if (failures.length > 0) broken.push({ id: alone.id, reason: reasonOf(failures) });
    }
  } finally {
    await stations.close();
  }
  return { cases: good, wrong, broken, notCompared, references };
}

interface Held {
  /** Of one run, in arms whose output is right. */
  readonly runNs: Partial<Record<ArmName, number>>;
  readonly wrong: readonly Wrong[];
  readonly failures: readonly ArmFailed[];
}

/** Each arm's output against the reference. An arm that fails loses its processes, and the case goes on in the other. */
async function runOnce(
  lab: Lab,
  stations: Stations,
  headCase: HeadCase,
  arms: readonly ArmName[],
  truths: Truths,
): Promise<Held> {
  const runNs: Partial<Record<ArmName, number>> = {};
  const wrong: Wrong[] = [];
  const failures: ArmFailed[] = [];
  for (const arm of arms) {
    try {
      const station = await stations.of(arm, headCase);
      await station.load(headCase, truths);
      runNs[arm] = await station.warm(headCase);
      await station.drop(headCase);
    } catch (error) {
      checkSignal(lab);
      await stations.close();
      if (error instanceof WrongOutput) wrong.push({ id: headCase.id, arm, reason: error.message });
      else if (error instanceof ArmFailed) failures.push(error);
      else throw error;
    }
  }
  return { runNs, wrong, failures };
}

function reasonOf(failures: readonly ArmFailed[]): string {
  return failures.map((fault) => `${fault.arm}: ${fault.message}`).join("; ");
}

/** Of the problem, and of other inputs where four processes have room for both. */
async function truthsOf({ host }: Lab, { operator, problem }: HeadCase): Promise<Truths> {
  const { referenceSteps } = BUDGETS.quick;
  const patienceMs = (lanes: readonly unknown[]) =>
    120_000 + (operator.laneCost(problem) * lanes.length) / 1e3;
  const { lanes } = chooseLanes(operator, problem, referenceSteps);
  // a kernel holds its problem about twice, and once more the second inputs
  const fits = BLOCK_PROCESSES * 3 * problemBytes(operator, problem) <= host.memoryBytes;
  const other = secondSet(operator, problem, referenceSteps, fits);
  try {
    const first = await host.reference(problem, lanes, patienceMs(lanes));
    if (!other) return { first, second: undefined };
    const reference = await host.reference(other.problem, other.lanes, patienceMs(other.lanes));
    return { first, second: { problem: other.problem, reference } };
  } catch (error) {
    throw new Error(`no reference for ${operator.name}: ${oneLine(error)}`);
  }
}

/** One process an arm and engine, opened when first needed, again after a failure. */
class Stations {
  private readonly open = new Map<string, Station>();

  constructor(private readonly lab: Lab) {}

  async of(arm: ArmName, { target }: HeadCase): Promise<Station> {
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
