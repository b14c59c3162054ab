/** How near the certified bound an arithmetic comes on one problem. */
import { boundAt, type Rounding } from "../../impls/bound.js";
import { laneTotal, laneView, placeOf } from "../../impls/lanes.js";
import type { Lane } from "../../impls/operator.js";
import type { Drawn, Subject } from "./subject.js";

/**
 * First order means (1 + u)^n - 1 <= n u / (1 - n u) was taken as n u, and the counts are 8/5 of what that needs: more is not claimed
 * (ssd/README.md, "Validity").
 */
const MOST_OF_SCALE = 0.4;

export interface Judge {
  /** Largest error over the certified bound, of the elements of which it is claimed. */
  worst(outputs: Readonly<Record<string, Float64Array>>): number;
  /** Of all elements, how many the bound is claimed of. */
  readonly claimed: number;
  readonly elements: number;
}

export function judge(subject: Subject, values: Drawn, rounding: Rounding): Judge {
  const { operator } = subject;
  const problem = subject.problem(values);
  const lanes = Array.from(
    { length: laneTotal(operator, problem) },
    (_, index): Lane => ({ kind: "element", index }),
  );
  const claims: { name: string; place: number; value: number; certified: number }[] = [];
  let elements = 0;
  for (const { lane, outputs } of operator.reference(problem, lanes))
    for (const [name, bounds] of Object.entries(outputs)) {
      const view = laneView(operator, problem, name, lane);
      for (let i = 0; i < view.count; i++, elements++) {
        const { certified } = boundAt(bounds, i, rounding);
        if (certified <= MOST_OF_SCALE * bounds.scale[i])
          claims.push({ name, place: placeOf(view, i), value: bounds.value[i], certified });
      }
    }
  return {
    worst: (outputs) =>
      claims.reduce((most, { name, place, value, certified }) => {
        const error = Math.abs(outputs[name][place] - value);
        return error === 0 ? most : Math.max(most, error / certified);
      }, 0),
    claimed: claims.length,
    elements,
  };
}
