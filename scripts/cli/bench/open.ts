/** From flags to a plan: implementations loaded, engines opened, cases made. */
import { resolve } from "node:path";
import type { AnyImplementation } from "../../../impls/implementation.js";
import { planId } from "../../../reports/rows/case-id.js";
import { chooseSuites } from "../../../suites/index.js";
import { figureCurves } from "../../../suites/plan/figure-curves.js";
import { parseFilter } from "../../../suites/plan/filter.js";
import { leftOut } from "../../../suites/plan/left-out.js";
import { type Group, makePlan } from "../../../suites/plan/plan.js";
import { candidatesOf, EnginePool, type Present } from "../../../suites/processes/engine-pool.js";
import type { Host } from "../../../suites/processes/host.js";
import { allEngines, allImplementations } from "../../../suites/processes/user-impls.js";
import { mustKnow } from "../engine-names.js";
import { EXIT, Stop, usageError } from "../exit.js";
import type { PlanOptions } from "./options.js";

/** A run that is opened: its engines started, its cases planned. */
export interface OpenedRun {
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
export async function openRun(
  host: Host,
  plan: PlanOptions,
  originMs: number,
  storedIds?: readonly string[],
): Promise<OpenedRun> {
  const files = plan.impl.map((file) => resolve(file));
  const [impls, entries] = await Promise.all([allImplementations(files), allEngines(files)]).catch(
    (error: Error) => {
      throw usageError(error.message);
    },
  );
  mustKnow(entries, plan.engine);
  const chosen = chooseSuites(plan.suite);
  const operators = new Set(
    chosen.flatMap((suite) => suite.curves(plan.grid, plan.seed)).map(({ operator }) => operator.name),
  );
  const pool = new EnginePool(host, files, originMs);
  const { targets, absent } = await pool.discover(
    candidatesOf(entries, plan.engine, (name) =>
      impls.some(({ engine, operator }) => engine === name && operators.has(operator.name)),
    ),
  );
  const sentences = absent.map(
    ({ engine, device, reason }) => `engine ${engine}${device ? ` on ${device}` : ""} is absent: ${reason}`,
  );
  const warnings = targets.flatMap(({ engine, info: { warning } }) =>
    warning === undefined ? [] : [`engine ${engine}: ${warning}`],
  );
  for (const sentence of [...sentences, ...leftOut(impls, targets), ...warnings])
    process.stderr.write(`dualbench: ${sentence}\n`);
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
    keep: (suite, id) => (matches?.(id) ?? true) && (stored?.has(planId(suite, id)) ?? true),
    ...(stored ? { storedIds: [...stored] } : {}),
    shard: stored ? undefined : (plan.shard ?? undefined),
  }).catch((error: Error) => {
    throw usageError(error.message);
  });
  if (groups.length === 0)
    throw new Stop(
      EXIT.nothingToMeasure,
      `nothing to measure: no case matches${plan.filter === null ? "" : ` --filter "${plan.filter}"`}` +
        `${plan.shard ? ` in shard ${plan.shard.index}/${plan.shard.count}` : ""}; --list without it shows all cases`,
    );
  return { pool, targets, groups, impls, absent: sentences };
}
