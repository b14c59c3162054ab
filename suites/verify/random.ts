/** Random and extreme problems over all targets, laws included; counterexamples are shrunk and can be replayed by a token. */
import * as fc from "fast-check";
import type { AnyOperator } from "../../impls/operator.js";
import type { AnyLaw, LawCase } from "../laws/law.js";
import { type Atlas, atlasOf } from "./campaign/atlas.js";
import { allSkips, type Evidence, type EvidenceOf } from "./evidence.js";
import { findings } from "./findings.js";
import { fitsGrain } from "./grain.js";
import { type Policy, policyOf } from "./policy.js";
import { type Break, type Failure, failureAt, shrink } from "./replay.js";
import { type Table, tableOf } from "./table.js";
import type { Target } from "./targets.js";

export interface RandomOptions {
  /** Problems held against the reference, shared by the operators. */
  readonly cases: number;
  readonly seed: number;
  readonly targets: readonly Target[];
  readonly laws: readonly AnyLaw[];
  /** Only every so manieth case, from the index-th (1, 2, ...) on: shares of one run together are the run. */
  readonly share?: { readonly index: number; readonly count: number } | undefined;
  /** Called after each law and operator. */
  readonly progress?: (done: string) => void;
}

export interface RandomReport {
  readonly table: Table;
  readonly atlas: Atlas;
  readonly policy: Policy;
  readonly failures: readonly Failure[];
  /** `implementation law` of everything that was broken, shrunk or not. */
  readonly broken: readonly string[];
  /** Failed checks in all, of which `failures` shows the first of each law and target. */
  readonly failed: number;
  readonly checks: number;
  /** Why targets did not take a problem, with how often. */
  readonly skips: ReadonlyMap<string, number>;
  /** The same and the number of checks, a target each. */
  readonly evidence: EvidenceOf;
}

/** Laws other than the comparison with the reference get one case for so many of its. */
const CASES_PER_LAW_CASE = 50;
const FEWEST = 3;
const WHOLE = { index: 1, count: 1 };
/** A target that breaks more laws than this is shown with the first few, the others are counted. */
const SHRUNK_PER_TARGET = 3;

export async function runRandom(options: RandomOptions): Promise<RandomReport> {
  const { targets, laws, seed, share = WHOLE } = options;
  const table = tableOf();
  const atlas = atlasOf();
  const policy = policyOf();
  const failures: Failure[] = [];
  const evidence = new Map<Target, Evidence>(
    targets.map((target) => [target, { checks: 0, skips: new Map() }]),
  );
  const shrunk = new Map<Target, number>();
  const broken = new Set<string>();
  let failed = 0;
  let checks = 0;
  for (const [place, [law, operator]] of assignments(laws, targets).entries()) {
    const mine = targets.filter(({ impl }) => impl.operator.name === operator.name);
    const firstBreak = new Map<Target, Break>();
    let next = 0;
    const watch = fc.asyncProperty(law.cases(operator), async (example: LawCase) => {
      const index = next++;
      // laws of few cases begin with another share each
      if ((index + place) % share.count !== share.index - 1) return;
      const found = await atOnce(mine, (target) =>
        findings(law, example, target, operator, evidence.get(target)!.skips),
      );
      for (const target of mine) {
        for (const one of found.get(target)!) {
          const { finding, row } = one;
          checks++;
          evidence.get(target)!.checks++;
          const { spec } = one.example;
          if (finding.verdict) {
            table.add(row, spec, finding.verdict);
            const token = { law: law.name, operator: operator.name, seed, path: String(index) };
            atlas.add(row, spec, one.chunk, finding.verdict.ratio, token);
          }
          if (finding.ok && finding.reached) policy.add(row, finding.reached);
          table.count(row, finding.ok, fitsGrain(target, spec));
          if (finding.ok) continue;
          failed++;
          broken.add(`${row} ${law.name}`);
          if (!firstBreak.has(target)) firstBreak.set(target, { path: String(index), found: one });
        }
      }
    });
    const drawn = await fc.check(watch, { seed, numRuns: casesFor(law, operator, options) });
    // failures of implementations are findings; whatever else throws is a mistake of the law
    if (drawn.failed)
      throw drawn.errorInstance ?? new Error(`${law.name} could not be tried on ${operator.name}`);
    for (const [target, first] of firstBreak) {
      const before = shrunk.get(target) ?? 0;
      if (before >= SHRUNK_PER_TARGET) continue;
      shrunk.set(target, before + 1);
      // one that hangs would cost its deadline again
      const failure = first.found.hung
        ? failureAt(law, operator, seed, first)
        : await shrink(law, operator, target, seed, first.path);
      failures.push(failure);
    }
    options.progress?.(`${law.name} ${operator.name}`);
  }
  const skips = allSkips(evidence);
  return { table, atlas, policy, failures, broken: [...broken], failed, checks, skips, evidence };
}

/** Laws and operators that some target can be held to. */
function assignments(laws: readonly AnyLaw[], targets: readonly Target[]): [AnyLaw, AnyOperator][] {
  const present = new Set(targets.map(({ impl }) => impl.operator.name as string));
  return laws.flatMap((law) =>
    law.operators
      .filter(({ name }) => present.has(name))
      .map((operator): [AnyLaw, AnyOperator] => [law, operator]),
  );
}

function casesFor(law: AnyLaw, operator: AnyOperator, { cases, targets, laws }: RandomOptions): number {
  if (law !== laws[0]) return Math.max(FEWEST, Math.ceil(cases / CASES_PER_LAW_CASE));
  const operators = [...new Set(targets.map(({ impl }) => impl.operator.name as string))];
  const place = operators.indexOf(operator.name);
  return Math.floor(cases / operators.length) + (place < cases % operators.length ? 1 : 0);
}

/**
 * Places work beside one another, each on one target at a time; those in other processes get their work first. Between targets this
 * process looks up: a signal is answered, and another process's answer heard.
 */
async function atOnce<T>(
  targets: readonly Target[],
  work: (target: Target) => Promise<T>,
): Promise<Map<Target, T>> {
  const results = new Map<Target, T>();
  const places = [...new Set(targets.map(({ place }) => place))].sort(
    (a, b) => Number(a.isLocal === true) - Number(b.isLocal === true),
  );
  await Promise.all(
    places.map(async (place) => {
      for (const target of targets) {
        if (target.place !== place) continue;
        await new Promise(setImmediate);
        results.set(target, await work(target));
      }
    }),
  );
  return results;
}
