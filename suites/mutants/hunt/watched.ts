/** A place that remembers what it gave, and takes one call at a time. */
import type { Problem } from "../../../impls/operator.js";
import type { Evaluated, Place } from "../../verify/targets.js";

export interface Seen extends Evaluated {
  readonly problem: Problem;
}

export interface Watched {
  readonly place: Place;
  /** What was evaluated since the last call. */
  take(): readonly Seen[];
}

export function watched(inner: Place): Watched {
  let seen: Seen[] = [];
  const evaluate: Place["evaluate"] = async (target, problem, options) => {
    const result = await inner.evaluate(target, problem, options);
    seen.push({ ...result, problem });
    return result;
  };
  return {
    place: { ...inner, evaluate },
    take() {
      const all = seen;
      seen = [];
      return all;
    },
  };
}

/** Runs work one after another: a process answers one call at a time. */
export function inTurns(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work);
    last = mine.catch(() => {});
    return mine;
  };
}
