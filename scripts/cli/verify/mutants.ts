/** `verify --mutants`: plants the bank of bugs, one at a time, and says which laws kill each. */
import { availableParallelism } from "node:os";
import { laws } from "../../../suites/laws/index.js";
import { patches } from "../../../suites/mutants/bank/index.js";
import type { Patch } from "../../../suites/mutants/bank/patch.js";
import { runCampaign } from "../../../suites/mutants/hunt/campaign.js";
import { drawnCases } from "../../../suites/mutants/hunt/cases.js";
import { fateOf, killsByLaw, mutantTable, peersLines } from "../../../suites/mutants/hunt/table.js";
import type { Host } from "../../../suites/processes/host.js";
import type { OpenedTargets } from "../../../suites/verify/open.js";
import { EXIT, usageError } from "../exit.js";
import type { Verified } from "./modes.js";
import type { VerifyOptions } from "./options.js";

/** Problems against the reference, and cases of each other law: nearly all mutants die by the first few. */
const PROBLEMS = 60;
const LAW_CASES = 8;
/** This process judges while the mutants' processes compute. */
const AT_ONCE = Math.min(4, availableParallelism());

/** The engines whose files the bank patches. */
export function mutantEngines(): string[] {
  return [...new Set(patches.map(engineOf))];
}

function engineOf({ kernel }: Patch): string {
  return kernel.slice(kernel.lastIndexOf(".") + 1);
}

export async function verifyByMutants(
  part: string,
  options: VerifyOptions,
  opened: OpenedTargets,
  host: Host,
): Promise<Verified> {
  const { seed, engine: engines } = options;
  const chosen = patches.filter(
    (patch) =>
      (patch.name.includes(part) || patch.file.includes(part)) &&
      (engines.length === 0 || engines.includes(engineOf(patch))),
  );
  if (chosen.length === 0)
    throw usageError(`no mutant is called ${part}; npm run verify -- --mutants names them all`);
  const start = host.nowMs();
  console.log(`seed ${seed}, ${chosen.length} mutants, ${laws.length} laws`);
  const results = await runCampaign({
    patches: chosen,
    targets: opened.targets,
    whyAbsent: (name) =>
      opened.absent.find(({ engine }) => engine.split(" ")[0] === name)?.reason ??
      `no engine ${name} is here`,
    cases: drawnCases({ seed, problems: PROBLEMS, lawCases: LAW_CASES }),
    host,
    atOnce: AT_ONCE,
    done: ({ patch }) => console.error(`${patch.name}`),
  });
  for (const line of mutantTable(results)) console.log(line);
  console.log("");
  for (const [law, kills] of killsByLaw(results, laws)) console.log(`${law} kills ${kills}`);
  for (const line of peersLines(results)) console.log(line);
  const counted = (fate: string) => results.filter((result) => fateOf(result) === fate).length;
  const run = results.length - counted("not run");
  console.log(`${((host.nowMs() - start) / 1000).toFixed(0)} s`);
  console.log(`${counted("killed")} of ${run} mutants killed`);
  return { code: counted("killed") === run ? EXIT.good : EXIT.wrong, evidence: new Map() };
}
