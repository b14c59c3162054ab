/** Opens every engine that implementations need, and says of those that are missing why. */
import type { Engine } from "../../impls/engines/engine.js";
import { devicesToOpen, type EngineEntry, engines } from "../../impls/engines/index.js";
import { implementations } from "../../impls/index.js";
import { type LeftOut, leftOut } from "../plan/left-out.js";
import { nodeHost } from "../processes/host.node.js";
import { allEngines, allImplementations, unknownEngine } from "../processes/user-impls.js";
import { localPlace } from "./evaluate.js";
import { isolatedPlace } from "./isolated.js";
import type { Absent, Place, Target } from "./targets.js";

export interface OpenTargetOptions {
  /** Only these engines; all when empty. */
  readonly engines: readonly string[];
  /** Modules with implementations of the user. */
  readonly files: readonly string[];
}

export interface OpenedTargets {
  readonly targets: readonly Target[];
  /** Engines that opened. */
  readonly present: readonly string[];
  readonly absent: readonly Absent[];
  /** Sentences on implementations that a device of a present engine lacks something for. */
  readonly leftOut: readonly string[];
  close(): Promise<void>;
}

/** @throws when an engine is unknown or a user's module cannot be used */
export async function openTargets(options: OpenTargetOptions): Promise<OpenedTargets> {
  const all = await allImplementations(options.files);
  const entries = await allEngines(options.files);
  const unknown = unknownEngine(entries, options.engines);
  if (unknown !== undefined) throw new Error(unknown);
  const host = nodeHost();
  const places: Place[] = [];
  const targets: Target[] = [];
  const absent: Absent[] = [];
  const left: LeftOut[] = [];

  async function isolated(entry: EngineEntry, from: number, to: number): Promise<void> {
    const mine = targetsOf(entry, from, to);
    if (mine.length === 0) return;
    for (const device of devicesToOpen(entry, options.engines.includes(entry.name))) {
      try {
        const named = options.engines.includes(entry.name);
        const request = { engine: entry.name, device, named, files: options.files, originMs: host.nowMs() };
        const place = await isolatedPlace(host, request, entry);
        places.push(place);
        const lacking = place.lacking ?? [];
        left.push({ engine: entry.name, device: place.device, lacking });
        const here = mine.filter(({ index }) => !lacking.some(({ impl }) => impl === index));
        targets.push(...here.map((own) => ({ ...own, place })));
      } catch (error) {
        absent.push({
          engine: device ? `${entry.name} ${device}` : entry.name,
          reason: (error as Error).message,
        });
      }
    }
  }

  async function local(entry: EngineEntry, from: number, to: number): Promise<void> {
    const place = localPlace((await (await entry.load()).open()) as Engine<unknown>, undefined, entry);
    places.push(place);
    targets.push(...targetsOf(entry, from, to).map((own) => ({ ...own, place })));
  }

  function targetsOf({ name }: EngineEntry, from: number, to: number) {
    return all
      .map((impl, index) => ({ impl, index }))
      .filter(({ impl, index }) => impl.engine === name && index >= from && index < to);
  }

  for (const entry of entries) {
    if (options.engines.length > 0 && !options.engines.includes(entry.name)) continue;
    // a user's file may do anything, an engine in it too
    const safe = entry.plainJs && engines.includes(entry) ? implementations.length : 0;
    if (safe > 0) await local(entry, 0, safe);
    await isolated(entry, safe, all.length);
  }
  return {
    targets,
    leftOut: leftOut(all, left),
    present: [...new Set(places.map(({ engine }) => engine))],
    absent,
    close: async () => {
      for (const place of places) await place.close();
      await host.close();
    },
  };
}
