/** What every measuring gate has: a host, a seed, a budget, one verdict at the end. */
import { randomInt } from "node:crypto";
import { join } from "node:path";
import { CHECKS, EXIT_OF, type Side, type Verdict } from "../../../reports/gate/verdict.js";
import { StoreError } from "../../../reports/rows/errors.js";
import { machineKind } from "../../../reports/rows/machine.js";
import { GpuWatch } from "../../../suites/gate/gpu-watch.js";
import { type Arm, Interrupted, type Sides } from "../../../suites/gate/lab.js";
import type { GateRequest } from "../../../suites/gate/plan-run.js";
import type { GateResult } from "../../../suites/gate/run.js";
import { BLOCK_ESTIMATOR, DEFAULT_RULE, PAST_ESTIMATOR } from "../../../suites/gate/statistics/judge.js";
import { GateStop } from "../../../suites/gate/stop.js";
import { gateFolder, type Harness, makeHarness } from "../../../suites/gate/trees/trees.js";
import { realFile } from "../../../suites/gate/trees/user-files.js";
import { type Environment, packageRoot, readEnvironment } from "../../../suites/measure/environment.js";
import { madeWith } from "../../../suites/measure/made.js";
import { parseAxes } from "../../../suites/plan/axes.js";
import { nodeHost } from "../../../suites/processes/host.node.js";
import { EXIT, Stop, usageError } from "../exit.js";
import { Interrupt } from "../interrupt.js";
import { shellWord } from "../words.js";
import { type GateOptions, gateInvocation } from "./options.js";
import { publishVerdict } from "./publish.js";

/** How a gate that gives no verdict ends. */
export const exitCodeOfKind = {
  usage: EXIT.usage,
  inconclusive: EXIT.inconclusive,
  broken: EXIT.wrong,
  wrong: EXIT.wrongOutput,
  nothing: EXIT.nothingToMeasure,
} as const;

export interface GateSession {
  readonly options: GateOptions;
  /** Absolute paths of --impl. */
  readonly files: readonly string[];
  /** Whether only implementations of --impl are gated. */
  readonly onlyUser: boolean;
  /** Fires when the run was interrupted. */
  readonly signal: AbortSignal;
  say(line: string): void;
  /** From now on processes run this module, unless they belong to an arm that has its own. */
  runProcesses(module: string): void;
  /** From now on processes run the harness as JavaScript, transpiled once for all of them; in an installed package it is already. */
  startFast(): Promise<void>;
  environment(): Promise<Environment>;
  request(
    parts: Pick<GateRequest, "touched" | "claims" | "repeat" | "follow"> & { readonly arms: Sides<Arm> },
  ): GateRequest;
  /** Writes and prints a verdict. @returns its exit code */
  publish(result: GateResult, selection: string, top: string, sides: Sides<Side>): Promise<number>;
}

/** Runs a gate to its exit code; children end with it. @throws Stop */
export async function withSession(
  options: GateOptions,
  argv: readonly string[],
  body: (session: GateSession) => Promise<number>,
): Promise<number> {
  const interrupt = new Interrupt();
  let harness: Harness | undefined;
  let child: string | undefined;
  const host = nodeHost({ child: () => child });
  interrupt.stop = () => host.close();
  const startMs = host.nowMs();
  const seed = options.seed ?? randomInt(2 ** 31);
  const rule = { ...DEFAULT_RULE, delta: options.delta / 100 };
  const say = (line: string) => process.stderr.write(`gate: ${line}\n`);
  const environment = () => readEnvironment(argv, seed, options.impl);
  const machineAndCode = async () => {
    const found = await environment();
    return { machine: machineKind(found), made: madeWith(found) };
  };
  const gpu = new GpuWatch();
  try {
    const files = options.impl.map(realFile);
    const onlyUser = files.length > 0;
    return await body({
      options,
      files,
      onlyUser,
      signal: interrupt.signal,
      say,
      runProcesses(module) {
        child = module;
      },
      async startFast() {
        if (import.meta.url.endsWith(".js")) return;
        harness = await makeHarness(packageRoot);
        if (harness.works) child = harness.child;
      },
      environment,
      request: ({ arms, touched, claims, repeat, follow }) => ({
        lab: {
          host,
          seed,
          arms,
          endMs: startMs + options.budget * 60e3,
          signal: interrupt.signal,
          say,
          blockSpoiled: (kind) => gpu.spoiled(kind),
        },
        touched,
        onlyUser,
        filter: options.filter,
        axes: parseAxes(options.axis),
        engines: options.engine,
        devices: options.device,
        rule,
        mdeLimit: options.mde / 100,
        checks: new Set(CHECKS.filter((name) => !options.without.includes(name))),
        claims,
        repeat,
        follow,
      }),
      async publish(result, selection, top, { base, head }) {
        const verdict: Verdict = {
          version: 1,
          ...result,
          base,
          head,
          command: [gateInvocation(), ...argv.map(shellWord)].join(" "),
          seed,
          rule: { ...rule },
          estimator: options.baseline === undefined ? BLOCK_ESTIMATOR : PAST_ESTIMATOR,
          selection,
          minutes: (host.nowMs() - startMs) / 60e3,
          ...(await machineAndCode()),
          gpu: gpu.states,
        };
        publishVerdict(verdict, options.out ?? join(gateFolder(top), "..", "verdict"), options.json);
        return EXIT_OF[verdict.status];
      },
    });
  } catch (error) {
    if (interrupt.code !== undefined || error instanceof Interrupted)
      return interrupt.code ?? EXIT.interrupted;
    if (error instanceof GateStop) throw new Stop(exitCodeOfKind[error.kind], error.message);
    throw error instanceof StoreError ? usageError(error.message) : error;
  } finally {
    await host.close();
    harness?.remove();
    interrupt.close();
  }
}
