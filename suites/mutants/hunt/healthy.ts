/** The healthy implementation beside a mutant: what it gives on a problem, computed once however many mutants meet it. */
import type { AnyOperator } from "../../../impls/operator.js";
import type { AnyLaw, LawCase } from "../../laws/law.js";
import { findings } from "../../verify/findings.js";
import type { Target } from "../../verify/targets.js";
import { inTurns, type Seen, watched } from "./watched.js";

export interface Healthy {
  /** What it breaks of a law that a mutant broke; undefined where it keeps it. */
  breaks(law: AnyLaw, example: LawCase): Promise<string | undefined>;
  /** Its runs on a problem, in the order in which a mutant makes them. */
  runs(law: AnyLaw, example: LawCase): Promise<readonly Seen[]>;
}

interface Known {
  readonly broken: string | undefined;
  readonly seen: readonly Seen[];
}

/** @param turns of the target's process */
export function healthyOf(target: Target, operator: AnyOperator, turns = inTurns()): Healthy {
  const { place, take } = watched(target.place);
  const known = new Map<string, WeakMap<LawCase, Promise<Known>>>();
  const ask = (law: AnyLaw, example: LawCase): Promise<Known> => {
    const ofLaw = known.get(law.name) ?? new WeakMap<LawCase, Promise<Known>>();
    known.set(law.name, ofLaw);
    const answer =
      ofLaw.get(example) ??
      turns(async () => {
        const found = await findings(law, example, { ...target, place }, operator, new Map());
        const broken = found.find(({ finding }) => !finding.ok)?.finding;
        return { broken: broken && !broken.ok ? broken.violation : undefined, seen: take() };
      });
    ofLaw.set(example, answer);
    return answer;
  };
  return {
    breaks: async (law, example) => (await ask(law, example)).broken,
    runs: async (law, example) => (await ask(law, example)).seen,
  };
}
