/** What a run will do, in order, before anything is measured: cases with their ids, in groups that share a problem. */

import { type AnyImplementation, implementationName } from "../../impls/implementation.js";
import type { AnyOperator, Problem } from "../../impls/operator.js";
import { isLinearCurve } from "../../reports/analysis/families.js";
import { caseId, planId } from "../../reports/rows/case-id.js";
import { originOf } from "../processes/origin.js";
import type { Description, Question } from "../processes/protocol.js";
import type { Grid, Suite } from "../suite.js";
import { type Cache, cachesOf } from "./caches.js";
import type { Case, Group, Target } from "./case.js";
import { caseKeys, nameOf } from "./case-keys.js";
import { figureCurves } from "./figure-curves.js";
import { spelledOptions, storedOptions } from "./options.js";
import { isAsked } from "./sharding.js";

export interface PlanRequest {
  readonly suites: readonly Suite[];
  readonly grid: Grid;
  readonly seed: number;
  readonly impls: readonly AnyImplementation[];
  readonly targets: readonly Target[];
  /** Asks an open engine how its implementations would take these problems. */
  describe(target: number, questions: readonly Question[]): Promise<readonly (readonly Description[])[]>;
  /** Whether an implementation takes part on a target of its engine; all do unless said otherwise. */
  takesPart?(impl: number, target: number): boolean;
  /** Engines that the user named. */
  readonly named?: readonly string[];
  /** `suite<TAB>id`s to keep. */
  keep?(suite: string, id: string): boolean;
  /** Ids of a run that goes on: an engine that chooses options by measuring must not choose again. */
  readonly storedIds?: readonly string[];
  readonly shard?: { readonly index: number; readonly count: number } | undefined;
}

interface Draft {
  readonly suite: string;
  readonly everyChoice: boolean;
  readonly curve: string;
  readonly place: number;
  readonly impl: number;
  readonly target: number;
  readonly operator: AnyOperator;
  readonly problem: Problem;
  readonly workload: string | undefined;
  readonly cache: Cache | undefined;
}

export async function makePlan(request: PlanRequest): Promise<Group[]> {
  const drafts = draftCases(request);
  const descriptions = await describeAll(request, drafts);
  const merged = new Map<string, Case>();
  const kept = drafts.flatMap((draft) =>
    descriptions
      .get(draft)!
      .map((description) => ({
        draft,
        planned: finish(request, draft, withStoredOptions(request, draft, description)),
      }))
      .filter(({ planned }) => request.keep?.(draft.suite, planned.id) !== false),
  );
  // "two smallest sizes" counts what is left of a curve after filtering
  const places = new Map<string, number[]>();
  for (const { draft } of kept) {
    const curve = places.get(draft.curve) ?? [];
    if (!curve.includes(draft.place)) curve.push(draft.place);
    places.set(
      draft.curve,
      curve.sort((a, b) => a - b),
    );
  }
  for (const { draft, planned } of kept) {
    const rank = places.get(draft.curve)!.indexOf(draft.place);
    const known = merged.get(planned.id);
    if (known && (known.impl !== planned.impl || known.target !== planned.target))
      throw new Error(
        `two implementations share the case id ${planned.id}; give one of them options { make: "..." }`,
      );
    merged.set(planned.id, {
      ...planned,
      suites: known ? [...new Set([...known.suites, draft.suite])] : [draft.suite],
      curves: known ? [...new Set([...known.curves, draft.curve])] : [draft.curve],
      rank: Math.min(rank, known?.rank ?? rank),
      workload: known?.workload ?? planned.workload,
    });
  }
  const groups = intoGroups([...merged.values()]);
  const { shard } = request;
  return shard ? groups.filter((_, i) => i % shard.count === shard.index - 1) : groups;
}

