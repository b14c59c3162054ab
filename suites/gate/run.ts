/** A gate against a base: verifies both arms, screens, confirms, checks, and says what it found. */
import { type AnyImplementation, implementationName } from "../../impls/implementation.js";
import type { CaseVerdict, Check, CheckName, Verdict } from "../../reports/gate/verdict.js";
import type { Rule } from "../../reports/judge.js";
import { suites } from "../index.js";
import { caseKeys } from "../runner/case-id.js";
import type { InventoryEntry } from "../runner/protocol.js";
import { oneLine } from "../runner/session.js";
import { type GateCase, mustHaveCases, type NotCompared, planCases } from "./cases.js";
import { type Claims, claimChecks, companionsOf, isClaimed } from "./checks/claims.js";
import { costChecks } from "./checks/cost.js";
import { growthChecks } from "./checks/growth.js";
import { sizeChecks } from "./checks/size.js";
import { brokenCases, canaryVerdict, caseVerdict, conclude, wrongCases } from "./conclude.js";
import { decide } from "./decision.js";
import { Experiment } from "./experiment.js";
import { type ArmName, checkSignal, type Lab, type Sides } from "./lab.js";
import { prove } from "./proof.js";
import { WrongOutput } from "./station.js";
import { GateStop } from "./stop.js";
import type { Touched } from "./touched.js";

export interface GateRequest {
  readonly lab: Lab;
  /** Head's implementations, in the order of its processes. */
  readonly impls: readonly AnyImplementation[];
  readonly touched: Touched;
  /** Only implementations that are not built in. */
  readonly onlyUser: boolean;
  readonly filter: string | undefined;
  readonly engines: readonly string[];
  readonly rule: Rule;
  readonly mdeLimit: number;
  readonly checks: ReadonlySet<CheckName>;
  readonly claims: Claims;
  repeat(id: string): string;
}

export type GateResult = Pick<Verdict, "status" | "reasons" | "canary" | "cases" | "checks" | "notCompared">;

/** @throws GateStop when there is nothing to compare or the base does not load; Interrupted */
export async function runGate(request: GateRequest): Promise<GateResult> {
  const { lab, repeat } = request;
  const inventory = await inventories(lab);
  const checks: Check[] = await certainChecks(request, inventory);
  const { all } = request.touched;
  const names = request.touched.all ? new Set<string>() : request.touched.names;
  const planned = await planCases({
    ...request,
    baseNames: inventory.base.map(({ name }) => name),
    companions: !all && request.checks.has("claims") ? companionsOf(request.claims, names) : new Set(),
  });
  for (const sentence of planned.absent) lab.say(sentence);
  const wanted = planned.cases.filter((one) => one.judged || isClaimed(request.claims, one));
  const gone = inventory.base
    .filter(({ name }) => !request.impls.some((impl) => implementationName(impl) === name))
    .map(({ name }) => ({ id: name, reason: "head has it no longer" }));
  const dropped = [...planned.notCompared, ...gone];
  const finish = (
    cases: readonly CaseVerdict[],
    canary: Verdict["canary"],
    outOfTime: boolean,
    more: readonly NotCompared[],
  ): GateResult => ({
    ...conclude({ cases, canary, checks, outOfTime }, request.mdeLimit),
    cases,
    canary,
    checks,
    notCompared: [...dropped, ...more],
  });
  try {
    mustHaveCases({ ...planned, cases: wanted }, request.filter);
  } catch (error) {
    // a check that failed needs no measured case
    if (checks.some(({ status }) => status === "fail")) return finish([], null, false, []);
    throw error;
  }

  lab.say(`verifying ${wanted.length} cases in both arms`);
  const proof = await prove(lab, wanted, request.filter !== undefined);
  const early = [...wrongCases(proof.wrong, repeat), ...brokenCases(proof.broken, repeat)];
  if (proof.wrong.length > 0) return finish(early, null, false, proof.notCompared);
  if (!proof.cases.some(({ judged }) => judged)) {
    if (early.length > 0) return finish(early, null, false, proof.notCompared);
    mustHaveCases({ ...planned, cases: [], notCompared: proof.notCompared }, request.filter);
  }

  const experiment = new Experiment(lab, proof.cases, proof.references, request.rule);
  try {
    const { decisions, canary } = await measured(request, experiment, proof.cases);
    const timed = proof.cases.map((one, i) => ({ one, times: experiment.times[i] }));
    if (request.checks.has("growth")) checks.push(...growthChecks(timed));
    if (request.checks.has("claims")) checks.push(...claimChecks(request.claims, timed));
    const verdicts = proof.cases.flatMap((one, i) =>
      one.judged
        ? [caseVerdict(one, decisions[i], experiment.times[i], experiment.failed.get(i), repeat(one.id))]
        : [],
    );
    return finish([...early, ...verdicts], canary, experiment.outOfTime, proof.notCompared);
  } catch (error) {
    checkSignal(lab);
    if (!(error instanceof WrongOutput) || !experiment.wrong) throw error;
    const wrong = wrongCases([experiment.wrong], repeat);
    return finish([...early, ...wrong], null, false, proof.notCompared);
  }
}

