/** What was looked at: a verification that checked nothing is none, and says what kept it from checking. */
import { implementationName } from "../../impls/implementation.js";
import { originOf } from "../processes/origin.js";
import { type Absent, nameOf, type Target } from "./targets.js";

/** Of one target. */
export interface Evidence {
  checks: number;
  /** Why it did not take problems, with how often. */
  readonly skips: Map<string, number>;
}

export type EvidenceOf = ReadonlyMap<Target, Evidence>;

/** The most frequent reason. */
export function whyUnchecked(evidence: Evidence | undefined): string {
  const [most] = [...(evidence?.skips ?? [])].sort(([, a], [, b]) => b - a);
  return most?.[0] ?? "no problem is for it";
}

export interface LookedAt {
  readonly impls: readonly Target["impl"][];
  /** Modules of the user that loaded. */
  readonly files: readonly string[];
  readonly targets: readonly Target[];
  readonly absent: readonly Absent[];
  /** Engines that were named; all when empty. */
  readonly engines: readonly string[];
}

/** A sentence for each of the user's files of which no kernel was checked. */
export function filesWithoutCheck(looked: LookedAt, evidence: EvidenceOf): string[] {
  const { impls, files, targets } = looked;
  return files.flatMap((file) => {
    const own = impls.filter((impl) => originOf(impl)?.file === file);
    const here = targets.filter(({ impl }) => own.includes(impl));
    if (own.length === 0 || here.some((target) => (evidence.get(target)?.checks ?? 0) > 0)) return [];
    const reasons = own.map((impl) => {
      const target = here.find((one) => one.impl === impl);
      const why = target ? whyUnchecked(evidence.get(target)) : whyNotHere(impl.engine, looked);
      return `${implementationName(impl)}: ${why}`;
    });
    return [`${file}: no kernel of it was checked: ${[...new Set(reasons)].join("; ")}`];
  });
}

function whyNotHere(engine: string, { engines, absent }: LookedAt): string {
  if (engines.length > 0 && !engines.includes(engine))
    return `it runs on engine ${engine}, and --engine names ${engines.join(", ")}`;
  const reason = absent.find((one) => one.engine.split(" ")[0] === engine)?.reason;
  return reason === undefined ? `no engine ${engine} is here` : `engine ${engine} is absent: ${reason}`;
}

/** Of all targets together, each reason with the name of its target. */
export function allSkips(evidence: EvidenceOf): Map<string, number> {
  const all = new Map<string, number>();
  for (const [target, { skips }] of evidence)
    for (const [why, times] of skips) {
      const said = `${nameOf(target)}: ${why}`;
      all.set(said, (all.get(said) ?? 0) + times);
    }
  return all;
}
