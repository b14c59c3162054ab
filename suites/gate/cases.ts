/** Which cases a gate compares: planned by head, found again in the base by implementation and problem. */
import { type AnyImplementation, implementationName } from "../../impls/implementation.js";
import { implementations as builtIn } from "../../impls/index.js";
import type { AnyOperator, Problem } from "../../impls/operator.js";
import type { Options } from "../../impls/prepared.js";
import { planId } from "../../reports/rows/case-id.js";
import { chooseSuites } from "../index.js";
import { figureCurves } from "../plan/figure-curves.js";
import { parseFilter } from "../plan/filter.js";
import { type Case, makePlan, type Target } from "../plan/plan.js";
import { candidatesOf, EnginePool, type Present } from "../processes/engine-pool.js";
import type { Description, Question } from "../processes/protocol.js";
import { allEngines } from "../processes/user-impls.js";
import { differByChance, sameOptions } from "./chance.js";
import { type ArmName, checkSignal, type Lab, type Sides } from "./lab.js";
import { GateStop } from "./stop.js";
import type { Touched } from "./trees/touched.js";

export interface GateCase {
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
  readonly base: ArmCase;
  readonly head: ArmCase;
  /** false: measured only because a claim sets a judged case against it. */
  readonly judged: boolean;
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
  readonly notCompared: readonly NotCompared[];
  /** Cases that the base takes and head does not: a kernel that no longer compiles. */
  readonly broken: readonly NotCompared[];
  /** One sentence for each engine that is not here. */
  readonly absent: readonly string[];
  /** What each engine that is here runs on, in words. */
  readonly backends: readonly string[];
}

export interface CaseRequest {
  readonly lab: Lab;
  /** Head's implementations, in the order of its processes. */
  readonly impls: readonly AnyImplementation[];
  /** Names of the base's, in the order of its processes. */
  readonly baseNames: readonly string[];
  readonly touched: Touched;
  /** Names that claims set against touched ones. */
  readonly companions: ReadonlySet<string>;
  /** Only implementations that are not built in: another repository gates its own. */
  readonly onlyUser: boolean;
  readonly filter: string | undefined;
  readonly engines: readonly string[];
  /** Ids of an earlier day, whose options are taken: an engine that chooses by measuring must not choose again. */
  readonly pastIds: readonly string[];
}

/** @throws GateStop for a filter that cannot be read */
export async function planCases(request: CaseRequest): Promise<Planned> {
  const { lab, impls, engines: named, filter } = request;
  const matches = filter === undefined ? () => true : parseFilter(filter);
  const user = (i: number) => i >= builtIn.length;
  const isTouched = (i: number) =>
    request.touched.all || user(i) || request.touched.names.has(implementationName(impls[i]));
  const takes = (i: number) =>
    request.onlyUser ? user(i) : isTouched(i) || request.companions.has(implementationName(impls[i]));
  const wanted = candidatesOf(await allEngines(lab.arms.head.files), named, (name) =>
    impls.some(({ engine }, i) => engine === name && takes(i)),
  );
  const pools = { base: pool(lab, "base"), head: pool(lab, "head") };
  try {
    const [head, base] = await Promise.all([pools.head.discover(wanted), pools.base.discover(wanted)]);
    checkSignal(lab);
    const figure = figureCurves(impls, head.targets);
    // a change that touches a few kernels runs all their cases; one that may touch everything, those of the figure
    const everything = !request.touched.all || filter !== undefined || named.length > 0;
    const suites = chooseSuites([]);
    const groups = await makePlan({
      suites,
      grid: "quick",
      seed: 0,
      impls,
      targets: head.targets,
      describe: (target, questions) => describe(pools.head, target, questions),
      takesPart: (i, t) => takes(i) && ((isTouched(i) && everything) || figure(i, t)),
      keep: (_suite, id) => matches(id),
      storedIds: suites.flatMap(({ name }) => request.pastIds.map((id) => planId(name, id))),
    });
    const ofHead = groups.flatMap(({ key, cases }) => cases.map((planned) => ({ key, planned })));
    const paired = await pair(request, ofHead, { head: head.targets, base: base.targets }, pools);
    const absent = head.absent.map(
      ({ engine, device, reason }) => `engine ${engine}${device ? ` on ${device}` : ""} is absent: ${reason}`,
    );
    return {
      absent,
      backends: head.targets.map(backendOf),
      notCompared: paired.notCompared,
      broken: paired.broken.flatMap(({ impl, ...lost }) => (isTouched(impl) ? [lost] : [])),
      cases: paired.cases.map((gated) => ({ ...gated, judged: isTouched(gated.head.impl) })),
    };
  } catch (error) {
    checkSignal(lab);
    throw error;
  } finally {
    await Promise.all([pools.base.close(), pools.head.close()]);
  }
}

