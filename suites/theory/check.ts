/** Runs statements on random cases and keeps how near each came to its bound. */
import fc from "fast-check";
import type { Forms } from "./forms.js";
import type { AnyStatement } from "./statement.js";

export interface Outcome {
  readonly statement: AnyStatement;
  readonly cases: number;
  /** The largest error over its bound. */
  readonly worst: number;
  /** Smallest case found on which it does not hold, and how far it is off. */
  readonly counterexample?: { readonly example: unknown; readonly ratio: number; readonly error?: string };
}

/** Deterministic: the same seed and number of cases give the same cases. */
export async function check(
  statement: AnyStatement,
  forms: Forms,
  { cases, seed }: { readonly cases: number; readonly seed: number },
): Promise<Outcome> {
  let worst = 0;
  const property = fc.asyncProperty(statement.cases(), async (example: unknown) => {
    const ratio = await statement.ratio(example, forms);
    worst = Math.max(worst, ratio);
    return ratio <= 1;
  });
  const { failed, counterexample, numRuns, errorInstance } = await fc.check(property, {
    numRuns: cases,
    seed,
  });
  if (!failed) return { statement, cases: numRuns, worst };
  const [example] = counterexample!;
  const error =
    errorInstance instanceof Error && errorInstance.message !== "" ? errorInstance.message : undefined;
  const ratio = error === undefined ? await statement.ratio(example, forms) : Number.POSITIVE_INFINITY;
  return { statement, cases: numRuns, worst, counterexample: { example, ratio, ...(error && { error }) } };
}
