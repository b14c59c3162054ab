/** Files of a user of which no kernel gets a case, each with the reason: whoever names a file is told when nothing of it was looked at. */
import { type AnyImplementation, implementationName } from "../../impls/implementation.js";
import type { Problem } from "../../impls/operator.js";
import { originOf } from "../processes/origin.js";
import type { Description, Question } from "../processes/protocol.js";
import type { Grid, Suite } from "../suite.js";
import type { Group, Target } from "./case.js";

export interface LookedAt {
  readonly impls: readonly AnyImplementation[];
  readonly files: readonly string[];
  readonly targets: readonly Target[];
  readonly suites: readonly Suite[];
  readonly grid: Grid;
  readonly seed: number;
  readonly groups: readonly Group[];
  /** Engines that were named; all when empty. */
  readonly engines: readonly string[];
  readonly filter: string | null;
  /** Sentences on engines that are not here. */
  readonly absent: readonly string[];
  describe(target: number, questions: readonly Question[]): Promise<readonly (readonly Description[])[]>;
}

/** @returns a sentence for each such file */
export async function filesWithoutCase(request: LookedAt): Promise<string[]> {
  const { impls, files, groups } = request;
  const withCase = new Set(
    groups.flatMap(({ cases }) => cases.filter(({ unsupported }) => !unsupported).map(({ impl }) => impl)),
  );
  const sentences: string[] = [];
  for (const file of files) {
    const own = [...impls.keys()].filter((i) => originOf(impls[i])?.file === file);
    // a file may bring an engine alone
    if (own.length === 0 || own.some((i) => withCase.has(i))) continue;
    const reasons: string[] = [];
    for (const i of own) reasons.push(`${implementationName(impls[i])}: ${await reasonOf(i, request)}`);
    sentences.push(`${file}: no case for any kernel of it: ${[...new Set(reasons)].join("; ")}`);
  }
  return sentences;
}

async function reasonOf(index: number, request: LookedAt): Promise<string> {
  const { impls, targets, suites, grid, seed, engines, absent, filter } = request;
  const { engine, operator, dtypes = ["f32"] } = impls[index];
  const here = [...targets.keys()].filter((t) => targets[t].engine === engine);
  if (here.length === 0) {
    if (engines.length > 0 && !engines.includes(engine))
      return `it runs on engine ${engine}, and --engine names ${engines.join(", ")}`;
    // each of its devices has its own
    const reasons = absent.filter((sentence) => sentence.startsWith(`engine ${engine} `));
    return reasons.length > 0 ? reasons.join("; ") : `no engine ${engine} is here`;
  }
  const lacking = here.map((t) => targets[t].lacking?.find(({ impl }) => impl === index)?.reason);
  if (lacking.every((reason) => reason !== undefined)) return lacking[0] ?? "its device lacks what it needs";
  const problems = suites
    .flatMap((suite) => suite.curves(grid, seed))
    .filter((curve) => curve.operator.name === operator.name)
    .flatMap((curve): readonly Problem[] => curve.problems);
  if (problems.length === 0)
    return `no suite of this run asks for ${operator.name}; there are ${suites.map(({ name }) => name).join(", ")}`;
  const taken = problems.filter(({ dtype }) => (dtypes as readonly string[]).includes(dtype));
  if (taken.length === 0) {
    const asked = [...new Set(problems.map(({ dtype }) => dtype))].join(", ");
    return `it takes dtype ${dtypes.join(", ") || "none"}, and this run has ${asked} only`;
  }
  const questions = taken.map((problem) => ({ impl: index, problem, everyChoice: true }));
  const answers = (await Promise.all(here.map((t) => request.describe(t, questions)))).flat();
  const descriptions = answers.flat();
  if (descriptions.length === 0)
    return `its options() gives none for any of ${taken.length} problems; [{}] stands for no options`;
  const refused = descriptions.find(({ unsupported }) => unsupported !== undefined)?.unsupported;
  if (refused !== undefined && descriptions.every(({ unsupported }) => unsupported !== undefined))
    return `it takes none of ${taken.length} problems: ${refused}`;
  return filter === null ? "no case of this plan is its own" : `no case of it matches --filter "${filter}"`;
}
