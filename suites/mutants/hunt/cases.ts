/** The problems that all mutants of an operator meet, drawn once: so their truth is computed once too. */
import * as fc from "fast-check";
import type { AnyOperator } from "../../../impls/operator.js";
import type { AnyLaw, LawCase } from "../../laws/law.js";
import { awkwardList, optionalInputs, pairOf } from "../../problems/awkward.js";

export interface Draw {
  readonly seed: number;
  /** Problems held against the reference. */
  readonly problems: number;
  /** Cases of each other law. */
  readonly lawCases: number;
}

export interface Cases {
  /** @param isReference the law is the comparison with the reference */
  of(law: AnyLaw, operator: AnyOperator, isReference: boolean): readonly LawCase[];
  /** What tests of peers hold a kernel to. */
  round(operator: AnyOperator): readonly LawCase[];
}

export function drawnCases({ seed, problems, lawCases }: Draw): Cases {
  const known = new Map<string, readonly LawCase[]>();
  const once = (key: string, make: () => readonly LawCase[]) => {
    const cases = known.get(key) ?? make();
    known.set(key, cases);
    return cases;
  };
  return {
    of: (law, operator, isReference) =>
      once(`${law.name} ${operator.name}`, () =>
        fc.sample(law.cases(operator) as fc.Arbitrary<LawCase>, {
          seed,
          numRuns: isReference ? problems : lawCases,
        }),
      ),
    round: (operator) => once(operator.name, () => roundProblems(operator)),
  };
}

const ROUND = {
  batch: 2,
  length: 128,
  context: 128,
  heads: 4,
  headDim: 32,
  headDimV: 32,
  state: 16,
  width: 4,
  pairs: 4,
};
/** Steps of the reference: enough for all of ROUND. */
const WORK = 1e9;

/** Whole tiles, mild values: one problem with nothing optional, one with all that belongs to a single document. */
function roundProblems(operator: AnyOperator): readonly LawCase[] {
  const { all, add } = awkwardList(operator, WORK);
  const optional = optionalInputs(operator).filter((name) => name !== "documents");
  add("round", ROUND, { values: "signed" });
  if (optional.length > 0)
    add("round, every option", ROUND, {
      values: "signed",
      with: optional.flatMap((name) => pairOf(operator, name)),
    });
  return all;
}
