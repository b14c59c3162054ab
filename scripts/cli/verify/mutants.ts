/** `verify --mutants`: plants the bank of bugs, one at a time, and says which laws kill each. */
import { availableParallelism } from "node:os";
import { laws } from "../../../suites/laws/index.js";
import { patches } from "../../../suites/mutants/bank/index.js";
import { engineOf, type Patch } from "../../../suites/mutants/bank/patch.js";
import { runCampaign } from "../../../suites/mutants/hunt/campaign.js";
import { drawnCases } from "../../../suites/mutants/hunt/cases.js";
import { rules } from "../../../suites/mutants/hunt/peers.js";
import { fateOf, killsByLaw, mutantTable, notRun, peersLines } from "../../../suites/mutants/hunt/table.js";
import { hasSources } from "../../../suites/mutants/hunt/tree.js";
import type { Host } from "../../../suites/processes/host.js";
import type { OpenedTargets } from "../../../suites/verify/open.js";
import { EXIT, usageError } from "../exit.js";
import { writeJson } from "./modes.js";
import type { VerifyOptions } from "./options.js";

/** Problems against the reference, and cases of each other law: nearly all mutants die by the first few. */
const PROBLEMS = 60;
const LAW_CASES = 8;
/** This process judges while the mutants' processes compute. */
const AT_ONCE = Math.min(4, availableParallelism());

/**
 * @param part of a mutant's name or file; all where it is empty
 * @throws Stop where no mutant is meant, or there is nothing to patch
 */
export function chosenMutants(part: string, engines: readonly string[]): readonly Patch[] {
  if (!hasSources())
    throw usageError("mutants are patches of source files, which an installed package lacks; use a checkout");
  const chosen = patches.filter(
    (patch) =>
      (patch.name.includes(part) || patch.file.includes(part)) &&
      (engines.length === 0 || engines.includes(engineOf(patch))),
  );
  if (chosen.length > 0) return chosen;
  const on = engines.length > 0 ? ` on engine ${engines.join(", ")}` : "";
  throw usageError(
    `no mutant${part && ` is called ${part}`}${on}; npm run verify -- --mutants tries them all`,
  );
}

/** The engines that they run on. */
export function enginesOf(chosen: readonly Patch[]): string[] {
  return [...new Set(chosen.map(engineOf))];
}

/** @returns the exit code */
export async function verifyByMutants(
  chosen: readonly Patch[],
  { seed, json }: VerifyOptions,
  { targets, absent }: OpenedTargets,
  host: Host,
): Promise<number> {
  console.log(`seed ${seed}, ${chosen.length} mutants, ${laws.length} laws`);
  let asked = 0;
  const results = await runCampaign({
    patches: chosen,
    targets,
    whyAbsent: (name) =>
      absent.find(({ engine }) => engine.split(" ")[0] === name)?.reason ?? `no engine ${name} is here`,
    cases: drawnCases({ seed, problems: PROBLEMS, lawCases: LAW_CASES }),
    host,
    atOnce: AT_ONCE,
    done: (result) =>
      console.error(`${++asked} of ${chosen.length}: ${result.patch.name}, ${fateOf(result)}`),
  });
  for (const line of mutantTable(results)) console.log(line);
  const kills = killsByLaw(results, laws);
  const idle = kills.filter(([, times]) => times === 0).map(([law]) => law);
  console.log(`\nkills of each law alone: ${kills.map(([law, times]) => `${law} ${times}`).join(", ")}`);
  // a part of the bank says nothing of laws that it was not made for
  const isWhole = chosen.length === patches.length;
  if (isWhole)
    console.log(idle.length > 0 ? `laws without a kill: ${idle.join(", ")}` : "no law is without a kill");
  for (const line of peersLines(results)) console.log(line);
  for (const line of notRun(results)) console.log(line);
  const killed = results.filter((result) => fateOf(result) === "killed").length;
  const run = results.filter((result) => fateOf(result) !== "not run").length;
  writeJson(json, {
    mode: "mutants",
    seed,
    killed,
    run,
    rules: rules.map(({ name }) => name),
    kills,
    results,
  });
  console.log(`${killed} of ${run} mutants killed`);
  if (run === 0) return EXIT.nothingToMeasure;
  return killed < run || (isWhole && idle.length > 0) ? EXIT.wrong : EXIT.good;
}