function backendOf({ engine, device, info }: Present): string {
  const details = ["simd", "backend", "driver"].flatMap((key) => info.details[key] ?? []);
  return [engine, device, info.name, info.kind, ...details].filter((word) => word !== undefined).join(" ");
}

function pool({ host, arms }: Lab, arm: ArmName): EnginePool {
  return new EnginePool(host, arms[arm].files, host.nowMs(), arms[arm].child);
}

async function describe(
  from: EnginePool,
  target: number,
  questions: readonly Question[],
): Promise<readonly (readonly Description[])[]> {
  const { link } = await from.link(target);
  return link.call("describe", { questions }, 300_000);
}

/** Finds each case's implementation in the base, with head's options where the base may choose them, else with the base's own. */
async function pair(
  { impls, baseNames }: CaseRequest,
  ofHead: readonly { readonly key: string; readonly planned: Case }[],
  targets: Sides<readonly Present[]>,
  pools: Sides<EnginePool>,
): Promise<{ cases: GateCase[]; notCompared: NotCompared[]; broken: (NotCompared & { impl: number })[] }> {
  const headNames = impls.map(implementationName);
  const cases: GateCase[] = [];
  const notCompared: NotCompared[] = [];
  const broken: (NotCompared & { impl: number })[] = [];
  for (const [t, target] of targets.head.entries()) {
    const own = ofHead.filter(({ planned }) => planned.target === t);
    const there = targets.base.findIndex(
      ({ engine, device }) => engine === target.engine && device === target.device,
    );
    const asked = own.flatMap((keyed) => {
      const impl = counterpart(headNames, keyed.planned.impl, baseNames);
      const reason =
        (there < 0 ? `the base has no engine ${target.engine}` : undefined) ??
        (impl < 0 ? "it is new: the base has no such implementation" : undefined);
      if (reason === undefined) return [{ keyed, impl }];
      notCompared.push({ id: keyed.planned.id, reason });
      return [];
    });
    if (asked.length === 0) continue;
    const questions = asked.map(({ keyed, impl }) => ({
      impl,
      problem: keyed.planned.problem,
      everyChoice: true,
    }));
    const answers = await describe(pools.base, there, questions);
    const place = { head: t, base: there };
    const matched = asked.map(({ keyed, impl }, i) => {
      const { problem, options } = keyed.planned;
      const same = answers[i].find((answer) => sameOptions(answer.options, options));
      const [first] = answers[i];
      return {
        keyed,
        answer: same ?? first,
        differing: {
          problem,
          impl: { head: keyed.planned.impl, base: impl },
          options: { head: options, base: first.options },
        },
        settled: same !== undefined || (first.unsupported ?? keyed.planned.unsupported) !== undefined,
      };
    });
    const open = matched.flatMap(({ differing, settled }) => (settled ? [] : [differing]));
    const chance = await differByChance(open, async (arm, again) => {
      await pools[arm].restart(place[arm]);
      return describe(pools[arm], place[arm], again);
    });
    for (const { keyed, answer, differing } of matched) {
      const { unsupported } = answer;
      const { impl } = differing;
      const options = chance.has(differing) ? keyed.planned.options : answer.options;
      const { id, suites: own, operator, problem, rank } = keyed.planned;
      if (keyed.planned.unsupported !== undefined) {
        const reason = keyed.planned.unsupported;
        if (unsupported !== undefined) notCompared.push({ id, reason });
        else broken.push({ id, reason: `head: ${reason}`, impl: impl.head });
        continue;
      }
      if (unsupported !== undefined) {
        notCompared.push({ id, reason: `the base does not take it: ${unsupported}` });
        continue;
      }
      cases.push({
        id,
        name: headNames[keyed.planned.impl],
        suites: own,
        operator,
        problem,
        problemKey: keyed.key,
        target,
        rank,
        base: { impl: impl.base, options },
        head: { impl: impl.head, options: keyed.planned.options },
        judged: true,
      });
    }
  }
  return { cases, notCompared, broken };
}

/** The implementation of the same name, counting those that share one. */
function counterpart(names: readonly string[], index: number, others: readonly string[]): number {
  const nth = names.slice(0, index).filter((name) => name === names[index]).length;
  return others.flatMap((name, i) => (name === names[index] ? [i] : []))[nth] ?? -1;
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