/** The rule over judged cases, with the canary between screening and confirming. */
async function measured(
  { lab, rule }: GateRequest,
  experiment: Experiment,
  cases: readonly GateCase[],
): Promise<{ decisions: Awaited<ReturnType<typeof decide>>; canary: Verdict["canary"] }> {
  let canary: Verdict["canary"] = null;
  const decisions = await decide(
    {
      async screen() {
        const ratios = await experiment.screen();
        const index = canaryIndex(cases, experiment);
        lab.say(`canary: the base against itself, ${cases[index].id}`);
        canary = canaryVerdict(cases[index].id, await experiment.canary(index), rule);
        // a companion has its times now; nobody asks whether it changed
        return ratios.map((own, i) => (cases[i].judged ? own : []));
      },
      async confirm(index) {
        lab.say(`confirming ${cases[index].id}`);
        return experiment.confirm(index);
      },
    },
    rule,
  );
  return { decisions, canary };
}

/** The judged case of middle duration: neither the noisiest nor the calmest. */
function canaryIndex(cases: readonly GateCase[], { times, failed }: Experiment): number {
  const judged = cases
    .flatMap(({ judged }, i) => (judged && !failed.has(i) ? [{ i, ns: times[i].base[0] ?? 0 }] : []))
    .sort((a, b) => a.ns - b.ns);
  return judged[judged.length >> 1]?.i ?? cases.findIndex(({ judged }) => judged);
}

/** What needs no clock: counts and sizes. */
async function certainChecks(
  { lab, checks, onlyUser }: GateRequest,
  inventory: Sides<readonly InventoryEntry[]>,
): Promise<Check[]> {
  const found: Check[] = [];
  if (checks.has("cost"))
    found.push(
      ...costChecks(
        inventory,
        countedProblems().map(({ size }) => size),
      ),
    );
  const { base, head } = lab.arms;
  if (checks.has("size") && !onlyUser && base.tree !== undefined && head.tree !== undefined) {
    lab.say("comparing sizes");
    found.push(...(await sizeChecks({ base: base.tree, head: head.tree })));
  }
  return found;
}

/** The quick grid's problems, each once. */
function countedProblems() {
  const all = suites.flatMap((suite) => suite.curves("quick", 0)).flatMap(({ problems }) => problems);
  const named = all.map((problem) => ({
    problem,
    size: Object.entries(caseKeys(problem, {}, undefined))
      .map(([key, value]) => `${key}=${value}`)
      .join(" "),
  }));
  return [...new Map(named.map((one) => [`${one.problem.operator} ${one.size}`, one])).values()];
}

/** Every implementation of both arms, each as its own process lists it. @throws GateStop when the base cannot be loaded */
async function inventories(lab: Lab): Promise<Sides<readonly InventoryEntry[]>> {
  const problems = countedProblems().map(({ problem }) => problem);
  const of = async (arm: ArmName) => {
    const { files, tree } = lab.arms[arm];
    const link = lab.host.start();
    try {
      const originMs = lab.host.nowMs();
      await link.call(
        "open",
        { engine: "cpu", device: undefined, named: false, files, tree, originMs },
        180_000,
      );
      return await link.call("inventory", { problems }, 60_000);
    } catch (error) {
      checkSignal(lab);
      if (arm === "head") throw new GateStop("usage", `head cannot be loaded: ${oneLine(error)}`);
      throw new GateStop("inconclusive", `this harness cannot load the base: ${oneLine(error)}`);
    } finally {
      await link.stop();
    }
  };
  return { base: await of("base"), head: await of("head") };
}
