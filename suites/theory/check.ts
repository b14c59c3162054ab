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
  let failure: Outcome["counterexample"];
  const property = fc.asyncProperty(statement.cases(), async (example: unknown) => {
    try {
      const ratio = await statement.ratio(example, forms);
      worst = Math.max(worst, ratio);
      // the last one that fails is the smallest
      if (!(ratio <= 1)) failure = { example, ratio };
      return ratio <= 1;
    } catch (error) {
      failure = { example, ratio: Number.POSITIVE_INFINITY, error: `threw ${(error as Error).message}` };
      return false;
    }
  });
  const { numRuns } = await fc.check(property, { numRuns: cases, seed });
  return { statement, cases: numRuns, worst, ...(failure && { counterexample: failure }) };
}
