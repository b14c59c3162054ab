/** One implementation with its options and storage type, as checks and laws see it: problems in, values out. */
import type { Rounding } from "../../impls/bound.js";
import { type AnyOperator, outputNames, type Problem } from "../../impls/operator.js";
import { type Options, Unsupported } from "../../impls/prepared.js";
import { buildProblem } from "../problems/build.js";
import type { Spec } from "../problems/spec.js";
import { type BoundArray, boundArrays, truthOf } from "./compare.js";
import type { Evaluated, Values } from "./targets.js";
import { declined, dtypesOf, type Target, targetName, whyNot } from "./targets.js";

/** A run with its certified bounds, every array in C order of its output. */
export interface Run {
  readonly problem: Problem;
  readonly values: Values;
  readonly bounds: Readonly<Record<string, BoundArray>>;
}

export interface Subject {
  readonly target: Target;
  readonly options: Options;
  readonly dtype: Exclude<Problem["dtype"], "f64">;
  readonly name: string;
  /** The spec's problem in this subject's storage type. */
  problem<Op extends AnyOperator>(operator: Op, spec: Spec): Problem<Op>;
  /**
   * Outputs of one run and how they were rounded, with other options than its own where given.
   * @throws Unsupported
   */
  evaluate(problem: Problem, options?: Options): Promise<Evaluated>;
  /** Outputs alone. */
  values(problem: Problem, options?: Options): Promise<Values>;
  /**
   * Outputs where some input is not finite, whatever its engine promises of those: for laws about what does not read it.
   * @throws Unsupported
   */
  poisoned(problem: Problem): Promise<Values>;
  /** Outputs with the certified bound of every element. */
  run(problem: Problem, options?: Options): Promise<Run>;
}

export function subjectOf(target: Target, dtype: Subject["dtype"], options: Options): Subject {
  const { impl, place } = target;
  const check = (reason: string | undefined) => {
    if (reason) throw new Unsupported(reason);
  };
  const subject: Subject = {
    target,
    options,
    dtype,
    name: targetName(target, dtype, options),
    problem: (operator, spec) => buildProblem(operator, spec, dtype),
    async evaluate(problem, chosen = options) {
      check(whyNot(target, problem, chosen));
      return place.evaluate(target, problem, chosen);
    },
    values: async (problem, chosen) => (await subject.evaluate(problem, chosen)).values,
    async poisoned(problem) {
      check(declined(target, problem, options));
      return (await place.evaluate(target, problem, options)).values;
    },
    async run(problem, chosen) {
      const { values, rounding } = await subject.evaluate(problem, chosen);
      return { problem, values, bounds: whenAsked(impl.operator, problem, rounding) };
    },
  };
  return subject;
}

/** Bounds that cost nothing until somebody looks at one: outputs that are equal bit for bit need no tolerance. */
function whenAsked(operator: AnyOperator, problem: Problem, rounding: Rounding): Run["bounds"] {
  const bounds = {};
  for (const output of outputNames(operator, problem)) {
    let known: BoundArray | undefined;
    const get = () => {
      known ??= boundArrays(truthOf(operator, problem), rounding)[output];
      return known;
    };
    Object.defineProperty(bounds, output, { get });
  }
  return bounds;
}

/**
 * The subjects that run a spec: one storage type by the spec's choice among those of the device, every default option.
 * @param own the problem they will be given
 */
export async function subjectsFor(
  target: Target,
  spec: Spec,
  own: (dtype: Subject["dtype"]) => Problem = (dtype) => buildProblem(target.impl.operator, spec, dtype),
): Promise<Subject[]> {
  const taken = dtypesOf(target.impl);
  const here = taken.filter((dtype) => !target.place.lacks[dtype]);
  // where the device has none of them, the first one's run says so
  const dtypes = here.length > 0 ? here : taken;
  const dtype = dtypes[spec.dtype % dtypes.length];
  const options = await target.place.options(target, own(dtype));
  return options.map((chosen) => subjectOf(target, dtype, chosen));
}