/** Every implementation meets every problem of its operator that has a dtype it accepts. */
function draftCases({ suites, grid, seed, impls, targets, takesPart, named = [] }: PlanRequest): Draft[] {
  const drafts: Draft[] = [];
  for (const suite of suites) {
    for (const [c, { operator, problems, workloads }] of suite.curves(grid, seed).entries()) {
      for (const [i, impl] of impls.entries()) {
        if (impl.operator.name !== operator.name) continue;
        for (const [t, target] of targets.entries()) {
          if (impl.engine !== target.engine || takesPart?.(i, t) === false) continue;
          if (!isAsked(suite, target.traits, named.includes(target.engine))) continue;
          if (target.lacking?.some(({ impl: absent }) => absent === i)) continue;
          for (const cache of cachesOf(grid, target.cools)) {
            const curve = `${suite.name} ${c} ${i} ${t}${cache === "cold" ? " cold" : ""}`;
            for (const [place, problem] of problems.entries()) {
              if (!((impl.dtypes ?? ["f32"]) as readonly string[]).includes(problem.dtype)) continue;
              drafts.push({
                suite: suite.name,
                everyChoice: suite.everyChoice === true,
                curve,
                place,
                impl: i,
                target: t,
                operator,
                problem,
                workload: workloads?.[place],
                cache,
              });
            }
          }
        }
      }
    }
  }
  return drafts;
}

async function describeAll(
  { targets, describe }: PlanRequest,
  drafts: readonly Draft[],
): Promise<Map<Draft, readonly Description[]>> {
  const answers = new Map<Draft, readonly Description[]>();
  for (const t of targets.keys()) {
    const asked = drafts.filter(({ target }) => target === t);
    if (asked.length === 0) continue;
    const replies = await describe(
      t,
      asked.map(({ impl, problem, everyChoice }) => ({ impl, problem, everyChoice })),
    );
    for (const [i, draft] of asked.entries()) answers.set(draft, replies[i]);
  }
  return answers;
}

function withStoredOptions(
  { impls, targets, storedIds }: PlanRequest,
  { impl, target, problem, suite, cache }: Draft,
  description: Description,
): Description {
  if (!storedIds) return description;
  const name = implementationName(impls[impl]);
  const fixed = new Map(Object.entries(caseKeys(problem, { cache }, targets[target].deviceKey)));
  const options = storedOptions(storedIds, { suite, name, fixed, own: description.options });
  return options ? { ...description, options } : description;
}

function finish(
  { impls, targets }: PlanRequest,
  draft: Draft,
  { options: told, unsupported, failed, cost, work }: Description,
): Omit<Case, "suites" | "curves" | "rank"> {
  const impl = impls[draft.impl];
  // one that could not say its options is told apart all the same
  const make = failed === undefined ? undefined : originOf(impl)?.fallbackMake;
  const options = make === undefined ? told : { make, ...told };
  const { cache } = draft;
  const figure = cache !== "cold" && figureCurves(impls, targets)(draft.impl, draft.target);
  const { tensorOps } = targets[draft.target].traits ?? {};
  const named = { operator: draft.operator.name, form: impl.form, make: options.make, tensorOps };
  const { wrong = failed, spelled } = spelledOptions(options);
  const keys = caseKeys(draft.problem, { ...spelled, cache }, targets[draft.target].deviceKey);
  return {
    ...(wrong === undefined ? {} : { wrong }),
    id: caseId(implementationName(impl), keys),
    keys,
    impl: draft.impl,
    form: impl.form,
    target: draft.target,
    operator: draft.operator,
    problem: draft.problem,
    workload: draft.workload,
    options,
    cache,
    unsupported,
    conditions: work,
    lineage: `${draft.impl} ${draft.target}`,
    figure,
    reaches: figure && isLinearCurve(named),
    work: cost?.flops ?? draft.operator.cost(draft.problem).flops,
    cost,
  };
}

function intoGroups(cases: readonly Case[]): Group[] {
  const groups = new Map<string, Case[]>();
  for (const planned of cases) {
    const key = problemKey(planned.problem);
    const group = groups.get(key);
    if (group) group.push(planned);
    else groups.set(key, [planned]);
  }
  return [...groups.entries()].map(([key, members]) => ({
    key,
    problem: members[0].problem,
    operator: members[0].operator,
    cases: members,
  }));
}

/** Two suites that ask for the same problem share its measurement. */
function problemKey({ operator, dtype, seed, dims, inputs, settings }: Problem): string {
  const sources = Object.entries(inputs).map(([name, source]) => [
    name,
    source?.kind,
    source?.axes,
    source?.kind === "random" ? source.distribution : source && nameOf(source),
  ]);
  return JSON.stringify([operator, dtype, seed, dims, settings, sources]);
}

export function planIds(groups: readonly Group[]): string[] {
  return groups.flatMap(({ cases }) =>
    cases.flatMap(({ suites, id }) => suites.map((suite) => planId(suite, id))),
  );
}
