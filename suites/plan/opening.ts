/**
 * One way into a run: modules loaded, engines opened, what is missing said, cases planned. Every command, the library and the page
 * begin here, so that the same request means the same cases everywhere.
 */
import type { EngineEntry } from "../../impls/engines/index.js";
import type { AnyImplementation } from "../../impls/implementation.js";
import { planId } from "../../reports/rows/case-id.js";
import { candidatesOf, EnginePool, type Present } from "../processes/engine-pool.js";
import type { Host } from "../processes/host.js";
import type { Grid, Suite } from "../suite.js";
import { figureCurves } from "./figure-curves.js";
import { parseFilter } from "./filter.js";
import { leftOut } from "./left-out.js";
import { type Group, makePlan } from "./plan.js";

/** What is opened. */
export interface OpenRequest {
  /** Built-in implementations and the user's, in the order of every process of the run. */
  readonly impls: readonly AnyImplementation[];
  /** Built-in engines and the user's. */
  readonly entries: readonly EngineEntry[];
  /** Modules that the user's come from, for the engines' processes. */
  readonly files: readonly string[];
  /** Engines that were named; all when empty. */
  readonly engines: readonly string[];
  /** Unix time in ms from which samples count their start. */
  readonly originMs: number;
  /** The module of the engines' processes, where it is another tree's. */
  readonly child?: string | undefined;
  /** Which implementations have something to run; an engine without any is not opened. All do unless said otherwise. */
  wants?(impl: AnyImplementation, index: number): boolean;
}

export interface Opening {
  readonly pool: EnginePool;
  readonly targets: readonly Present[];
  /** One sentence for each engine or device that is not here. */
  readonly absent: readonly string[];
  /** Sentences on implementations that a device lacks something for, and on devices that are slower than they could be. */
  readonly remarks: readonly string[];
}

/** Opens every engine that has something to run. */
export async function openEngines(host: Host, request: OpenRequest): Promise<Opening> {
  const { impls, entries, files, engines: named, originMs, child, wants } = request;
  const pool = new EnginePool(host, files, originMs, child);
  const { targets, absent } = await pool.discover(
    candidatesOf(entries, named, (name) =>
      impls.some((impl, i) => impl.engine === name && (wants?.(impl, i) ?? true)),
    ),
  );
  const warnings = targets.flatMap(({ engine, info: { warning } }) =>
    warning === undefined ? [] : [`engine ${engine}: ${warning}`],
  );
  return {
    pool,
    targets,
    absent: absent.map(
      ({ engine, device, reason }) => `engine ${engine}${device ? ` on ${device}` : ""} is absent: ${reason}`,
    ),
    remarks: [...leftOut(impls, targets), ...warnings],
  };
}

/** What is opened and planned. */
export interface RunRequest extends Omit<OpenRequest, "wants"> {
  readonly suites: readonly Suite[];
  readonly grid: Grid;
  readonly seed: number;
  /** As `--filter` of the command; null takes every case. */
  readonly filter: string | null;
  readonly shard?: { readonly index: number; readonly count: number } | undefined;
  /** `suite<TAB>id`s of a run that goes on: only they are planned, with the options that their ids spell. */
  readonly storedIds?: readonly string[] | undefined;
  /** Told what is missing as soon as that is known: planning asks the engines and may take a while. */
  say?(sentence: string): void;
}

export interface OpenedRun extends Opening {
  readonly groups: readonly Group[];
}

/** Nothing to measure is left: no engine is here, or no case matches. */
export class NothingToMeasure extends Error {
  override readonly name = "NothingToMeasure";
}

/** @throws NothingToMeasure; Error for a filter that cannot be read or implementations that cannot be told apart */
export async function openAndPlan(host: Host, request: RunRequest): Promise<OpenedRun> {
  const { suites, grid, seed, impls, engines: named, filter, storedIds, say } = request;
  const matches = filter === null ? undefined : parseFilter(filter);
  const operators = new Set(
    suites.flatMap((suite) => suite.curves(grid, seed)).map(({ operator }) => operator.name),
  );
  const opening = await openEngines(host, {
    ...request,
    wants: ({ operator }) => operators.has(operator.name),
  });
  const { pool, targets, absent, remarks } = opening;
  for (const sentence of [...absent, ...remarks]) say?.(sentence);
  if (targets.length === 0)
    throw new NothingToMeasure(
      [`nothing to measure: no engine of ${named.join(", ") || "all"} is here`, ...(say ? [] : absent)].join(
        "; ",
      ),
    );
  const stored = storedIds && new Set(storedIds);
  const groups = await makePlan({
    suites,
    grid,
    seed,
    impls,
    targets,
    describe: describedBy(pool),
    ...(isFigureOnly(request) ? { takesPart: figureCurves(impls, targets) } : {}),
    keep: (suite, id) => (matches?.(id) ?? true) && (stored?.has(planId(suite, id)) ?? true),
    ...(stored ? { storedIds: [...stored] } : {}),
    shard: stored ? undefined : request.shard,
  });
  const missed = matches?.unmatched() ?? [];
  if (groups.length === 0) throw new NothingToMeasure([...missed, noCase(request)].join("; "));
  for (const sentence of missed) say?.(`--filter: ${sentence}`);
  return { ...opening, groups };
}

/** Asks the processes of a pool how their implementations would take problems. */
export function describedBy(pool: EnginePool): Parameters<typeof makePlan>[0]["describe"] {
  return async (target, questions) => {
    const { link } = await pool.link(target);
    return link.call("describe", { questions }, DESCRIBE_MS);
  };
}

/** Engines may search for their fastest options while they answer. */
const DESCRIBE_MS = 300_000;

/** The quick grid runs each curve of the figure once, on the first engine that has it, unless the user chose. */
function isFigureOnly({ grid, engines: named, filter }: RunRequest): boolean {
  return grid === "quick" && named.length === 0 && filter === null;
}

function noCase({ filter, shard }: RunRequest): string {
  const by = filter === null ? "" : ` --filter "${filter}"`;
  const of = shard ? ` in shard ${shard.index}/${shard.count}` : "";
  return `nothing to measure: no case matches${by}${of}; --list without it shows all cases`;
}
