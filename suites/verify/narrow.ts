/**
 * Less than everything: some laws, some operators, some implementations, few shapes. A kernel that is compiled anew for each shape would
 * spend a run of random shapes on its compiler; here all random problems of an operator have one of N shapes, and differ in their values.
 */
import * as fc from "fast-check";
import type { AnyOperator } from "../../impls/operator.js";
import { Unsupported } from "../../impls/prepared.js";
import type { AnyLaw, LawCase } from "../laws/law.js";
import { buildProblem } from "../problems/build.js";
import { DECAYS, VALUES } from "../problems/spec.js";
import { onGrain } from "./grain.js";
import { type Subject, subjectsFor } from "./subject.js";
import type { Target } from "./targets.js";

type Subjects = (name: string) => boolean;

export interface Narrowing {
  /** Laws by name; all when empty. */
  readonly laws: readonly string[];
  /** Operators by name; all when empty. */
  readonly operators: readonly string[];
  /** Says of an implementation with its storage type and options, spelled as a case id, whether it is looked at. */
  readonly subjects?: Subjects | undefined;
  /** Problems of an operator have so many shapes at most: sizes, optional inputs, settings and storage type. */
  readonly shapes?: number | undefined;
  /** Of the shapes. */
  readonly seed: number;
}

/** So many shapes are tried for each one wanted: a kernel may take few of those that an operator has. */
const TRIES = 300;

/**
 * The same laws in the same order, with fewer of their cases. Shapes are the first that one of these targets takes, which is found out by
 * running each once.
 */
export async function narrowed(
  laws: readonly AnyLaw[],
  narrowing: Narrowing,
  targets: readonly Target[],
): Promise<readonly AnyLaw[]> {
  const { operators, subjects = () => true, shapes } = narrowing;
  const left = laws
    .filter(({ name }) => narrowing.laws.length === 0 || narrowing.laws.includes(name))
    .map((law) => ({
      ...law,
      operators: law.operators.filter(({ name }) => operators.length === 0 || operators.includes(name)),
      holds: async (example: LawCase, subject: Subject) =>
        subjects(subject.name) ? law.holds(example, subject) : undefined,
    }));
  if (shapes === undefined) return left;
  return Promise.all(left.map((law) => withFewShapes(law, shapes, narrowing.seed, subjects, targets)));
}

async function withFewShapes(
  law: AnyLaw,
  count: number,
  seed: number,
  subjects: Subjects,
  targets: readonly Target[],
): Promise<AnyLaw> {
  const pools = new Map<string, LawCase[]>();
  for (const operator of law.operators) {
    const mine = targets.filter(({ impl }) => impl.operator.name === operator.name);
    const pool: LawCase[] = [];
    const drawn = mine.length > 0 ? fc.sample(law.cases(operator), { seed, numRuns: count * TRIES }) : [];
    for (const example of drawn) {
      if (pool.length === count) break;
      if (await isTaken(law, example, operator, mine, subjects)) pool.push(example);
    }
    pools.set(operator.name, pool);
  }
  const taken = law.operators.filter(({ name }) => pools.get(name)!.length > 0);
  return { ...law, operators: taken, cases: ({ name }) => ofShapes(pools.get(name)!) };
}

async function isTaken(
  law: AnyLaw,
  example: LawCase,
  operator: AnyOperator,
  targets: readonly Target[],
  subjects: Subjects,
): Promise<boolean> {
  for (const target of targets) {
    const { spec } = onGrain(target, example);
    try {
      const problem = (dtype: Subject["dtype"]) =>
        law.own ? law.own(example, operator, dtype) : buildProblem(operator, spec, dtype);
      for (const subject of await subjectsFor(target, spec, problem)) {
        if (!subjects(subject.name)) continue;
        await subject.evaluate(problem(subject.dtype));
        return true;
      }
    } catch (error) {
      // whatever else it throws it shall throw again, as a finding
      if (!(error instanceof Unsupported)) return true;
    }
  }
  return false;
}

/** What a compiler sees of a case is one of these; what it does not see is drawn anew each time. */
function ofShapes(examples: readonly LawCase[]): fc.Arbitrary<LawCase> {
  return fc
    .record({
      example: fc.constantFrom(...examples),
      values: fc.constantFrom(...VALUES),
      decay: fc.constantFrom(...DECAYS),
      seed: fc.nat(999),
    })
    .map(({ example, ...values }) => ({ ...example, spec: { ...example.spec, ...values } }));
}
