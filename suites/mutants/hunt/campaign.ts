/** Every mutant of a run: each in a process of its own sources, some at a time. */
import type { EngineName } from "../../../impls/engines/index.js";
import { implementationName } from "../../../impls/implementation.js";
import { implementations } from "../../../impls/index.js";
import { laws } from "../../laws/index.js";
import type { Host } from "../../processes/host.js";
import { oneLine } from "../../processes/one-line.js";
import { isolatedPlace } from "../../verify/isolated.js";
import type { Place, Target } from "../../verify/targets.js";
import type { Patch } from "../bank/patch.js";
import type { Cases } from "./cases.js";
import { type Healthy, healthyOf } from "./healthy.js";
import { type Hunted, hunt } from "./hunt.js";
import { openNursery } from "./tree.js";
import { inTurns } from "./watched.js";

export interface Result {
  readonly patch: Patch;
  /** Undefined where the mutant could not run: `absent` says why. */
  readonly hunted?: Hunted;
  readonly absent?: string;
}

export interface Campaign {
  readonly patches: readonly Patch[];
  /** What runs here, in health. */
  readonly targets: readonly Target[];
  /** Why an engine is not here. */
  readonly whyAbsent: (engine: EngineName) => string;
  readonly cases: Cases;
  readonly host: Host;
  /** Mutants at a time. */
  readonly atOnce: number;
  readonly done: (result: Result) => void;
}

/** @returns in the order of the patches */
export async function runCampaign(campaign: Campaign): Promise<readonly Result[]> {
  const { patches, targets, whyAbsent, cases, host, atOnce, done } = campaign;
  const nursery = openNursery();
  const turns = new Map<Place, ReturnType<typeof inTurns>>();
  const healthy = new Map<Target, Healthy>();
  const results: Result[] = [];

  const healthyTarget = (target: Target): Healthy => {
    const own = turns.get(target.place) ?? inTurns();
    turns.set(target.place, own);
    const known = healthy.get(target) ?? healthyOf(target, target.impl.operator, own);
    healthy.set(target, known);
    return known;
  };

  async function one(patch: Patch): Promise<Result> {
    const index = implementations.findIndex((impl) => implementationName(impl) === patch.kernel);
    if (index < 0) throw new Error(`mutant ${patch.name}: there is no kernel ${patch.kernel}`);
    const { engine } = implementations[index];
    const target = targets.find((one) => one.index === index);
    if (!target) return { patch, absent: whyAbsent(engine) };
    const tree = nursery.plant(patch);
    const own: Host = { ...host, start: () => host.start(tree.child) };
    try {
      const request = { engine, named: true, files: [], originMs: host.nowMs() };
      const place = await isolatedPlace(own, request, target.place.traits);
      try {
        const quarry = {
          target: { ...target, place },
          operator: target.impl.operator,
          healthy: healthyTarget(target),
        };
        return { patch, hunted: await hunt(quarry, laws, cases) };
      } finally {
        await place.close();
      }
    } catch (error) {
      return { patch, hunted: { kills: [], lives: [], trouble: oneLine(error) } };
    } finally {
      tree.heal();
    }
  }

  try {
    let next = 0;
    const work = async () => {
      while (next < patches.length) {
        const place = next++;
        results[place] = await one(patches[place]);
        done(results[place]);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
    return results;
  } finally {
    nursery.close();
  }
}
