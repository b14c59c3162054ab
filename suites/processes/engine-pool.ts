/** The children of a run: one per engine and device, started when first needed, restarted after a death. */
import type { Ceilings, DeviceInfo } from "../../impls/engines/engine.js";
import { devicesOf, devicesToOpen, type EngineTraits } from "../../impls/engines/index.js";
import { notInstalled } from "../../impls/engines/optional-package.js";
import type { Target } from "../plan/case.js";
import { EngineDied, type EngineLink, type Host } from "./host.js";
import type { Lacking, ListedEngine, Opened } from "./protocol.js";

/** Opening may compile kernels or start another runtime. */
const OPEN_MS = 180_000;
const CEILINGS_MS = 120_000;

export interface Candidate {
  readonly engine: Target["engine"];
  readonly device: string | undefined;
  readonly named: boolean;
  readonly traits?: EngineTraits | undefined;
}

/**
 * What to open: of engines that are wanted, those that have something to run, on all their devices.
 * @param names engines that the user named; all are wanted when there are none
 * @param devices that the user named: of an engine that has one of them, only those
 */
export function candidatesOf(
  entries: readonly ListedEngine[],
  names: readonly string[],
  hasWork: (engine: string) => boolean,
  devices: readonly string[] = [],
): Candidate[] {
  return entries
    .filter(({ name }) => (names.length === 0 || names.includes(name)) && hasWork(name))
    .flatMap((entry) => {
      const { name: engine } = entry;
      const named = names.includes(engine) || devicesOf(entry).some((device) => devices.includes(device));
      return devicesToOpen(entry, named, devices).map((device) => ({ engine, device, named, traits: entry }));
    });
}

export interface Present extends Target {
  readonly lacking: readonly Lacking[];
  readonly info: DeviceInfo;
}

interface Slot extends Candidate {
  link: EngineLink | undefined;
  /** Counts restarts: what was prepared in an earlier process is gone. */
  generation: number;
  /** By the threads that they hold for. */
  readonly ceilings: Map<number, Ceilings>;
}

export class EnginePool {
  private readonly slots: Slot[] = [];

  constructor(
    private readonly host: Host,
    private readonly files: readonly string[],
    private readonly originMs: number,
    /** The module of its processes, where it is another tree's. */
    private readonly module?: string,
  ) {}

  /** Opens all candidates; the absent ones come back with one sentence each. */
  async discover(candidates: readonly Candidate[]): Promise<{
    targets: Present[];
    absent: { engine: string; device: string | undefined; reason: string }[];
  }> {
    const targets: Present[] = [];
    const absent: { engine: string; device: string | undefined; reason: string }[] = [];
    const slots: Slot[] = candidates.map((candidate) => ({
      ...candidate,
      link: undefined,
      generation: 0,
      ceilings: new Map(),
    }));
    const opened = await Promise.allSettled(slots.map((slot) => this.open(slot)));
    for (const [i, slot] of slots.entries()) {
      const { engine, device, traits } = slot;
      const result = opened[i];
      if (result.status === "fulfilled") {
        this.slots.push(slot);
        const { device: info, lacking, cools } = result.value;
        const { key: deviceKey, kind } = info;
        targets.push({ engine, traits, device, deviceKey, kind, info, lacking, cools });
      } else {
        absent.push({ engine, device, reason: String((result.reason as Error).message ?? result.reason) });
        await slot.link?.stop();
      }
    }
    return { targets, absent };
  }

  /** The live process of a target, and which one it is. */
  async link(target: number): Promise<{ link: EngineLink; generation: number }> {
    const slot = this.slots[target];
    if (!slot.link?.alive) {
      slot.generation++;
      await this.open(slot);
    }
    return { link: slot.link!, generation: slot.generation };
  }

  generation(target: number): number {
    const slot = this.slots[target];
    return slot.link?.alive ? slot.generation : -1;
  }

  /** Measured once a run for each number of threads; an engine that cannot say has none. */
  async ceilings(target: number, threads = 1): Promise<Ceilings> {
    return this.slots[target].ceilings.get(threads) ?? this.ceilingsAgain(target, threads);
  }

  /** Measures them once more and keeps the higher ones: on a busy machine a first look may be too low. */
  async ceilingsAgain(target: number, threads = 1): Promise<Ceilings> {
    const { ceilings } = this.slots[target];
    let seen: Ceilings = {};
    try {
      const { link } = await this.link(target);
      seen = await link.call("ceilings", { threads }, CEILINGS_MS);
    } catch {
      // none, or those that were seen before
    }
    const higher = highest(ceilings.get(threads) ?? {}, seen);
    ceilings.set(threads, higher);
    return higher;
  }

  /** Ends a process whose memory cannot be got back otherwise. */
  async restart(target: number): Promise<void> {
    await this.slots[target].link?.stop();
  }

  /** Ends all processes. */
  async close(): Promise<void> {
    await Promise.all(this.slots.map(({ link }) => link?.stop()));
  }

  private async open(slot: Slot): Promise<Extract<Opened, { present: true }>> {
    const needed = slot.traits?.needs;
    if (needed && this.host.hasPackage?.(needed.name) === false) throw new EngineDied(notInstalled(needed));
    slot.link = this.host.start(this.module);
    const { engine, device, named } = slot;
    const opened = await slot.link.call(
      "open",
      { engine, device, named, files: this.files, originMs: this.originMs },
      OPEN_MS,
    );
    if (!opened.present) throw new EngineDied(opened.reason);
    return opened;
  }
}

/** Of each rate the higher one. */
function highest(one: Ceilings, two: Ceilings): Ceilings {
  const { flopsPerS: a = {}, ...first } = one;
  const { flopsPerS: b = {}, ...second } = two;
  const flopsPerS = mostOf(a, b);
  return { ...mostOf(first, second), ...(Object.keys(flopsPerS).length > 0 ? { flopsPerS } : {}) };
}

function mostOf(...rates: readonly Readonly<Record<string, number | undefined>>[]): Record<string, number> {
  const most: Record<string, number> = {};
  for (const [name, value = 0] of rates.flatMap(Object.entries<number | undefined>))
    most[name] = Math.max(most[name] ?? 0, value);
  return most;
}
