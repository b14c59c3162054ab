/** A run in two parts held against one shot, within the bounds of all three and what the first part's errors become in the second. */
import { type AnyOperator, outputNames, type Problem } from "../../impls/operator.js";
import type { Run } from "../verify/subject.js";
import { placeIn } from "./cut.js";
import { difference } from "./hold.js";
import { type Finding, HOLDS, violated } from "./law.js";

export interface Parts {
  /** Of the whole run. */
  readonly problem: Problem;
  readonly whole: Run;
  readonly left: Run;
  readonly right: Run;
  /** Tokens of the first part. */
  readonly first: number;
  /** What an error of the first part's state becomes in an element of the second part's outputs. */
  readonly inherited: Readonly<Record<string, (i: number) => number>>;
  readonly words: string;
}

/** Y lies in both parts, all other outputs are those of the second. */
export function heldToParts(operator: AnyOperator, parts: Parts): Finding {
  const { problem, whole, left, right, first, inherited, words } = parts;
  const place = placeIn(operator, whole, first, [left, right]);
  for (const output of outputNames(operator, problem)) {
    const at = output === "Y" ? place : (i: number) => ({ run: right, at: i });
    const found = difference({
      operator,
      problem,
      output,
      got: Float64Array.from(whole.values[output], (_, i) => at(i).run.values[output][at(i).at]),
      wanted: (i) => whole.values[output][i],
      tolerance: (i) => {
        const { run, at: own } = at(i);
        const before = run === right ? inherited[output](own) : 0;
        return whole.bounds[output].certified[i] + run.bounds[output].certified[own] + before;
      },
      period: whole.bounds[output].period?.[0],
      what: `${words} and resumed`,
    });
    if (found) return violated(found);
  }
  return HOLDS;
}
