/**
 * Before anything is timed, head's implementations pass problems that the timed cases do not have: a fixed list of awkward shapes, then
 * random ones drawn from the gate's seed. All lanes are held against the reference. Problem by problem over all implementations, the most
 * telling first, because the time is limited.
 */
import * as fc from "fast-check";
import type { AnyOperator } from "../../impls/operator.js";
import { formsAgree } from "../laws/forms-agree.js";
import type { Target } from "../plan/case.js";
import { awkwardShapes } from "../problems/shapes.js";
import { EnginePool } from "../processes/engine-pool.js";
import type { InventoryEntry } from "../processes/protocol.js";
import { dtypesOf } from "../verify/targets.js";
import type { HeadCase } from "./cases.js";
import { checkSignal, type Lab } from "./lab.js";
import { type ShapeReport, type Subject, Sweep, type Trial } from "./sweep.js";

/** All of it, once the engines are open. */
const LIMIT_MS = 20_000;
const RANDOM_PROBLEMS = 16;

/** @param cases of the implementations that are meant, each on the devices that it has a case on */
export async function checkShapes(
  lab: Lab,
  cases: readonly HeadCase[],
  inventory: readonly InventoryEntry[],
  limitMs = LIMIT_MS,
): Promise<ShapeReport> {
  const { files, child } = lab.arms.head;
  const targets = [...new Map(cases.map(({ target }) => [placeKey(target), target])).values()];
  const pool = new EnginePool(lab.host, files, lab.host.nowMs(), child);
  try {
    const { targets: present } = await pool.discover(
      targets.map(({ engine, device, traits }) => ({ engine, device, traits, named: true })),
    );
    const subjects = subjectsOf(cases, inventory, present);
    const trials = new Map(
      [...new Set(subjects.map(({ operator }) => operator))].map((one) => [one, trialsOf(one, lab.seed)]),
    );
    return await new Sweep(lab, pool, present, limitMs).run(subjects, trials);
  } finally {
    await pool.close();
    checkSignal(lab);
  }
}

function placeKey({ engine, device }: Pick<Target, "engine" | "device">): string {
  return `${engine} ${device}`;
}

function subjectsOf(
  cases: readonly HeadCase[],
  inventory: readonly InventoryEntry[],
  present: readonly Target[],
): Subject[] {
  const found = new Map<string, Subject>();
  for (const { name, operator, target, head } of cases) {
    const place = present.findIndex((one) => placeKey(one) === placeKey(target));
    const dtypes = dtypesOf(inventory[head.impl]);
    if (place >= 0) found.set(`${head.impl} ${place}`, { impl: head.impl, name, operator, dtypes, place });
  }
  return [...found.values()];
}

/** The list in an implementation's first storage type, the random problems in theirs, then the list in the other types. */
function trialsOf(operator: AnyOperator, seed: number): Trial[] {
  const drawn = fc.sample(formsAgree.cases(operator), { seed, numRuns: RANDOM_PROBLEMS });
  const listed = (dtype: number) => awkwardShapes(operator).map(({ spec }) => ({ spec: { ...spec, dtype } }));
  return [...listed(0), ...drawn.map(({ spec }, draw) => ({ spec, draw })), ...listed(1), ...listed(2)];
}
