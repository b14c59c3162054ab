/** Opens every engine that implementations need, and says of those that are missing why. */
import { engines } from "../../impls/engines/index.js";
import { implementations } from "../../impls/index.js";
import { localPlace } from "./evaluate.js";
import type { Absent, Place, Target } from "./targets.js";

export interface OpenOptions {
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
  close(): Promise<void>;
}

/** @throws when an engine is unknown or a user's module cannot be used */
export async function openTargets(options: OpenOptions): Promise<OpenedTargets> {
  for (const name of options.engines)
    if (!engines.some((entry) => entry.name === name))
      throw new Error(`no engine ${name}; there are ${engines.map((entry) => entry.name).join(", ")}`);
  const places: Place[] = [];
  const targets: Target[] = [];
  const absent: Absent[] = [];
  for (const entry of engines) {
    if (options.engines.length > 0 && !options.engines.includes(entry.name)) continue;
    const mine = implementations.flatMap((impl, index) =>
      impl.engine === entry.name ? [{ impl, index }] : [],
    );
    if (mine.length === 0) continue;
    const { open } = await entry.load();
    const place = localPlace(await open(), undefined);
    places.push(place);
    targets.push(...mine.map((one) => ({ ...one, place })));
  }
  return {
    targets,
    present: [...new Set(places.map(({ engine }) => engine))],
    absent,
    close: async () => {
      for (const place of places) await place.close();
    },
  };
}
