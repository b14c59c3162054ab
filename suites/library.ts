/** What other programs may ask of dualbench: run suites, verify an implementation. Nothing here prints. */
import { resolve } from "node:path";
import type { EngineName } from "../impls/engines/index.js";
import { engines } from "../impls/engines/index.js";
import type { AnyImplementation } from "../impls/implementation.js";
import { operators } from "../impls/index.js";
import type { CaseRecord, Row } from "../reports/rows/row.js";
import { chooseSuites, suites } from "./index.js";
import { laws } from "./laws/index.js";
import { readEnvironment } from "./measure/environment.js";
import { madeBy } from "./measure/made.js";
import { run } from "./measure/run.js";
import { axisTexts, parseAxes, withAxes } from "./plan/axes.js";
import { type OpenedRun, openAndPlan } from "./plan/opening.js";
import { planIds } from "./plan/plan.js";
import { openCatalogue } from "./processes/catalogue.js";
import type { Host } from "./processes/host.js";
import { nodeHost } from "./processes/host.node.js";
import { oneLine } from "./processes/one-line.js";
import type { Grid } from "./suite.js";
import { localPlace } from "./verify/evaluate.js";
import { whyUnchecked } from "./verify/evidence.js";
import { runRandom } from "./verify/random.js";
import type { Failure } from "./verify/replay.js";
import type { TableRow } from "./verify/table.js";
import { LARGEST_SEED as LARGEST_VERIFY_SEED, MOST_CASES } from "./verify/token.js";

export interface RunSuiteOptions {
  /** Names of suites, e.g. "sequence-length"; by default all but those that must be named. */
  readonly suites?: readonly string[];
  /** Names of engines, e.g. "cpu"; all that this machine has by default. */
  readonly engines?: readonly string[];
  /** Names of devices, e.g. "swiftshader": of an engine that has one of them, only those. */
  readonly devices?: readonly string[];
  /** As `--grid` of the command, with the same cases: quick, under a minute; default, under five; paper, hours. Default "quick". */
  readonly grid?: Grid;
  /** As `--axis` of the command, sizes in place of the suites' own: { length: [1000, 3000], state: [48] }. */
  readonly axes?: Readonly<Record<string, readonly number[]>>;
  /** As `--filter` of the command, e.g. "ssd/ length<=1024". */
  readonly filter?: string;
  /** Modules with implementations of your own, paths from the working directory. */
  readonly files?: readonly string[];
  readonly seed?: number;
  /** Ends the run between cases; the promise rejects with an error named Interrupted. */
  readonly signal?: AbortSignal;
  /** Called with each finished row. */
  onRow?(row: Row): void;
}

export interface SuiteRun {
  /** One row a case; status measured, rejected, skipped or failed, the last three with a reason. */
  readonly rows: readonly Row[];
  /** Rows with their raw samples, as results.jsonl keeps them. */
  readonly cases: readonly CaseRecord[];
  /** One sentence for each engine or device that this machine lacks. */
  readonly absent: readonly string[];
  /** One sentence for each of `files` of which no kernel got a case. */
  readonly withoutCase: readonly string[];
}

/**
 * Verifies and times what this machine can run, engines in processes of their own: the cases that `bench` runs with the same flags.
 * @throws Error when a name is unknown, a module does not load, no engine is here or no case matches
 */
export async function runSuite(options: RunSuiteOptions = {}): Promise<SuiteRun> {
  const { grid = DEFAULT_GRID, seed = 0, signal, onRow } = options;
  const host = nodeHost();
  const axes = axisTexts(options.axes).map((text) => `--axis ${text}`);
  try {
    const { pool, targets, absent, withoutCase, groups, impls, files } = await opened(host, options);
    const environment = await readEnvironment([], seed, files);
    const cases: CaseRecord[] = [];
    await run(groups, {
      grid,
      seed,
      host,
      pool,
      targets,
      facts: {
        seed,
        commit: `${environment.commit ?? "unknown"}${environment.dirty ? "-dirty" : ""}`,
        cpu: environment.cpu.model ?? undefined,
        made: madeBy(environment, targets, impls),
        repeat: (suite, { id }) =>
          [
            "dualbench bench",
            `--grid ${grid} --seed ${seed}`,
            ...axes,
            `--suite ${suite} --filter "${id}"`,
          ].join(" "),
        timeUtc: () => new Date(host.nowMs()).toISOString(),
      },
      ...(signal ? { signal } : {}),
      emit(records) {
        cases.push(...records);
        for (const { row } of records) onRow?.(row);
      },
    });
    return { rows: cases.map(({ row }) => row), cases, absent, withoutCase };
  } finally {
    await host.close();
  }
}

/**
 * What `runSuite` would run with these options, without measuring: `suite<TAB>id` each, as `bench --list` prints them.
 * @throws as `runSuite` does
 */
