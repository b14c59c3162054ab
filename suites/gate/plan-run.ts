/** What a gate will do before it measures: the cases of both arms, and the checks that need no clock. */
import { engines } from "../../impls/engines/index.js";
import type { Check, CheckName } from "../../reports/gate/verdict.js";
import { keyWords } from "../../reports/rows/case-id.js";
import { chooseSuites } from "../index.js";
import type { Axis } from "../plan/axes.js";
import { caseKeys } from "../plan/case-keys.js";
import { openCatalogue } from "../processes/catalogue.js";
import { listed } from "../processes/listed.js";
import { unknownDevice, unknownEngine } from "../processes/names.js";
import { oneLine } from "../processes/one-line.js";
import { type InventoryEntry, type ListedEngine, PROTOCOL } from "../processes/protocol.js";
import type { StoredTimes } from "./baseline.js";
import { type GateCase, type Planned, planCases } from "./cases.js";
import { type Claims, companionsOf, isClaimed } from "./checks/claims.js";
import { costChecks } from "./checks/cost.js";
import { sizeChecks } from "./checks/size.js";
import { type ArmName, checkSignal, type Lab, type Sides } from "./lab.js";
import type { Rule } from "./statistics/judge.js";
import { GateStop } from "./stop.js";
import type { Touched } from "./trees/touched.js";

/** Opening may compile kernels; a module that takes longer is not waited for. */
const LOAD_MS = 180_000;

export interface GateRequest {
  readonly lab: Lab;
  /** The base's file for a file of head: another one where it was moved, none where it is new. */
  follow(file: string): string | undefined;
  readonly touched: Touched;
  /** Only implementations that are not built in. */
  readonly onlyUser: boolean;
  readonly filter: string | undefined;
  /** Sizes in place of the quick grid's. */
  readonly axes?: readonly Axis[];
  readonly engines: readonly string[];
  /** Of an engine that has one of these, only those. */
  readonly devices: readonly string[];
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
  /** What each arm's processes list. */
  readonly inventory: Sides<readonly InventoryEntry[]>;
  readonly checks: Check[];
}

/** Cases, companions of claims included, and the checks that need no clock. */
export async function planRun(request: GateRequest, past?: Past): Promise<RunPlan> {
  const { lab, touched, claims } = request;
  const { entries, ...inventory } = await listings(lab);
  const misnamed = unknownEngine(entries, request.engines) ?? unknownDevice(entries, request.devices);
  if (misnamed !== undefined) throw new GateStop("usage", misnamed);
  const checks = await certainChecks(request, inventory);
  const companions = !touched.all && request.checks.has("claims") ? companionsOf(claims, touched.names) : [];
  const planned = await planCases({
    ...request,
    impls: listed(inventory.head),
    entries,
    inventory,
    companions: new Set(companions),
    pastIds: past?.ids ?? [],
  });
  for (const sentence of [...planned.absent, ...planned.remarks]) lab.say(sentence);
  past?.admit(planned.backends);
  const gone = inventory.base
    .filter(({ name, origin }) => origin === undefined && !inventory.head.some((one) => one.name === name))
    .map(({ name }) => ({ id: name, reason: "head has it no longer" }));
  const known = (gated: GateCase) => past === undefined || past.timesOf(gated.id) !== undefined;
  const cases = planned.cases.filter((gated) => gated.judged || isClaimed(claims, gated));
  const unknown = cases
    .filter((gated) => !known(gated))
    .map(({ id }) => ({ id, reason: "the baseline does not have it; --update measures it" }));
  return {
    ...planned,
    inventory,
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
const ANY_ENGINE = engines.find(({ sandboxed }) => sandboxed)!.name;

/**
 * Every implementation of both arms, each as its own process lists it.
 * @throws GateStop when one cannot be loaded, or the base's processes speak another version of the protocol
 */
async function listings(
  lab: Lab,
): Promise<Sides<readonly InventoryEntry[]> & { readonly entries: readonly ListedEngine[] }> {
  await mustLoad(lab);
  const head = await listingOf(lab, "head", lab.arms.head.files).catch((error: unknown) => {
    checkSignal(lab);
    throw new GateStop("usage", `head cannot be loaded: ${oneLine(error)}`);
  });
  const base = await listingOf(lab, "base", lab.arms.base.files).catch((error: unknown) => {
    checkSignal(lab);
    if (error instanceof GateStop) throw error;
    throw new GateStop("inconclusive", `this harness cannot load the base: ${oneLine(error)}`);
  });
  return { base: base.kernels, head: head.kernels, entries: head.engines };
}

interface Listing {
  readonly kernels: readonly InventoryEntry[];
  readonly engines: readonly ListedEngine[];
}

async function listingOf(lab: Lab, arm: ArmName, files: readonly string[]): Promise<Listing> {
  const problems = countedProblems().map(({ problem }) => problem);
  const link = lab.host.start(lab.arms[arm].child);
  try {
    const originMs = lab.host.nowMs();
    const request = { engine: ANY_ENGINE, device: undefined, named: false, files, originMs } as const;
    const { protocol } = await link.call("open", request, LOAD_MS);
    if (arm === "base") mustSpeak(protocol);
    return {
      kernels: await link.call("inventory", { problems }, 60_000),
      // the base opens what head opens
      engines: arm === "base" ? [] : await link.call("engines", null, 60_000),
    };
  } finally {
    await link.stop();
  }
}

/** @throws GateStop that names a file of head which does not load */
async function mustLoad(lab: Lab): Promise<void> {
  const { files, child } = lab.arms.head;
  const { refused } = await openCatalogue(lab.host, files, { module: child });
  checkSignal(lab);
  const [first] = refused;
  if (first) throw new GateStop(first.broken ? "broken" : "usage", first.reason);
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
