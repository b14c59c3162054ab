/**
 * One way into a run: modules loaded, engines opened, what is missing said, cases planned. Every command, the library and the page
 * begin here, so that the same request means the same cases everywhere.
 */
import type { AnyImplementation } from "../../impls/implementation.js";
import { implementations } from "../../impls/index.js";
import { planId } from "../../reports/rows/case-id.js";
import { candidatesOf, EnginePool, type Present } from "../processes/engine-pool.js";
import type { Host } from "../processes/host.js";
import { oneLine } from "../processes/one-line.js";
import type { Description, ListedEngine, Question } from "../processes/protocol.js";
import type { Grid, Suite } from "../suite.js";
import type { Group } from "./case.js";
import { figureCurves } from "./figure-curves.js";
import { parseFilter } from "./filter.js";
import { leftOut } from "./left-out.js";
import { makePlan } from "./plan.js";
import { isAsked } from "./sharding.js";
import { filesWithoutCase } from "./without-case.js";

/** What is opened. */
export interface OpenRequest {
  /** Built-in implementations and the user's, in the order of every process of the run. */
  readonly impls: readonly AnyImplementation[];
  /** Built-in engines and the user's. */
  readonly entries: readonly ListedEngine[];
  /** Modules that the user's come from, for the engines' processes. */
  readonly files: readonly string[];
  /** Engines that were named; all when empty. */
  readonly engines: readonly string[];
  /** Devices that were named: of an engine that has one of them, only those. */
  readonly devices?: readonly string[];
  /** Unix time in ms from which samples count their start. */
  readonly originMs: number;
  /** The module of the engines' processes, where it is another tree's. */
  readonly child?: string | undefined;
  /** Which engines have something to run; others are not opened. Those of any implementation unless said otherwise. */
  wants?(engine: string): boolean;
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
  const { impls, entries, files, engines: named, devices, originMs, child, wants } = request;
  const pool = new EnginePool(host, files, originMs, child);
  const hasImpl = (name: string) => impls.some(({ engine }) => engine === name);
  const candidates = candidatesOf(entries, named, wants ?? hasImpl, devices);
  const { targets, absent } = await pool.discover(candidates);
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
  /** A sentence for each of the user's files of which no kernel gets a case. */
  readonly withoutCase: readonly string[];
}

/** Nothing to measure is left: no engine is here, or no case matches. */
export class NothingToMeasure extends Error {
  override readonly name = "NothingToMeasure";
}

/** @throws NothingToMeasure; Error for a filter that cannot be read or implementations that cannot be told apart */
export async function openAndPlan(host: Host, request: RunRequest): Promise<OpenedRun> {
  const { suites, grid, seed, impls, entries, engines: named, filter, storedIds, say } = request;
  const matches = filter === null ? undefined : parseFilter(filter);
  const operators = new Set(
    suites.flatMap((suite) => suite.curves(grid, seed)).map(({ operator }) => operator.name),
  );
  const late = isFigureOnly(request) ? entries.filter(({ slowFirstUse }) => slowFirstUse) : [];
  const isLate = (name: string) => late.some((entry) => entry.name === name);
  // a user's kernel always runs
  const hasWork = (name: string, asked: (impl: AnyImplementation) => boolean) =>
    impls.some((impl) => impl.engine === name && operators.has(impl.operator.name) && asked(impl));
  const isBrought = (name: string) => hasWork(name, (impl) => !implementations.includes(impl));
  const isAskedFor = (name: string) => {
    const entry = entries.find((one) => one.name === name);
    return suites.some((suite) => isAsked(suite, entry, named.includes(name)));
  };
  const wants = (name: string) =>
    isAskedFor(name) && (isLate(name) ? isBrought(name) : hasWork(name, () => true));
  const opening = await openEngines(host, { ...request, wants });
  const { pool, targets, absent, remarks } = opening;
  const left = late
    .filter(({ name }) => isAskedFor(name) && !isBrought(name))
    .map(
      ({ name }) =>
        `engine ${name} takes no part in the quick grid, which has no time to compile its kernels; --engine ${name} asks for it`,
    );
  for (const sentence of [...absent, ...left, ...remarks]) say?.(sentence);
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
    named,
    describe: describedBy(pool),
    ...(isFigureOnly(request) ? { takesPart: figureCurves(impls, targets, isLate) } : {}),
    keep: (suite, id) => (matches?.(id) ?? true) && (stored?.has(planId(suite, id)) ?? true),
    ...(stored ? { storedIds: [...stored] } : {}),
    shard: stored ? undefined : request.shard,
  });
  const missed = matches?.unmatched() ?? [];
  // a part of a plan says nothing of the whole
  const withoutCase = request.shard
    ? []
    : await filesWithoutCase({ ...request, targets, groups, absent, describe: describedBy(pool) });
  if (groups.length === 0)
    throw new NothingToMeasure([...withoutCase, ...missed, noCase(request)].join("; "));
  for (const sentence of [...missed.map((why) => `--filter: ${why}`), ...withoutCase]) say?.(sentence);
  return { ...opening, groups, withoutCase };
}

/**
 * Asks the processes of a pool how their implementations would take problems. Those of a user are asked each by itself: one that ends
 * its process or gives no answer costs its own cases.
 */
export function describedBy(pool: EnginePool): Parameters<typeof makePlan>[0]["describe"] {
  return async (target, questions) => {
    const answers = new Map<Question, readonly Description[]>();
    const ask = async (asked: readonly Question[], deadlineMs: number) => {
      const { link } = await pool.link(target);
      const replies = await link.call("describe", { questions: asked }, deadlineMs);
      for (const [i, question] of asked.entries()) answers.set(question, replies[i]);
    };
    const kernels = new Map<number, Question[]>();
    for (const question of questions) {
      const key = question.impl < implementations.length ? -1 : question.impl;
      kernels.set(key, [...(kernels.get(key) ?? []), question]);
    }
    for (const [impl, asked] of kernels) {
      if (impl === -1) await ask(asked, DESCRIBE_MS);
      else
        await ask(asked, DESCRIBE_USERS_MS).catch((error: unknown) => {
          const failed = `it could not be asked for its options: ${oneLine(error)}`;
          for (const question of asked) answers.set(question, [{ options: {}, failed }]);
        });
    }
    return questions.map((question) => answers.get(question) ?? []);
  };
}

/** Engines may search for their fastest options while they answer. */
const DESCRIBE_MS = 300_000;
const DESCRIBE_USERS_MS = 60_000;

/** The quick grid runs each curve of the figure once, on the first engine that has it, unless the user chose. */
function isFigureOnly({ grid, engines: named, filter }: RunRequest): boolean {
  return grid === "quick" && named.length === 0 && filter === null;
}

function noCase({ filter, shard }: RunRequest): string {
  const by = filter === null ? "" : ` --filter "${filter}"`;
  const of = shard ? ` in shard ${shard.index}/${shard.count}` : "";
  return `nothing to measure: no case matches${by}${of}; --list without it shows all cases`;
}
