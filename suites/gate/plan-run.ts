/** What a gate will do before it measures: the cases of both arms, and the checks that need no clock. */
import { engines } from "../../impls/engines/index.js";
import { type AnyImplementation, implementationName } from "../../impls/implementation.js";
import type { Check, CheckName } from "../../reports/gate/verdict.js";
import { keyWords } from "../../reports/rows/case-id.js";
import { chooseSuites } from "../index.js";
import { caseKeys } from "../plan/case-keys.js";
import { oneLine } from "../processes/one-line.js";
import { type InventoryEntry, PROTOCOL } from "../processes/protocol.js";
import type { StoredTimes } from "./baseline.js";
import { type GateCase, type Planned, planCases } from "./cases.js";
import { type Claims, companionsOf, isClaimed } from "./checks/claims.js";
import { costChecks } from "./checks/cost.js";
import { sizeChecks } from "./checks/size.js";
import { type ArmName, checkSignal, type Lab, type Sides } from "./lab.js";
import type { Rule } from "./statistics/judge.js";
import { GateStop } from "./stop.js";
import type { Touched } from "./trees/touched.js";

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

/** Times of an earlier day in place of a base. */
export interface Past {
  /** @throws GateStop when they are another machine's */
  admit(backends: readonly string[]): void;
  readonly ids: readonly string[];
  timesOf(id: string): StoredTimes | undefined;
}

export interface RunPlan extends Planned {
  readonly checks: Check[];
}

/** Cases, companions of claims included, and the checks that need no clock. */
export async function planRun(request: GateRequest, past?: Past): Promise<RunPlan> {
  const { lab, touched, claims } = request;
  const inventory = await inventories(lab);
  const checks = await certainChecks(request, inventory);
  const companions = !touched.all && request.checks.has("claims") ? companionsOf(claims, touched.names) : [];
  const planned = await planCases({
    ...request,
    baseNames: inventory.base.map(({ name }) => name),
    companions: new Set(companions),
    pastIds: past?.ids ?? [],
  });
  for (const sentence of planned.absent) lab.say(sentence);
  past?.admit(planned.backends);
  const gone = inventory.base
    .filter(({ name }) => !request.impls.some((impl) => implementationName(impl) === name))
    .map(({ name }) => ({ id: name, reason: "head has it no longer" }));
  const known = (gated: GateCase) => past === undefined || past.timesOf(gated.id) !== undefined;
  const cases = planned.cases.filter((gated) => gated.judged || isClaimed(claims, gated));
  const unknown = cases
    .filter((gated) => !known(gated))
    .map(({ id }) => ({ id, reason: "the baseline does not have it; --update measures it" }));
  return {
    ...planned,
    cases: cases.filter(known),
    notCompared: [...planned.notCompared, ...gone, ...unknown],
    checks,
  };
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
  const all = chooseSuites([])
    .flatMap((suite) => suite.curves("quick", 0))
    .flatMap(({ problems }) => problems);
  const named = all.map((problem) => ({
    problem,
    size: keyWords(Object.entries(caseKeys(problem, {}, undefined))).join(" "),
  }));
  return [...new Map(named.map((sized) => [`${sized.problem.operator} ${sized.size}`, sized])).values()];
}

/** Listing implementations needs an open process, and none of its engine: the one that is everywhere and starts at once. */
const ANY_ENGINE = engines.find(({ plainJs }) => plainJs)!.name;

/**
 * Every implementation of both arms, each as its own process lists it.
 * @throws GateStop when the base cannot be loaded, or its processes speak another version of the protocol
 */
async function inventories(lab: Lab): Promise<Sides<readonly InventoryEntry[]>> {
  const problems = countedProblems().map(({ problem }) => problem);
  const of = async (arm: ArmName) => {
    const { files, child } = lab.arms[arm];
    const link = lab.host.start(child);
    try {
      const originMs = lab.host.nowMs();
      const request = { engine: ANY_ENGINE, device: undefined, named: false, files, originMs } as const;
      const { protocol } = await link.call("open", request, 180_000);
      mustSpeak(protocol);
      return await link.call("inventory", { problems }, 60_000);
    } catch (error) {
      checkSignal(lab);
      if (error instanceof GateStop) throw error;
      if (arm === "head") throw new GateStop("usage", `head cannot be loaded: ${oneLine(error)}`);
      throw new GateStop("inconclusive", `this harness cannot load the base: ${oneLine(error)}`);
    } finally {
      await link.stop();
    }
  };
  return { base: await of("base"), head: await of("head") };
}

/** @param protocol what a process of an arm states; those before the version was stated speak the first one */
function mustSpeak(protocol: number | undefined): void {
  const version = protocol ?? 1;
  if (version === PROTOCOL) return;
  throw new GateStop(
    "inconclusive",
    `the base's processes speak version ${version} of the gate's protocol and this gate speaks version ${PROTOCOL}: ` +
      "a change of the protocol cannot be held against its base, the next change can",
  );
}
