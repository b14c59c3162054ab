/** Random and extreme problems over all targets, laws included; counterexamples are shrunk and can be replayed by a token. */
import * as fc from "fast-check";
import { operatorNamed } from "../../impls/index.js";
import type { AnyOperator } from "../../impls/operator.js";
import { Unsupported } from "../../impls/prepared.js";
import type { AnyLaw, Finding, LawCase } from "../laws/law.js";
import { buildProblem, describeInputs } from "../problems/build.js";
import { describeSpec } from "../problems/spec.js";
import { subjectsFor } from "./subject.js";
import { type Table, tableOf } from "./table.js";
import { type Target, targetName } from "./targets.js";
import { formatToken, type Token } from "./token.js";

export interface RandomOptions {
  /** Problems held against the reference, shared by the operators. */
  readonly cases: number;
  readonly seed: number;
  readonly targets: readonly Target[];
  readonly laws: readonly AnyLaw[];
  /** Called after each law and operator. */
  readonly progress?: (done: string) => void;
}

export interface Failure {
  readonly law: string;
  readonly target: string;
  /** The shrunk counterexample, a few lines. */
  readonly counterexample: readonly string[];
  readonly token: string;
}

export interface RandomReport {
  readonly table: Table;
  readonly failures: readonly Failure[];
  /** `implementation law` of everything that was broken, shrunk or not. */
  readonly broken: readonly string[];
  /** Failed checks in all, of which `failures` shows the first of each law and target. */
  readonly failed: number;
  readonly checks: number;
  /** Why targets did not take a problem, with how often. */
  readonly skips: ReadonlyMap<string, number>;
}

/** Laws other than the comparison with the reference get one case for so many of its. */
const CASES_PER_LAW_CASE = 50;
const FEWEST = 3;
/** Shrinking stops here; what it has found by then is shown. */
const SHRINK_MS = 10_000;
/** A target that breaks more laws than this is shown with the first few, the others are counted. */
const SHRUNK_PER_TARGET = 3;

export async function runRandom(options: RandomOptions): Promise<RandomReport> {
  const { targets, laws, seed } = options;
  const table = tableOf();
  const failures: Failure[] = [];
  const skips = new Map<string, number>();
  const shrunk = new Map<Target, number>();
  const broken = new Set<string>();
  let failed = 0;
  let checks = 0;
  for (const [law, operator] of assignments(laws, targets)) {
    const mine = targets.filter(({ impl }) => impl.operator.name === operator.name);
    const firstBreak = new Map<Target, number>();
    let index = 0;
    const watch = fc.asyncProperty(law.cases(operator), async (example: LawCase) => {
      const found = await atOnce(mine, (target) => findings(law, example, target, operator, skips));
      for (const target of mine) {
        for (const { finding, row } of found.get(target)!) {
          checks++;
          if (finding.verdict) table.add(row, example.spec, finding.verdict);
          table.count(row, finding.ok);
          if (finding.ok) continue;
          failed++;
          broken.add(`${row} ${law.name}`);
          if (!firstBreak.has(target)) firstBreak.set(target, index);
        }
      }
      index++;
    });
    const drawn = await fc.check(watch, { seed, numRuns: casesFor(law, operator, options) });
    // failures of implementations are findings; whatever else throws is a mistake of the law
    if (drawn.failed) throw drawn.errorInstance;
    for (const [target, run] of firstBreak) {
      const before = shrunk.get(target) ?? 0;
      if (before >= SHRUNK_PER_TARGET) continue;
      shrunk.set(target, before + 1);
      failures.push(await shrink(law, operator, target, seed, String(run)));
    }
    options.progress?.(`${law.name} ${operator.name}`);
  }
  return { table, failures, broken: [...broken], failed, checks, skips };
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

/** Places work beside one another, each on one target at a time; those in other processes get their work first. */
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
      for (const target of targets) if (target.place === place) results.set(target, await work(target));
    }),
  );
  return results;
}

interface Found {
  readonly finding: Finding;
  /** With dtype and options. */
  readonly subject: string;
  /** Its row in the table: dtypes, chunks and threads of one implementation share it. */
  readonly row: string;
}

