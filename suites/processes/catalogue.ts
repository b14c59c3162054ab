/**
 * What a run's implementations and engines are, as plain data. A user's modules are loaded in children only, where whatever a module
 * does while it loads costs that child: it may print, keep the process busy, end it, or never come to an end.
 */
import { type EngineEntry, engines } from "../../impls/engines/index.js";
import type { AnyImplementation } from "../../impls/implementation.js";
import { EngineDied, type Host } from "./host.js";
import { listed } from "./listed.js";
import { oneLine } from "./one-line.js";
import type { Listed, ListedEngine } from "./protocol.js";

/** A module that is not finished with loading by then is given up. */
const LOAD_MS = 40_000;

export interface Refused {
  readonly file: string;
  /** A sentence that names it. */
  readonly reason: string;
  /** It ended its process or never came to an end; otherwise it cannot be used, and its error says why. */
  readonly broken: boolean;
}

export interface Catalogue {
  /** Built-in implementations, then stand-ins for those of the files, in the order of every process of the run. */
  readonly impls: readonly AnyImplementation[];
  readonly entries: readonly ListedEngine[];
  /** Those that loaded: what the engines' processes are given. */
  readonly files: readonly string[];
  readonly refused: readonly Refused[];
}

export interface CatalogueOptions {
  /** What the process runs, where it is another tree's. */
  readonly module?: string | undefined;
  readonly loadMs?: number;
}

export async function openCatalogue(
  host: Host,
  files: readonly string[],
  { module, loadMs = LOAD_MS }: CatalogueOptions = {},
): Promise<Catalogue> {
  const good: string[] = [];
  const refused: Refused[] = [];
  let found: Listed = { implementations: [], engines: engines.map(withoutLoad) };
  let link = files.length > 0 ? host.start(module) : undefined;
  try {
    // one more at a time, so that what goes wrong has a name
    for (const file of new Set(files)) {
      if (!link?.alive) link = host.start(module);
      try {
        found = await link.call("list", { files: [...good, file] }, loadMs);
        good.push(file);
      } catch (error) {
        refused.push(refusal(file, error, loadMs));
      }
    }
  } finally {
    await link?.stop();
  }
  return { impls: listed(found.implementations), entries: found.engines, files: good, refused };
}

function refusal(file: string, error: unknown, loadMs: number): Refused {
  const said = oneLine(error);
  if (!(error instanceof EngineDied)) return { file, reason: said, broken: false };
  const why = error.hung ? `it did not finish within ${loadMs / 1e3} s` : said;
  return {
    file,
    reason: `${file} cannot be loaded: ${why}; a module of kernels should only export them`,
    broken: true,
  };
}

function withoutLoad({ load: _loaded, ...entry }: EngineEntry): ListedEngine {
  return entry;
}
