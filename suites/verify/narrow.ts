/**
 * Less than everything: some laws, some operators, some implementations, few shapes. A kernel that is compiled anew for each shape would
 * spend a run of random shapes on its compiler; here all random problems of an operator have one of N shapes, and differ in their values.
 */
import * as fc from "fast-check";
import type { AnyLaw, LawCase } from "../laws/law.js";
import { DECAYS, VALUES } from "../problems/spec.js";

export interface Narrowing {
  /** Laws by name; all when empty. */
  readonly laws: readonly string[];
  /** Operators by name; all when empty. */
  readonly operators: readonly string[];
  /** Says of an implementation with its storage type and options, spelled as a case id, whether it is looked at. */
  readonly subjects?: ((name: string) => boolean) | undefined;
  /** Problems of an operator have so many shapes at most: sizes, optional inputs, settings and storage type. */
  readonly shapes?: number | undefined;
  /** Of the shapes. */
  readonly seed: number;
}

/** The same laws in the same order, with fewer of their cases. */
export function narrowed(laws: readonly AnyLaw[], narrowing: Narrowing): readonly AnyLaw[] {
  const { operators, subjects, shapes, seed } = narrowing;
  return laws
    .filter(({ name }) => narrowing.laws.length === 0 || narrowing.laws.includes(name))
    .map((law) => ({
      ...law,
      operators: law.operators.filter(({ name }) => operators.length === 0 || operators.includes(name)),
      cases: (operator) =>
        shapes === undefined ? law.cases(operator) : ofFewShapes(law.cases(operator), shapes, seed),
      holds: async (example, subject) =>
        subjects?.(subject.name) === false ? undefined : law.holds(example, subject),
    }));
}

/** What a compiler sees of a case is one of `count` that are drawn first; what it does not see is drawn anew each time. */
function ofFewShapes(cases: fc.Arbitrary<LawCase>, count: number, seed: number): fc.Arbitrary<LawCase> {
  return fc
    .record({
      example: fc.constantFrom(...fc.sample(cases, { seed, numRuns: count })),
      values: fc.constantFrom(...VALUES),
      decay: fc.constantFrom(...DECAYS),
      seed: fc.nat(999),
    })
    .map(({ example, ...values }) => ({ ...example, spec: { ...example.spec, ...values } }));
}