async function findings(
  law: AnyLaw,
  example: LawCase,
  target: Target,
  operator: AnyOperator,
  skips: Map<string, number>,
): Promise<Found[]> {
  const found: Found[] = [];
  try {
    for (const subject of await subjectsFor(
      target,
      example.spec,
      law.own && ((dtype) => law.own!(example, operator, dtype)),
    )) {
      try {
        const finding = await law.holds(example, subject);
        const { make } = subject.options;
        const row = targetName(target, undefined, make === undefined ? {} : { make });
        if (finding) found.push({ finding, subject: subject.name, row });
      } catch (error) {
        if (!(error instanceof Unsupported)) throw error;
        const why = `${targetName(target)}: ${error.message}`;
        skips.set(why, (skips.get(why) ?? 0) + 1);
      }
    }
  } catch (error) {
    const name = targetName(target);
    found.push({ finding: { ok: false, violation: thrown(error) }, subject: name, row: name });
  }
  return found;
}

function thrown(error: unknown): string {
  return `threw ${error instanceof Error ? error.message.split("\n")[0] : String(error)}`;
}

/** Smallest case along fast-check's shrinks at which this target still breaks the law. */
async function shrink(
  law: AnyLaw,
  operator: AnyOperator,
  target: Target,
  seed: number,
  path: string,
): Promise<Failure> {
  let last: { example: LawCase; name: string; lines: string[] } | undefined;
  const property = fc.asyncProperty(law.cases(operator), async (example: LawCase) => {
    for (const { finding, subject, row } of await findings(law, example, target, operator, new Map())) {
      if (finding.ok) continue;
      last = { example, name: row, lines: [subject, finding.violation] };
      throw new Error(finding.violation);
    }
  });
  const result = await fc.check(property, {
    seed,
    path,
    numRuns: 1,
    interruptAfterTimeLimit: SHRINK_MS,
  });
  const token: Token = {
    law: law.name,
    operator: operator.name,
    seed,
    path: result.counterexamplePath ?? path,
  };
  const lines = last
    ? describeFailure(law, last.example, last.lines)
    : ["failed once and then no more: it is not deterministic"];
  return {
    law: law.name,
    target: last?.name ?? targetName(target),
    counterexample: lines,
    token: formatToken(token),
  };
}

export function describeFailure(law: AnyLaw, example: LawCase, found: readonly string[]): string[] {
  const words = law.describe?.(example);
  // a law's problem may be of another operator than the implementation's
  const operator = operatorNamed(example.spec.operator);
  return [
    ...found,
    describeSpec(example.spec) + (words ? `; ${words}` : ""),
    ...describeInputs(operator, buildProblem(operator, example.spec, "f32")),
  ];
}

/** Runs exactly one case again: the lines of each target, and whether all held. */
export async function replay(
  token: Token,
  laws: readonly AnyLaw[],
  targets: readonly Target[],
): Promise<{ ok: boolean; lines: string[] }> {
  const law = laws.find(({ name }) => name === token.law);
  const operator = law?.operators.find(({ name }) => name === token.operator);
  if (!law || !operator)
    throw new Error(
      `no law ${token.law} for operator ${token.operator}; laws: ${laws.map(({ name }) => name).join(", ")}`,
    );
  const lines: string[] = [];
  let ok = true;
  let seen = false;
  const property = fc.asyncProperty(law.cases(operator), async (example: LawCase) => {
    // where the case at the path passes, fast-check goes on to its neighbours
    if (seen) return;
    seen = true;
    lines.push(...describeFailure(law, example, [`${law.name}: ${law.states}`]));
    const skips = new Map<string, number>();
    for (const target of targets.filter(({ impl }) => impl.operator.name === operator.name)) {
      for (const { finding, subject } of await findings(law, example, target, operator, skips)) {
        ok &&= finding.ok;
        lines.push(`${finding.ok ? "pass" : "FAIL"} ${subject}${finding.ok ? "" : `: ${finding.violation}`}`);
      }
    }
    for (const why of skips.keys()) lines.push(`skip ${why}`);
  });
  await fc.check(property, { seed: token.seed, path: token.path, numRuns: 1, endOnFailure: true });
  return { ok, lines };
}
