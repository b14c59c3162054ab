/** A gate against a base: verifies both arms, screens, confirms, checks, and says what it found. */
import type { CaseVerdict, Verdict } from "../../reports/gate/verdict.js";
import { BaselineExperiment, type StoredTimes } from "./baseline.js";
import { type GateCase, mustHaveCases, type NotCompared } from "./cases.js";
import { claimChecks } from "./checks/claims.js";
import { growthChecks } from "./checks/growth.js";
import { brokenCases, canaryVerdict, caseVerdict, conclude, wrongCases } from "./conclude.js";
import { Experiment } from "./experiment.js";
import { checkSignal } from "./lab.js";
import { type GateRequest, type Past, planRun, type RunPlan } from "./plan-run.js";
import { type Proof, prove, type Wrong } from "./proof.js";
import { checkShapes } from "./shapes.js";
import { WrongOutput } from "./station.js";
import { decide } from "./statistics/decision.js";
import { GateStop } from "./stop.js";
import type { ShapeReport } from "./sweep.js";

export type GateResult = Pick<
  Verdict,
  "status" | "reasons" | "canary" | "shapes" | "cases" | "checks" | "notCompared"
>;

/** @throws GateStop when there is nothing to compare or the base does not load; Interrupted */
export async function runGate(request: GateRequest, past?: Past): Promise<GateResult> {
  const { lab, repeat } = request;
  const plan = await planRun(request, past);
  const { checks } = plan;
  const checked = await checkFirst(request, plan);
  const { early, cases, shapes, notCompared } = checked;
  const finish = (
    verdicts: readonly CaseVerdict[] = [],
    canary: Verdict["canary"] = null,
    outOfTime = false,
  ): GateResult => {
    const all = [...early, ...verdicts];
    const concluded = conclude({ cases: all, canary, checks, outOfTime }, request.mdeLimit);
    return { ...concluded, cases: all, canary, shapes, checks, notCompared };
  };
  if (checked.isOver) return finish();

  const parts = [lab, cases, checked.references, request.rule] as const;
  const experiment = past
    ? new BaselineExperiment(
        [...parts],
        cases.map(({ id }) => past.timesOf(id)!),
      )
    : new Experiment(...parts);
  try {
    const { decisions, canary } = await measured(request, experiment, cases);
    const timed = cases.map((gated, i) => ({ gated, times: experiment.times[i] }));
    if (request.checks.has("growth")) checks.push(...growthChecks(timed));
    if (request.checks.has("claims")) checks.push(...claimChecks(request.claims, timed));
    const verdicts = cases.flatMap((gated, i) =>
      gated.judged
        ? [caseVerdict(gated, decisions[i], experiment.times[i], experiment.failed.get(i), repeat(gated.id))]
        : [],
    );
    return finish(verdicts, canary, experiment.outOfTime);
  } catch (error) {
    checkSignal(lab);
    if (!(error instanceof WrongOutput) || !experiment.wrong) throw error;
    return finish(wrongCases([experiment.wrong], repeat));
  }
}

/** What is known before anything is timed. */
interface Checked {
  /** Cases that may be timed. */
  readonly cases: readonly GateCase[];
  readonly references: Proof["references"];
  /** Verdicts that need no clock. */
  readonly early: readonly CaseVerdict[];
  readonly shapes: Verdict["shapes"];
  readonly notCompared: readonly NotCompared[];
  /** Whether they decide, or nothing is left that could. */
  readonly isOver: boolean;
}

/** Outputs of all cases, then of shapes that no case has. @throws GateStop when nothing is left to compare */
async function checkFirst(request: GateRequest, plan: RunPlan): Promise<Checked> {
  const { lab, repeat, filter } = request;
  const { checks, fresh } = plan;
  // a check that failed needs no measured case, nor does a kernel that no longer compiles
  const lost = plan.broken.length > 0 || checks.some(({ status }) => status === "fail");
  const nothing = { cases: [], references: new Map(), shapes: null, isOver: true };
  if (fresh.length === 0) {
    if (lost && !plan.cases.some(({ judged }) => judged))
      return { ...nothing, early: brokenCases(plan.broken, repeat), notCompared: plan.notCompared };
    mustHaveCases(plan, filter);
  }
  lab.say(`verifying ${plan.cases.length} cases in both arms${alsoNew(fresh.length)}`);
  const proof = await prove(lab, plan.cases, fresh, filter !== undefined);
  const early = [
    ...wrongCases(proof.wrong, repeat),
    ...brokenCases([...plan.broken, ...proof.broken], repeat),
  ];
  if (proof.wrong.length > 0)
    return { ...nothing, early, notCompared: [...plan.notCompared, ...proof.notCompared] };
  const swept = await sweep(request, plan, proof.broken);
  early.push(...wrongCases(swept.wrong, repeat), ...brokenCases(swept.broken, repeat));
  const failed = [...proof.broken, ...swept.wrong, ...swept.broken];
  const notCompared = [...verifiedAlone(plan, failed), ...proof.notCompared];
  const none = !proof.cases.some(({ judged }) => judged);
  const isOver = swept.wrong.length > 0 || (none && (lost || early.length > 0));
  if (!isOver) mustHaveCases({ ...plan, ...proof, notCompared }, filter);
  return { ...proof, early, shapes: swept.summary, notCompared, isOver };
}

/** Head's implementations that have a case to be judged or a new one, on problems that no case has; not those that are broken anyway. */
async function sweep(
  { lab }: GateRequest,
  { cases, fresh, inventory }: RunPlan,
  broken: readonly NotCompared[],
): Promise<ShapeReport> {
  lab.say("trying awkward shapes");
  const all = [...cases.filter(({ judged }) => judged), ...fresh];
  const lost = new Set(
    all.filter(({ id }) => broken.some((failed) => failed.id === id)).map(({ head }) => head.impl),
  );
  const whole = all.filter(({ head }) => !lost.has(head.impl));
  return checkShapes(lab, whole, inventory.head);
}

/** New kernels have nothing to be compared with; that their outputs are right is said all the same, unless one failed. */
function verifiedAlone(
  { notCompared, fresh }: RunPlan,
  failed: readonly Pick<Wrong, "id">[],
): readonly NotCompared[] {
  if (failed.length > 0) return notCompared;
  const right = new Set(fresh.map(({ id }) => id));
  return notCompared.map(({ id, reason }) => ({
    id,
    reason: right.has(id) ? `${reason}; its outputs are right` : reason,
  }));
}

function alsoNew(count: number): string {
  return count === 0 ? "" : `, and ${count} that only head has`;
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
  const proof = await prove(lab, plan.cases, [], request.filter !== undefined);
  const swept = proof.wrong.length > 0 ? proof : await sweep(request, plan, proof.broken);
  const [wrong] = [...swept.wrong, ...swept.broken.slice(0, swept === proof ? 0 : 1)];
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
