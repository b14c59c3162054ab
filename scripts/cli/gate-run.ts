/** `gate` against a base: trees, arms, verdict, outputs, exit code. */
import { randomInt } from "node:crypto";
import { existsSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { implementationName } from "../../impls/implementation.js";
import { CHECKS, EXIT_OF, type Verdict } from "../../reports/gate/verdict.js";
import { DEFAULT_RULE } from "../../reports/judge.js";
import { lockFolder } from "../../reports/lock.js";
import { machineKind } from "../../reports/machine.js";
import { StoreError } from "../../reports/store.js";
import { NO_CLAIMS, readClaims } from "../../suites/gate/checks/claims.js";
import { changedFiles, headOf, mergeBase, repositoryTop, usualBase } from "../../suites/gate/git.js";
import { GpuWatch } from "../../suites/gate/gpu-watch.js";
import { Interrupted, type Lab } from "../../suites/gate/lab.js";
import { runGate } from "../../suites/gate/run.js";
import { GateStop } from "../../suites/gate/stop.js";
import { builtInFiles, touchedBy } from "../../suites/gate/touched.js";
import { type Arm, gateFolder, makeTrees, type Trees } from "../../suites/gate/trees.js";
import { packageRoot, readEnvironment } from "../../suites/runner/environment.js";
import { nodeHost } from "../../suites/runner/host.node.js";
import { allImplementations, originOf } from "../../suites/runner/user-impls.js";
import { EXIT, Stop, usageError } from "./exit.js";
import { installPackages } from "./gate-install.js";
import { type GateOptions, gateInvocation } from "./gate-options.js";
import { publishVerdict } from "./gate-publish.js";
import { Interrupt } from "./interrupt.js";
import { shellWord } from "./words.js";

const CODES = { usage: EXIT.usage, inconclusive: EXIT.inconclusive, nothing: EXIT.nothingToMeasure } as const;

/** @returns the exit code. @throws Stop */
export async function gateAgainstBase(options: GateOptions, argv: readonly string[]): Promise<number> {
  const interrupt = new Interrupt();
  const host = nodeHost();
  interrupt.stop = () => host.close();
  try {
    return await new GateRun(options, argv, host, interrupt).go();
  } catch (error) {
    if (interrupt.code !== undefined || error instanceof Interrupted)
      return interrupt.code ?? EXIT.interrupted;
    if (error instanceof GateStop) throw new Stop(CODES[error.kind], error.message);
    throw error instanceof StoreError ? usageError(error.message) : error;
  } finally {
    await host.close();
    interrupt.close();
  }
}

class GateRun {
  constructor(
    private readonly options: GateOptions,
    private readonly argv: readonly string[],
    private readonly host: ReturnType<typeof nodeHost>,
    private readonly interrupt: Interrupt,
  ) {}

  async go(): Promise<number> {
    const { options } = this;
    const top = await repositoryTop(process.cwd());
    const own = resolve(top) === resolve(packageRoot);
    if (!own && options.impl.length === 0)
      throw usageError(
        "outside dualbench's own repository the gate takes --impl FILE, a module with your implementations",
      );
    const ref = options.base ?? (await usualBase(top));
    if (ref === undefined)
      throw usageError("--base REF is missing, and there is no origin/HEAD or main here");
    const commit = await mergeBase(top, ref);
    const unlock = lockFolder(gateFolder(top));
    let trees: Trees | undefined;
    try {
      this.say(`base ${commit.slice(0, 12)} (merge base of ${ref} and HEAD)`);
      trees = await makeTrees(top, commit, installPackages);
      return await this.measure(top, ref, commit, trees);
    } finally {
      await trees?.remove();
      unlock();
    }
  }

  private async measure(top: string, ref: string, commit: string, trees: Trees): Promise<number> {
    const { options, host } = this;
    const startMs = host.nowMs();
    const seed = options.seed ?? randomInt(2 ** 31);
    const onlyUser = options.impl.length > 0;
    const files = options.impl.map((file) => resolve(file));
    const impls = await allImplementations(files).catch((error: Error) => {
      throw usageError(error.message);
    });
    const inTop = (file: string) => relative(top, file);
    const there = files.map((file) => join(trees.base, inTop(file))).filter((file) => existsSync(file));
    const arm = (name: Arm["name"], files: readonly string[]): Arm => ({
      name,
      tree: onlyUser ? undefined : trees[name],
      files,
    });
    const gpu = new GpuWatch();
    const lab: Lab = {
      host,
      seed,
      arms: { base: arm("base", there), head: arm("head", files) },
      endMs: startMs + options.budget * 60e3,
      signal: this.interrupt.signal,
      say: (line) => this.say(line),
      blockSpoiled: (engine) => gpu.spoiled(engine),
    };
    const rooted = impls.map((impl) => {
      const origin = originOf(impl);
      const name = implementationName(impl);
      return { name, files: origin === undefined ? builtInFiles(name) : [inTop(origin)] };
    });
    const touched =
      options.all || onlyUser
        ? ({ all: true, why: onlyUser ? "--impl" : "--all" } as const)
        : touchedBy(await changedFiles(top, commit), [top, trees.base], rooted);
    const selection = touched.all
      ? `every case, because ${touched.why}`
      : `cases of ${[...touched.names].join(", ")}: the change touches no others`;
    this.say(selection);
    const rule = { ...DEFAULT_RULE, delta: options.delta / 100 };
    const result = await runGate({
      lab,
      impls,
      touched,
      onlyUser,
      filter: options.filter,
      engines: options.engine,
      rule,
      mdeLimit: options.mde / 100,
      checks: new Set(CHECKS.filter((name) => !options.without.includes(name))),
      claims: onlyUser ? NO_CLAIMS : readClaims(join(top, "reports", "baselines", "claims.json")),
      repeat: (id) => this.repeat(ref, id),
    });
    const head = await headOf(top);
    const environment = await readEnvironment(this.argv, seed);
    const verdict: Verdict = {
      version: 1,
      ...result,
      base: { name: ref, commit },
      head: {
        name: head.dirty ? "working tree" : "HEAD",
        commit: `${head.commit}${head.dirty ? "-dirty" : ""}`,
      },
      command: [gateInvocation(), ...this.argv.map(shellWord)].join(" "),
      seed,
      rule: { ...rule },
      selection,
      minutes: (host.nowMs() - startMs) / 60e3,
      machine: machineKind(environment),
    };
    publishVerdict(verdict, options.out ?? join(top, ".dualbench", "verdict"), options.json);
    return EXIT_OF[verdict.status];
  }

  /** The command that repeats one case. */
  private repeat(ref: string, id: string): string {
    const files = this.options.impl.flatMap((file) => ["--impl", shellWord(file)]);
    return [gateInvocation(), "--base", shellWord(ref), ...files, "--filter", shellWord(id)].join(" ");
  }

  private say(line: string): void {
    process.stderr.write(`gate: ${line}\n`);
  }
}
