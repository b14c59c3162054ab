/** From flags to a plan: implementations loaded, engines opened, cases made. */
import { resolve } from "node:path";
import type { AnyImplementation } from "../../../impls/implementation.js";
import { NothingToMeasure, type OpenedRun, openAndPlan } from "../../../suites/plan/opening.js";
import { openCatalogue } from "../../../suites/processes/catalogue.js";
import type { Host } from "../../../suites/processes/host.js";
import { mustKnow } from "../engine-names.js";
import { EXIT, Stop, usageError, warn } from "../exit.js";
import { tellRefused } from "../refused.js";
import { chosenSuites, type PlanOptions } from "./options.js";

export interface PlannedRun extends OpenedRun {
  /** In the order that cases name them by. */
  readonly impls: readonly AnyImplementation[];
  /** Where something that was named could not be used or was not looked at: how the run ends, whatever else was measured. */
  readonly exitCode: number | undefined;
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
): Promise<PlannedRun> {
  const { engine, device, grid, seed, filter, shard } = plan;
  const named = plan.impl.map((file) => resolve(file));
  try {
    const { impls, entries, files, refused } = await openCatalogue(host, named);
    const unusable = tellRefused(refused, files.length > 0);
    mustKnow(entries, engine, device);
    const opened = await openAndPlan(host, {
      ...{
        impls,
        entries,
        files,
        engines: engine,
        devices: device,
        suites: chosenSuites(plan),
        grid,
        seed,
        filter,
        originMs,
      },
      storedIds,
      shard: shard ?? undefined,
      say: warn,
    });
    const exitCode = unusable ?? (opened.withoutCase.length > 0 ? EXIT.nothingToMeasure : undefined);
    return { ...opened, impls, exitCode };
  } catch (error) {
    const { message } = error as Error;
    if (error instanceof Stop) throw error;
    throw error instanceof NothingToMeasure ? new Stop(EXIT.nothingToMeasure, message) : usageError(message);
  }
}
