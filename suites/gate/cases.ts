/** Which cases a gate compares: planned by head, found again in the base by implementation and problem. */
import { type AnyImplementation, implementationName } from "../../impls/implementation.js";
import { implementations as builtIn } from "../../impls/index.js";
import type { AnyOperator, Problem } from "../../impls/operator.js";
import type { Options } from "../../impls/prepared.js";
import { planId } from "../../reports/rows/case-id.js";
import { chooseSuites } from "../index.js";
import { type Axis, withAxes } from "../plan/axes.js";
import type { Case, Target } from "../plan/case.js";
import { figureCurves } from "../plan/figure-curves.js";
import { parseFilter } from "../plan/filter.js";
import { type Opening, openEngines } from "../plan/opening.js";
import { makePlan } from "../plan/plan.js";
import type { Present } from "../processes/engine-pool.js";
import type { InventoryEntry, ListedEngine } from "../processes/protocol.js";
import { type ArmName, checkSignal, type Lab, type Sides } from "./lab.js";
import { describe, type Grounds, pairUp } from "./pairs/pair.js";
import { engineOf, vanished } from "./pairs/vanished.js";
import { GateStop } from "./stop.js";
import type { Touched } from "./trees/touched.js";

/** A case of head, with or without a base to hold it against. */
export interface HeadCase {
  /** As head spells it; options may differ in the base. */
  readonly id: string;
  readonly name: string;
  readonly suites: readonly string[];
  readonly operator: AnyOperator;
  readonly problem: Problem;
  /** Cases with one key share a problem, and its reference. */
  readonly problemKey: string;
  readonly target: Target;
  readonly rank: number;
  readonly head: ArmCase;
  /** false: measured only because a claim sets a judged case against it. */
  readonly judged: boolean;
}

export interface GateCase extends HeadCase {
  readonly base: ArmCase;
}

export interface ArmCase {
  readonly impl: number;
  readonly options: Options;
}

export interface NotCompared {
  readonly id: string;
  readonly reason: string;
}

export interface Planned {
  readonly cases: readonly GateCase[];
  /** Cases of kernels that the base does not have: verified, with nothing to be compared with. */
  readonly fresh: readonly HeadCase[];
  readonly notCompared: readonly NotCompared[];
  /** Cases that the base takes and head does not: a kernel that no longer compiles. */
  readonly broken: readonly NotCompared[];
  /** One sentence for each engine that is not here. */
  readonly absent: readonly string[];
  /** Sentences on what a device of head lacks. */
  readonly remarks: readonly string[];
  /** What each engine that is here runs on, in words. */
  readonly backends: readonly string[];
}

export interface CaseRequest {
  readonly lab: Lab;
  /** Head's implementations, in the order of its processes. */
  readonly impls: readonly AnyImplementation[];
  /** Built-in engines and the user's. */
  readonly entries: readonly ListedEngine[];
  /** What each arm's processes list, in their order. */
  readonly inventory: Sides<readonly InventoryEntry[]>;
  /** The base's file for a file of head: another one where it was moved. */
  follow(file: string): string | undefined;
  readonly touched: Touched;
  /** Names that claims set against touched ones. */
  readonly companions: ReadonlySet<string>;
  /** Only implementations that are not built in: another repository gates its own. */
  readonly onlyUser: boolean;
  readonly filter: string | undefined;
  /** Sizes in place of the quick grid's. */
  readonly axes?: readonly Axis[];
  readonly engines: readonly string[];
  readonly devices: readonly string[];
  /** Ids of an earlier day, whose options are taken: an engine that chooses by measuring must not choose again. */
  readonly pastIds: readonly string[];
}

/** @throws GateStop for a filter that cannot be read */
export async function planCases(request: CaseRequest): Promise<Planned> {
  const { lab, inventory, follow } = request;
  const scope = scopeOf(request);
  const [head, base] = await Promise.all([open(request, scope, "head"), open(request, scope, "base")]);
  const pools = { base: base.pool, head: head.pool };
  try {
    checkSignal(lab);
    const grounds = { inventory, follow, targets: { head: head.targets, base: base.targets }, pools };
    const sorted = await sort(grounds, await plannedByHead(request, scope, grounds), scope.isTouched);
    const gone = await vanished(grounds, scope.isGated, scope.matches);
    return {
      ...sorted,
      notCompared: [...sorted.notCompared, ...gone],
      absent: head.absent,
      remarks: head.remarks,
      backends: head.targets.map(backendOf),
    };
  } catch (error) {
    checkSignal(lab);
    throw error;
  } finally {
    await Promise.all([pools.base.close(), pools.head.close()]);
  }
}

/** Both arms open what head has something to run on. Remarks are of head's implementations, and only its own are said. */
function open(
  { lab: { host, arms }, impls, entries, engines, devices, inventory }: CaseRequest,
  scope: Scope,
  arm: ArmName,
): Promise<Opening> {
  const { files, child } = arms[arm];
  return openEngines(host, {
    ...{ impls, entries, files, engines, devices, child },
    originMs: host.nowMs(),
    wants: (name) =>
      impls.some(({ engine }, i) => engine === name && scope.takes(i)) ||
      // the last kernel of an engine may have vanished
      inventory.base.some((kernel) => kernel.origin && engineOf(kernel) === name),
  });
}

