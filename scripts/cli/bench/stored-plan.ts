/** The plan that a run folder holds. Somebody may have sent the folder, so it is held to the same rules as what is typed. */
import { z } from "zod";
import { quotedValue } from "../../../reports/text.js";
import { suites } from "../../../suites/index.js";
import { learningSuites } from "../../../suites/learning/index.js";
import { parseAxes } from "../../../suites/plan/axes.js";
import { parseFilter } from "../../../suites/plan/filter.js";
import { usageError } from "../exit.js";
import { DEFAULTS, GRIDS, LARGEST_SEED, type PlanOptions } from "./options.js";

const stringsSchema = z.array(z.string());

/** What a stored plan may hold: as strict as the flags. */
const storedSchema = z.object({
  suite: stringsSchema.refine((names) =>
    names.every((name) => [...suites, ...learningSuites].some((one) => one.name === name)),
  ),
  // one of a user's module is known once that is loaded
  engine: stringsSchema,
  device: stringsSchema,
  filter: z.string().refine(isFilter).nullable(),
  grid: z.enum(GRIDS),
  axis: stringsSchema.refine(areAxes),
  shard: z
    .object({ index: z.number().int().positive(), count: z.number().int().positive().max(1e6) })
    .refine(({ index, count }) => index <= count)
    .nullable(),
  seed: z.number().int().nonnegative().max(LARGEST_SEED),
  impl: stringsSchema,
});

/** The options of a run's record: data that somebody may have sent. @throws Stop that names the field */
export function storedPlan(options: Readonly<Record<string, unknown>>, folder: string): PlanOptions {
  const parsed = storedSchema.safeParse({ ...DEFAULTS, ...options });
  if (parsed.success) return parsed.data;
  const [{ path, message }] = parsed.error.issues;
  throw usageError(
    `${folder}: its record of the run has plan.options.${path.join(".")} ${quotedValue(options[String(path[0])])}, ` +
      `which is no such option (${message}); start a new run`,
  );
}

function areAxes(texts: readonly string[]): boolean {
  try {
    parseAxes(texts);
    return true;
  } catch {
    return false;
  }
}

function isFilter(expression: string): boolean {
  try {
    parseFilter(expression);
    return true;
  } catch {
    return false;
  }
}
