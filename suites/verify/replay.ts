/** One case again: shrunk to the smallest that fails, or as a token names it. */
import * as fc from "fast-check";
import type { AnyOperator } from "../../impls/operator.js";
import type { AnyLaw, LawCase } from "../laws/law.js";
import { describeSpec } from "../problems/spec.js";
import { allSkips, type Evidence, type EvidenceOf } from "./evidence.js";
import { describeFailure, type Found, findings } from "./findings.js";
import { onGrain } from "./grain.js";
import { type Target, targetName } from "./targets.js";
import { formatToken, type Token } from "./token.js";

export interface Failure {
  readonly law: string;
  readonly target: string;
  /** The shrunk counterexample, a few lines. */
  readonly counterexample: readonly string[];
  readonly token: string;
}

/** Shrinking stops here; what it has found by then is shown. */
const SHRINK_MS = 10_000;

/** Where a target first broke a law. */
export interface Break {
  readonly path: string;
  readonly found: Found;
}

export function failureAt(law: AnyLaw, operator: AnyOperator, seed: number, { path, found }: Break): Failure {
  const { finding, subject, row, example } = found;
  const violation = finding.ok ? "" : finding.violation;
  return {
    law: law.name,
    target: row,
    counterexample: describeFailure(law, example, [subject, violation]),
    token: formatToken({ law: law.name, operator: operator.name, seed, path }),
  };
}

/** Smallest case along fast-check's shrinks at which this target still breaks the law. */
export async function shrink(
  law: AnyLaw,
  operator: AnyOperator,
  target: Target,
  seed: number,
  path: string,
): Promise<Failure> {
  let last: { example: LawCase; name: string; lines: string[] } | undefined;
  const property = fc.asyncProperty(law.cases(operator), async (drawn: LawCase) => {
    for (const one of await findings(law, drawn, target, operator, new Map())) {
      const { finding, subject, row, example } = one;
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

/** Runs exactly one case again: the lines of each target, and whether all held. */
export async function replay(
  token: Token,
  laws: readonly AnyLaw[],
  targets: readonly Target[],
): Promise<{ ok: boolean; lines: string[]; evidence: EvidenceOf }> {
  const law = laws.find(({ name }) => name === token.law);
  const operator = law?.operators.find(({ name }) => name === token.operator);
  if (!law || !operator)
    throw new Error(
      `no law ${token.law} for operator ${token.operator}; laws: ${laws.map(({ name }) => name).join(", ")}`,
    );
  const lines: string[] = [];
  const evidence = new Map<Target, Evidence>();
  let ok = true;
  let seen = false;
  const property = fc.asyncProperty(law.cases(operator), async (example: LawCase) => {
    // where the case at the path passes, fast-check goes on to its neighbours
    if (seen) return;
    seen = true;
    const mine = targets.filter(({ impl }) => impl.operator.name === operator.name);
    // targets whose kernels want other sizes were given others
    const given = new Map(
      [example, ...mine.map((target) => onGrain(target, example))].map((one) => [
        describeSpec(one.spec),
        one,
      ]),
    );
    if (mine.length > 0 && mine.every((target) => onGrain(target, example) !== example))
      given.delete(describeSpec(example.spec));
    for (const one of given.values())
      lines.push(...describeFailure(law, one, [`${law.name}: ${law.states}`]));
    for (const target of mine) {
      const own: Evidence = { checks: 0, skips: new Map() };
      evidence.set(target, own);
      for (const { finding, subject } of await findings(law, example, target, operator, own.skips)) {
        own.checks++;
        ok &&= finding.ok;
        lines.push(`${finding.ok ? "pass" : "FAIL"} ${subject}${finding.ok ? "" : `: ${finding.violation}`}`);
      }
    }
    for (const why of allSkips(evidence).keys()) lines.push(`skip ${why}`);
  });
  await fc.check(property, { seed: token.seed, path: token.path, numRuns: 1, endOnFailure: true });
  return { ok, lines, evidence };
}
