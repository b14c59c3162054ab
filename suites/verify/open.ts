/** Opens every engine that implementations need, and says of those that are missing why. */
import type { Engine } from "../../impls/engines/engine.js";
import { type EngineEntry, engines } from "../../impls/engines/index.js";
import type { AnyImplementation } from "../../impls/implementation.js";
import { implementations } from "../../impls/index.js";
import { type LeftOut, leftOut } from "../plan/left-out.js";
import { openCatalogue, type Refused } from "../processes/catalogue.js";
import { type Candidate, candidatesOf } from "../processes/engine-pool.js";
import type { Host } from "../processes/host.js";
import { nodeHost } from "../processes/host.node.js";
import { unknownDevice, unknownEngine } from "../processes/names.js";
import { oneLine } from "../processes/one-line.js";
import { localPlace } from "./evaluate.js";
import { isolatedPlace } from "./isolated.js";
import type { Absent, Place, Target } from "./targets.js";

export interface OpenTargetOptions {
  /** Only these engines; all when empty. */
  readonly engines: readonly string[];
  /** Of an engine that has one of these devices, only those. */
  readonly devices?: readonly string[];
  /** Modules with implementations of the user. */
  readonly files: readonly string[];
  /** Where processes run; one of its own by default. */
  readonly host?: Host;
  /** For one problem; `isolated.ts` has its own. */
  readonly deadlineMs?: number | undefined;
  /**
   * Our own kernels without native code run in this process, which saves sending problems and outputs to and fro: for one whose
   * parent ends it when a kernel keeps it from answering.
   */
  readonly watched?: boolean | undefined;
}

export interface OpenedTargets {
  readonly targets: readonly Target[];
  /** Engines that opened. */
  readonly present: readonly string[];
  readonly absent: readonly Absent[];
  /** Sentences on implementations that a device lacks something for, and on devices that are slower than they could be. */
  readonly remarks: readonly string[];
  /** Built-in ones, then stand-ins for the user's. */
  readonly impls: readonly AnyImplementation[];
  /** Modules of the user that loaded, and those that did not. */
  readonly files: readonly string[];
  readonly refused: readonly Refused[];
  close(): Promise<void>;
}

/** @throws when an engine is unknown */
export async function openTargets(options: OpenTargetOptions): Promise<OpenedTargets> {
  const { host = nodeHost() } = options;
  const { impls: all, entries, files, refused } = await openCatalogue(host, options.files);
  const unknown = unknownEngine(entries, options.engines) ?? unknownDevice(entries, options.devices ?? []);
  if (unknown !== undefined) {
    await host.close();
    throw new Error(unknown);
  }
  const places: Place[] = [];
  const targets: Target[] = [];
  const absent: Absent[] = [];
  const left: LeftOut[] = [];
  const warnings: string[] = [];

  const targetsOf = (engine: string, from: number, to: number) =>
    all
      .map((impl, index) => ({ impl, index }))
      .filter(({ impl, index }) => impl.engine === engine && index >= from && index < to);

  async function isolated({ engine, device, named, traits }: Candidate, from: number): Promise<void> {
    const mine = targetsOf(engine, from, all.length);
    if (mine.length === 0) return;
    try {
      const request = { engine, device, named, files, originMs: host.nowMs() };
      const place = await isolatedPlace(host, request, traits, options.deadlineMs);
      places.push(place);
      if (place.warning !== undefined) warnings.push(`engine ${engine}: ${place.warning}`);
      const lacking = place.lacking ?? [];
      left.push({ engine, device: place.device, lacking });
      const here = mine.filter(({ index }) => !lacking.some(({ impl }) => impl === index));
      targets.push(...here.map((own) => ({ ...own, place })));
    } catch (error) {
      absent.push({ engine: device ? `${engine} ${device}` : engine, reason: oneLine(error) });
    }
  }

  async function local(entry: EngineEntry, to: number): Promise<void> {
    const place = localPlace((await (await entry.load()).open()) as Engine<unknown>, undefined, entry);
    places.push(place);
    targets.push(...targetsOf(entry.name, 0, to).map((own) => ({ ...own, place })));
  }

  // of files that were named and cannot be used there is only that to say, and engines take seconds to open
  const hasFiles = options.files.length === 0 || files.length > 0;
  const hasWork = (name: string) => hasFiles && all.some(({ engine }) => engine === name);
  for (const candidate of candidatesOf(entries, options.engines, hasWork, options.devices)) {
    // a user's file may do anything, an engine in it too
    const own = engines.find(({ name, sandboxed }) => sandboxed && name === candidate.engine);
    const safe = own && options.watched ? implementations.length : 0;
    if (own && safe > 0) await local(own, safe);
    await isolated(candidate, safe);
  }
  return {
    ...{ targets, impls: all, files, refused },
    remarks: [...leftOut(all, left), ...warnings],
    present: [...new Set(places.map(({ engine }) => engine))],
    absent,
    close: async () => {
      for (const place of places) await place.close();
      await host.close();
    },
  };
}