/** What is gated, of each arm. */
interface Scope {
  matches(id: string): boolean;
  isTouched(impl: number): boolean;
  /** Touched, or set against a touched one by a claim. */
  takes(impl: number): boolean;
  /** Whether a kernel of the base belongs to what is gated. */
  isGated(kernel: InventoryEntry): boolean;
}

function scopeOf({ impls, touched, companions, onlyUser, filter }: CaseRequest): Scope {
  const isUsers = (i: number) => i >= builtIn.length;
  const isTouched = (i: number) =>
    touched.all || isUsers(i) || touched.names.has(implementationName(impls[i]));
  return {
    matches: filter === undefined ? () => true : parseFilter(filter),
    isTouched,
    takes: (i) => (onlyUser ? isUsers(i) : isTouched(i) || companions.has(implementationName(impls[i]))),
    isGated: ({ name, origin }) => (onlyUser ? origin !== undefined : touched.all || touched.names.has(name)),
  };
}

/** Cases of the quick grid on the engines that head has here. */
async function plannedByHead(
  { impls, touched, filter, axes = [], engines, pastIds }: CaseRequest,
  { isTouched, takes, matches }: Scope,
  { targets, pools }: Grounds,
): Promise<PlannedCase[]> {
  const figure = figureCurves(impls, targets.head);
  // a change that touches a few kernels runs all their cases; one that may touch everything, those of the figure
  const everything = !touched.all || filter !== undefined || engines.length > 0;
  const suites = withAxes(chooseSuites([]), axes, "quick");
  const groups = await makePlan({
    suites,
    grid: "quick",
    seed: 0,
    impls,
    targets: targets.head,
    describe: (target, questions) => describe(pools.head, target, questions),
    takesPart: (i, t) => takes(i) && ((isTouched(i) && everything) || figure(i, t)),
    keep: (_suite, id) => matches(id),
    storedIds: suites.flatMap(({ name }) => pastIds.map((id) => planId(name, id))),
  });
  return groups.flatMap(({ key, cases }) => cases.map((planned) => ({ ...planned, problemKey: key })));
}

type PlannedCase = Case & Pick<HeadCase, "problemKey">;

function backendOf({ engine, device, info }: Present): string {
  const details = ["simd", "backend", "driver"].flatMap((key) => info.details[key] ?? []);
  return [engine, device, info.name, info.kind, ...details].filter((word) => word !== undefined).join(" ");
}

/** Cases that both arms run, that only head has, and that one of them refuses. */
async function sort(
  grounds: Grounds,
  ofHead: readonly PlannedCase[],
  isTouched: Scope["isTouched"],
): Promise<Pick<Planned, "cases" | "fresh" | "notCompared" | "broken">> {
  const { matches, alone } = await pairUp(grounds, ofHead);
  const headCase = (planned: PlannedCase): HeadCase => {
    const { id, suites, operator, problem, problemKey, rank, impl, options } = planned;
    const target = grounds.targets.head[planned.target];
    const { name } = grounds.inventory.head[impl];
    const judged = isTouched(impl);
    return { id, name, suites, operator, problem, problemKey, target, rank, head: { impl, options }, judged };
  };
  const notCompared: NotCompared[] = alone.map(({ planned: { id }, reason }) => ({ id, reason }));
  const broken: NotCompared[] = [];
  const cases: GateCase[] = [];
  for (const { planned, impl, options, unsupported } of matches) {
    const { id, unsupported: refused } = planned;
    if (refused === undefined && unsupported === undefined)
      cases.push({ ...headCase(planned), base: { impl, options } });
    else if (refused === undefined)
      notCompared.push({ id, reason: `the base does not take it: ${unsupported}` });
    else if (unsupported !== undefined) notCompared.push({ id, reason: refused });
    else if (isTouched(planned.impl)) broken.push({ id, reason: `head: ${refused}` });
  }
  const fresh = alone.filter(({ planned }) => planned.unsupported === undefined && isTouched(planned.impl));
  return { cases, fresh: fresh.map(({ planned }) => headCase(planned)), notCompared, broken };
}

/** @throws GateStop when nothing is left */
export function mustHaveCases(
  { cases, notCompared, absent }: Pick<Planned, "cases" | "notCompared" | "absent">,
  filter: string | undefined,
): void {
  if (cases.some(({ judged }) => judged)) return;
  const why = notCompared[0] ?? (filter === undefined ? absent[0] : undefined);
  const said =
    why === undefined ? "no case matches" : typeof why === "string" ? why : `${why.id}: ${why.reason}`;
  throw new GateStop(
    "nothing",
    `nothing to compare: ${said}${filter === undefined ? "" : ` (--filter "${filter}")`}`,
  );
}
