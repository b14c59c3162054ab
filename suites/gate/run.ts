/** A gate against a base: verifies both arms, screens, confirms, checks, and says what it found. */
import type { CaseVerdict, Verdict } from "../../reports/gate/verdict.js";
import { BaselineExperiment, type StoredTimes } from "./baseline.js";
import { type GateCase, mustHaveCases, type NotCompared } from "./cases.js";
import { claimChecks } from "./checks/claims.js";
import { growthChecks } from "./checks/growth.js";
import { brokenCases, canaryVerdict, caseVerdict, conclude, wrongCases } from "./conclude.js";
import { Experiment } from "./experiment.js";
import { checkSignal } from "./lab.js";
import { type GateRequest, type Past, planRun } from "./plan-run.js";
import { prove } from "./proof.js";
import { WrongOutput } from "./station.js";
import { decide } from "./statistics/decision.js";
import { GateStop } from "./stop.js";

export type GateResult = Pick<Verdict, "status" | "reasons" | "canary" | "cases" | "checks" | "notCompared">;

/** @throws GateStop when there is nothing to compare or the base does not load; Interrupted */
export async function runGate(request: GateRequest, past?: Past): Promise<GateResult> {
  const { lab, repeat } = request;
  const plan = await planRun(request, past);
  const { checks } = plan;
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
    notCompared: [...plan.notCompared, ...more],
  });
  // a check that failed needs no measured case, nor does a kernel that no longer compiles
  const lost = plan.broken.length > 0 || checks.some(({ status }) => status === "fail");
  if (lost && !plan.cases.some(({ judged }) => judged))
    return finish(brokenCases(plan.broken, repeat), null, false, []);
  mustHaveCases(plan, request.filter);

  lab.say(`verifying ${plan.cases.length} cases in both arms`);
  const proof = await prove(lab, plan.cases, request.filter !== undefined);
  const early = [
    ...wrongCases(proof.wrong, repeat),
    ...brokenCases([...plan.broken, ...proof.broken], repeat),
  ];
  const none = !proof.cases.some(({ judged }) => judged);
  if (proof.wrong.length > 0 || (none && (lost || early.length > 0)))
    return finish(early, null, false, proof.notCompared);
  mustHaveCases({ ...plan, ...proof }, request.filter);

  const parts = [lab, proof.cases, proof.references, request.rule] as const;
  const experiment = past
    ? new BaselineExperiment(
        [...parts],
        proof.cases.map(({ id }) => past.timesOf(id)!),
      )
    : new Experiment(...parts);
  try {
    const { decisions, canary } = await measured(request, experiment, proof.cases);
    const timed = proof.cases.map((gated, i) => ({ gated, times: experiment.times[i] }));
    if (request.checks.has("growth")) checks.push(...growthChecks(timed));
    if (request.checks.has("claims")) checks.push(...claimChecks(request.claims, timed));
    const verdicts = proof.cases.flatMap((gated, i) =>
      gated.judged
        ? [caseVerdict(gated, decisions[i], experiment.times[i], experiment.failed.get(i), repeat(gated.id))]
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

/** Measures what a later run compares with. @throws GateStop when nothing is left to measure or an output is wrong */
export async function recordPast(request: GateRequest): Promise<{
  cases: Record<string, StoredTimes>;
  backends: readonly string[];
  left: readonly NotCompared[];
}> {
  const { lab } = request;
  const plan = await planRun(request);
  mustHaveCases(plan, request.filter);
  lab.say(`verifying ${plan.cases.length} cases`);
  const proof = await prove(lab, plan.cases, request.filter !== undefined);
  const [wrong] = proof.wrong;
  if (wrong) throw new GateStop("wrong", `${wrong.id} is wrong, so nothing is written: ${wrong.reason}`);
  mustHaveCases({ ...plan, ...proof }, request.filter);
  const nothing = proof.cases.map(() => ({ screen: [], confirm: [] }));
  const experiment = new BaselineExperiment([lab, proof.cases, proof.references, request.rule], nothing);
  const times = await experiment.record();
  const cases = proof.cases.flatMap(({ id }, i) => (times[i] ? [[id, times[i]] as const] : []));
  const unfinished = proof.cases.flatMap(({ id }, i) =>
    times[i] ? [] : [{ id, reason: experiment.failed.get(i)?.reason ?? "the budget ended" }],
  );
  const left = [...plan.notCompared, ...proof.notCompared, ...unfinished];
  return { cases: Object.fromEntries(cases), backends: plan.backends, left };
}

/** The rule over judged cases, with the canary between screening and confirming. */
async function measured(
  { lab, rule }: GateRequest,
  experiment: Experiment,
  cases: readonly GateCase[],
): Promise<{ decisions: Awaited<ReturnType<typeof decide>>; canary: Verdict["canary"] }> {
  let canary: Verdict["canary"] = null;
  const begun = new Set<number>();
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
        if (!begun.has(index)) lab.say(`confirming ${cases[index].id}`);
        begun.add(index);
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
