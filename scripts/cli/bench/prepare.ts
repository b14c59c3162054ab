/** From flags to a plan: implementations loaded, engines opened, cases made. */
import { resolve } from "node:path";
import { devicesToOpen, engines } from "../../../impls/engines/index.js";
import type { AnyImplementation } from "../../../impls/implementation.js";
import { chooseSuites } from "../../../suites/index.js";
import { figureCurves } from "../../../suites/plan/figure-curves.js";
import { parseFilter } from "../../../suites/plan/filter.js";
import { leftOut } from "../../../suites/plan/left-out.js";
import { type Group, makePlan } from "../../../suites/plan/plan.js";
import { type Candidate, EnginePool, type Present } from "../../../suites/processes/engine-pool.js";
import type { Host } from "../../../suites/processes/host.js";
import { allImplementations } from "../../../suites/processes/user-impls.js";
import { EXIT, Stop, usageError, warn } from "../exit.js";
import type { PlanOptions } from "./options.js";

export interface Prepared {
  readonly pool: EnginePool;
  readonly targets: readonly Present[];
  readonly groups: readonly Group[];
  /** In the order that cases name them by. */
  readonly impls: readonly AnyImplementation[];
  /** One sentence for each engine that is not here. */
  readonly absent: readonly string[];
}

/**
 * @param storedIds ids of the run that is resumed: options that an engine chose by measuring are taken from there
 * @throws Stop when a module does not load, or nothing to measure is left
 */
export async function prepareRun(
  host: Host,
  plan: PlanOptions,
  originMs: number,
  storedIds?: readonly string[],
): Promise<Prepared> {
  const files = plan.impl.map((file) => resolve(file));
  const impls = await allImplementations(files).catch((error: Error) => {
    throw usageError(error.message);
  });
  const chosen = chooseSuites(plan.suite);
  const operators = new Set(
    chosen.flatMap((suite) => suite.curves(plan.grid, plan.seed)).map(({ operator }) => operator.name),
  );
  const pool = new EnginePool(host, files, originMs);
  const { targets, absent } = await pool.discover(candidates(plan, impls, operators));
  const sentences = absent.map(
    ({ engine, device, reason }) => `engine ${engine}${device ? ` on ${device}` : ""} is absent: ${reason}`,
  );
  const warnings = targets.flatMap(({ engine, info: { warning } }) =>
    warning === undefined ? [] : [`engine ${engine}: ${warning}`],
  );
  for (const sentence of [...sentences, ...leftOut(impls, targets), ...warnings]) warn(sentence);
  if (targets.length === 0)
    throw new Stop(
      EXIT.nothingToMeasure,
      `nothing to measure: no engine of ${plan.engine.join(", ") || "all"} is here`,
    );

  const matches = plan.filter === null ? undefined : parseFilter(plan.filter);
  const stored = storedIds && new Set(storedIds);
  const groups = await makePlan({
    suites: chosen,
    grid: plan.grid,
    seed: plan.seed,
    impls,
    targets,
    describe: async (target, questions) => {
      const { link } = await pool.link(target);
      return link.call("describe", { questions }, 300_000);
    },
    ...(plan.grid === "quick" && plan.engine.length === 0 && plan.filter === null
      ? { takesPart: figureCurves(impls, targets) }
      : {}),
    keep: (suite, id) => (matches?.(id) ?? true) && (stored?.has(`${suite}\t${id}`) ?? true),
    ...(stored ? { storedIds: [...stored] } : {}),
    shard: stored ? undefined : (plan.shard ?? undefined),
  }).catch((error: Error) => {
    throw usageError(error.message);
  });
  const missed = matches?.unmatched() ?? [];
  if (groups.length === 0)
    throw new Stop(
      EXIT.nothingToMeasure,
      `${missed.length > 0 ? `${missed.join("; ")}; ` : ""}nothing to measure: no case matches${plan.filter === null ? "" : ` --filter "${plan.filter}"`}${plan.shard ? ` in shard ${plan.shard.index}/${plan.shard.count}` : ""}; --list without it shows all cases`,
    );
  for (const sentence of missed) warn(`--filter: ${sentence}`);
  return { pool, targets, groups, impls, absent: sentences };
}

/** Engines that have something to run, and their devices. */
function candidates(
  plan: PlanOptions,
  impls: readonly AnyImplementation[],
  operators: ReadonlySet<string>,
): Candidate[] {
  return engines
    .filter(({ name }) => plan.engine.length === 0 || plan.engine.includes(name))
    .filter(({ name }) =>
      impls.some(({ engine, operator }) => engine === name && operators.has(operator.name)),
    )
    .flatMap((entry) => {
      const { name } = entry;
      const named = plan.engine.includes(name);
      return devicesToOpen(entry, named).map((device) => ({ engine: name, device, named }));
    });
}