export async function planSuite(options: RunSuiteOptions = {}): Promise<readonly string[]> {
  const host = nodeHost();
  try {
    return planIds((await opened(host, options)).groups);
  } finally {
    await host.close();
  }
}

interface Opened extends OpenedRun {
  readonly impls: readonly AnyImplementation[];
  readonly files: readonly string[];
}

async function opened(host: Host, options: RunSuiteOptions): Promise<Opened> {
  const { grid = DEFAULT_GRID, seed = 0, engines: named = [], suites: namedSuites = [], filter } = options;
  choose("suite", suites, namedSuites);
  mustBeGrid(grid);
  mustBeSeed(seed, LARGEST_SEED);
  const catalogue = await openCatalogue(
    host,
    (options.files ?? []).map((file) => resolve(file)),
  );
  const { impls, entries, files, refused } = catalogue;
  if (refused.length > 0) throw new Error(refused.map(({ reason }) => reason).join("; "));
  choose("engine", entries, named);
  const run = await openAndPlan(host, {
    ...{
      impls,
      entries,
      files,
      engines: named,
      devices: options.devices ?? [],
      suites: withAxes(chooseSuites(namedSuites), parseAxes(axisTexts(options.axes)), grid),
      grid,
      seed,
    },
    filter: filter ?? null,
    originMs: host.nowMs(),
  });
  return { ...run, impls, files };
}

const DEFAULT_GRID: Grid = "quick";
const GRIDS: readonly Grid[] = ["quick", "default", "paper"];
const LARGEST_SEED = 2 ** 32 - 1;

function choose<T extends { readonly name: string }>(
  what: string,
  all: readonly T[],
  names: readonly string[],
): readonly T[] {
  const known = all.map(({ name }) => name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new Error(`there is no ${what} "${unknown}"; there are ${known.join(", ")}`);
  return names.length === 0 ? all : all.filter(({ name }) => names.includes(name));
}

function mustBeGrid(grid: unknown): void {
  if (!GRIDS.some((name) => name === grid))
    throw new Error(`there is no grid ${said(grid)}; there are ${GRIDS.join(", ")}`);
}

function mustBeSeed(seed: unknown, largest: number): void {
  mustBeWhole("seed", seed, 0, largest);
}

function mustBeWhole(what: string, value: unknown, least: number, most: number): void {
  if (typeof value !== "number" || !Number.isInteger(value) || value < least || value > most)
    throw new Error(`${what} is ${said(value)}; it takes a whole number from ${least} to ${most}`);
}

function said(value: unknown): string {
  return typeof value === "string" ? `"${value}"` : oneLine(value);
}

export interface VerifyImplementationOptions {
  /** Random and extreme problems; default 100. */
  readonly cases?: number;
  readonly seed?: number;
  /** Device of the implementation's engine; the engine's first by default. */
  readonly device?: string;
}

export interface Verification {
  /** Every check held, and there was at least one. */
  readonly ok: boolean;
  /** Why it is not ok where nothing was checked: what kept the implementation from taking any problem. */
  readonly reason?: string;
  readonly checks: number;
  readonly failed: number;
  /** Worst and median error over bound. */
  readonly table: readonly TableRow[];
  /** Shrunk counterexamples, at most a few. */
  readonly failures: readonly Failure[];
}

/**
 * Holds one implementation against the float64 reference and the laws, in this process. It is given copies of the problems.
 * @throws EngineAbsent when this machine lacks its engine; Error for an option out of range, or an operator or engine that is unknown
 */
export async function verifyImplementation(
  implementation: AnyImplementation,
  options: VerifyImplementationOptions = {},
): Promise<Verification> {
  const { cases = 100, seed = 0 } = options;
  mustBeWhole("cases", cases, 1, MOST_CASES);
  mustBeSeed(seed, LARGEST_VERIFY_SEED);
  const operator: unknown = implementation?.operator?.name;
  if (!operators.some(({ name }) => name === operator))
    throw new Error(
      `there is no operator ${said(operator)}; there are ${operators.map(({ name }) => name).join(", ")}`,
    );
  const entry = choose("engine", engines, [implementation.engine as EngineName])[0];
  const device = options.device ?? entry.devices?.[0];
  const { open } = await entry.load();
  const place = localPlace(await open(device, { named: true }), device);
  try {
    const target = { impl: implementation, index: 0, place };
    const { checks, failed, table, failures, evidence } = await runRandom({
      cases,
      seed,
      targets: [target],
      laws,
    });
    const reason = checks > 0 ? undefined : `nothing was checked: ${whyUnchecked(evidence.get(target))}`;
    return {
      ok: failed === 0 && checks > 0,
      ...(reason === undefined ? {} : { reason }),
      checks,
      failed,
      table: table.rows(),
      failures,
    };
  } finally {
    await place.close();
  }
}
