/** What other programs may ask of dualbench: run suites, verify an implementation. Nothing here prints. */
import { resolve } from "node:path";
import type { EngineName } from "../impls/engines/index.js";
import { devicesToOpen, engines } from "../impls/engines/index.js";
import type { AnyImplementation } from "../impls/implementation.js";
import type { CaseRecord, Row } from "../reports/rows/row.js";
import { chooseSuites, suites } from "./index.js";
import { laws } from "./laws/index.js";
import { readEnvironment } from "./measure/environment.js";
import { madeBy } from "./measure/made.js";
import { run } from "./measure/run.js";
import { parseFilter } from "./plan/filter.js";
import { makePlan } from "./plan/plan.js";
import { EnginePool } from "./processes/engine-pool.js";
import { nodeHost } from "./processes/host.node.js";
import { allImplementations } from "./processes/user-impls.js";
import type { Grid } from "./suite.js";
import { localPlace } from "./verify/evaluate.js";
import { type Failure, runRandom } from "./verify/random.js";
import type { TableRow } from "./verify/table.js";

export interface RunSuiteOptions {
  /** Names of suites, e.g. "sequence-length"; by default all but those that must be named. */
  readonly suites?: readonly string[];
  /** Names of engines, e.g. "cpu"; all that this machine has by default. */
  readonly engines?: readonly string[];
  /** quick: under a minute; default: under five; paper: the paper's full range. Default "quick". */
  readonly grid?: Grid;
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
}

/**
 * Verifies and times what this machine can run, engines in processes of their own.
 * @throws Error when a name is unknown, a module does not load, or no engine is here; no case is no error: `rows` is empty
 */
export async function runSuite(options: RunSuiteOptions = {}): Promise<SuiteRun> {
  const { grid = "quick", seed = 0, engines: named = [], filter, signal, onRow } = options;
  const namedSuites = options.suites ?? [];
  choose("suite", suites, namedSuites);
  const chosen = chooseSuites(namedSuites);
  const chosenEngines = choose("engine", engines, named);
  const matches = filter === undefined ? undefined : parseFilter(filter);
  const files = (options.files ?? []).map((file) => resolve(file));
  const impls = await allImplementations(files);
  const host = nodeHost();
  try {
    const pool = new EnginePool(host, files, host.nowMs());
    const found = await pool.discover(
      chosenEngines
        .filter(({ name }) => impls.some(({ engine }) => engine === name))
        .flatMap((entry) => {
          const { name } = entry;
          const isNamed = named.includes(name);
          return devicesToOpen(entry, isNamed).map((device) => ({ engine: name, device, named: isNamed }));
        }),
    );
    const absent = found.absent.map(
      ({ engine, device, reason }) => `engine ${engine}${device ? ` on ${device}` : ""} is absent: ${reason}`,
    );
    if (found.targets.length === 0) throw new Error(`nothing to measure: ${absent.join("; ")}`);
    const groups = await makePlan({
      suites: chosen,
      grid,
      seed,
      impls,
      targets: found.targets,
      describe: async (target, questions) => {
        const { link } = await pool.link(target);
        return link.call("describe", { questions }, 300_000);
      },
      keep: (_suite, id) => matches?.(id) ?? true,
    });
    const environment = await readEnvironment([], seed, files);
    const cases: CaseRecord[] = [];
    await run(groups, {
      grid,
      seed,
      host,
      pool,
      targets: found.targets,
      facts: {
        seed,
        commit: `${environment.commit ?? "unknown"}${environment.dirty ? "-dirty" : ""}`,
        cpu: environment.cpu.model ?? undefined,
        made: madeBy(environment, found.targets, impls),
        repeat: (suite, id) =>
          `dualbench bench --grid ${grid} --seed ${seed} --suite ${suite} --filter "${id}"`,
        timeUtc: () => new Date(host.nowMs()).toISOString(),
      },
      ...(signal ? { signal } : {}),
      emit(records) {
        cases.push(...records);
        for (const { row } of records) onRow?.(row);
      },
    });
    return { rows: cases.map(({ row }) => row), cases, absent };
  } finally {
    await host.close();
  }
}

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

export interface VerifyImplementationOptions {
  /** Random and extreme problems; default 100. */
  readonly cases?: number;
  readonly seed?: number;
  /** Device of the implementation's engine; the engine's first by default. */
  readonly device?: string;
}

export interface Verification {
  readonly ok: boolean;
  readonly checks: number;
  readonly failed: number;
  /** Worst and median error over bound. */
  readonly table: readonly TableRow[];
  /** Shrunk counterexamples, at most a few. */
  readonly failures: readonly Failure[];
}

/**
 * Holds one implementation against the float64 reference and the laws, in this process.
 * @throws EngineAbsent when this machine lacks its engine
 */
export async function verifyImplementation(
  implementation: AnyImplementation,
  options: VerifyImplementationOptions = {},
): Promise<Verification> {
  const { cases = 100, seed = 0 } = options;
  const entry = choose("engine", engines, [implementation.engine as EngineName])[0];
  const device = options.device ?? entry.devices?.[0];
  const { open } = await entry.load();
  const place = localPlace(await open(device, { named: true }), device);
  try {
    const targets = [{ impl: implementation, index: 0, place }];
    const { checks, failed, table, failures } = await runRandom({ cases, seed, targets, laws });
    return { ok: failed === 0, checks, failed, table: table.rows(), failures };
  } finally {
    await place.close();
  }
}
