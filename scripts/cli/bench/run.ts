/** `bench`: makes the plan, runs it, stores it, names the files. */
import { resolve } from "node:path";
import { parsePlanId } from "../../../reports/rows/case-id.js";
import { StoreError } from "../../../reports/rows/errors.js";
import type { CaseRecord, RunRecord } from "../../../reports/rows/row.js";
import { checkFolder, RunStore } from "../../../reports/rows/store.js";
import { suites } from "../../../suites/index.js";
import { type Environment, readEnvironment } from "../../../suites/measure/environment.js";
import { madeBy } from "../../../suites/measure/made.js";
import { Interrupted, run } from "../../../suites/measure/run.js";
import { planIds } from "../../../suites/plan/plan.js";
import type { Host } from "../../../suites/processes/host.js";
import { nodeHost } from "../../../suites/processes/host.node.js";
import { originOf } from "../../../suites/processes/origin.js";
import { EXIT, usageError, warn } from "../exit.js";
import { Interrupt } from "../interrupt.js";
import { Progress } from "../progress.js";
import { type Baseline, publishRun } from "../publish.js";
import { commandOf, defaultFolder, repeatCommand, shellWord, shown } from "../words.js";
import { mustBeFree, readBaseline, saveBaseline } from "./baseline.js";
import { dryRun } from "./dry-run.js";
import { isLearning, learn } from "./learn.js";
import { openRun, type PlannedRun } from "./open.js";
import { type BenchOptions, invocation, type PlanOptions, parseBenchOptions } from "./options.js";
import { type Continued, type Earlier, earlierRun } from "./resume.js";

/** @returns the exit code. @throws Stop */
export async function bench(argv: readonly string[]): Promise<number> {
  const options = parseBenchOptions(argv);
  if (!options) return EXIT.good;
  if (isLearning(options)) return learn(options, argv);
  const interrupt = new Interrupt();
  const host = nodeHost();
  interrupt.stop = () => host.close();
  try {
    return await new BenchRun(host, options, argv, interrupt).go();
  } catch (error) {
    if (interrupt.code !== undefined) return interrupt.code;
    throw error instanceof StoreError ? usageError(error.message) : error;
  } finally {
    await host.close();
    interrupt.close();
  }
}

/** Where a run goes, and what it is held against. */
interface Place {
  readonly folder: string;
  readonly against: Baseline | undefined;
}

class BenchRun {
  private readonly earlier: Earlier | undefined;
  private readonly plan: PlanOptions;
  private readonly command: string;

  constructor(
    private readonly host: Host,
    private readonly options: BenchOptions,
    private readonly argv: readonly string[],
    private readonly interrupt: Interrupt,
  ) {
    this.earlier = options.resume === undefined ? undefined : earlierRun(options, options.resume);
    const { plan } = this.earlier ?? options;
    // absolute, so that --resume works from any folder
    this.plan = { ...plan, impl: plan.impl.map((file) => resolve(file)) };
    this.command = commandOf(argv);
  }

  async go(): Promise<number> {
    const { earlier, plan, options, host } = this;
    if (options.save !== undefined) mustBeFree(options.save);
    const against =
      options.against === undefined
        ? undefined
        : { name: options.against, sources: readBaseline(options.against) };
    const folder = options.resume ?? options.out ?? defaultFolder(new Date(host.nowMs()).toISOString());
    if (!options.resume && !options.list && !options.dryRun) checkFolder(folder);
    const environmentRead = readEnvironment(this.argv, plan.seed, plan.impl);
    const startedUtc = earlier?.run.startedUtc ?? new Date(host.nowMs()).toISOString();
    const opened = await openRun(host, plan, Date.parse(startedUtc), earlier?.run.plan.ids);
    const { exitCode = EXIT.good } = opened;
    if (options.list) return list(planIds(opened.groups)) || exitCode;
    if (options.dryRun) {
      const ceilings = [];
      for (const target of opened.targets.keys()) ceilings.push(await opened.pool.ceilings(target));
      dryRun(opened.groups, ceilings, options.json);
      return exitCode;
    }
    const environment = await environmentRead;
    const { groups, impls } = opened;
    const continued = earlier?.check(environment, groups, ({ impl }) => originOf(impls[impl])?.file);
    const record = earlier?.run ?? this.runRecord(opened, environment, startedUtc);
    const code = await this.measure(opened, environment, record, { folder, against }, continued);
    if (options.save !== undefined && this.interrupt.code === undefined)
      for (const file of saveBaseline(options.save, folder)) (options.json ? warn : print)(shown(file));
    return code;
  }

  private async measure(
    { groups, pool, targets, impls, exitCode: planned, withoutCase }: PlannedRun,
    environment: Environment,
    record: RunRecord,
    { folder, against }: Place,
    continued: Continued | undefined,
  ): Promise<number> {
    const { earlier, plan, options, host, interrupt } = this;
    const startedUtc = new Date(host.nowMs()).toISOString();
    const store = earlier
      ? RunStore.resume(folder, {
          record: "resume",
          command: this.command,
          environment: { ...environment },
          startedUtc,
          ...(continued && continued.anew.length > 0 ? { anew: [...continued.anew] } : {}),
        })
      : RunStore.create(folder, record);
    const cases: CaseRecord[] = [...(continued?.cases ?? [])];
    const total = record.plan.ids.length;
    const { color: colour, verbose } = options;
    const progress = new Progress(process.stderr, total, { colour, verbose, done: cases.length });
    const publishing = {
      json: options.json,
      colour,
      markdown: options.markdown,
      ...(against ? { against } : {}),
    };
    try {
      await run(groups, {
        grid: plan.grid,
        seed: plan.seed,
        host,
        pool,
        targets,
        facts: {
          seed: plan.seed,
          commit: `${environment.commit ?? "unknown"}${environment.dirty ? "-dirty" : ""}`,
          cpu: environment.cpu.model ?? undefined,
          made: madeBy(environment, targets, impls),
          repeat: (suite, { id, impl }) => repeatCommand(plan, suite, id, originOf(impls[impl])?.file),
          timeUtc: () => new Date(host.nowMs()).toISOString(),
        },
        signal: interrupt.signal,
        // starting engines and building kernels is part of a run's time
        spentNs: (earlier?.spentNs ?? 0) + performance.now() * 1e6,
        ...(earlier && continued ? { done: continued.done, history: earlier.history(groups) } : {}),
        emit(records) {
          store.append(records);
          cases.push(...records);
          for (const { row } of records) progress.row(row);
        },
        progress: (state) => progress.next(state),
      });
    } catch (error) {
      if (!(error instanceof Interrupted) || interrupt.code === undefined) throw error;
      progress.clear();
      const files = plan.impl.map((file) => ` --impl ${shellWord(shown(file))}`).join("");
      const again = `${invocation()} --resume ${shown(folder)}${files}`;
      warn(`interrupted; ${cases.length} of ${total} cases are stored; go on with: ${again}`);
      await publishRun(cases, record, folder, { ...publishing, charts: false, exitCode: interrupt.code });
      return interrupt.code;
    } finally {
      progress.clear();
      progress.tellSkips();
      store.close();
    }
    const wrong = cases.some(({ row }) => row.status === "rejected" || row.status === "failed");
    for (const sentence of withoutCase) warn(sentence);
    const exitCode = planned ?? (wrong ? EXIT.wrong : EXIT.good);
    return publishRun(cases, record, folder, { ...publishing, charts: true, exitCode });
  }

  private runRecord({ groups }: PlannedRun, environment: Environment, startedUtc: string): RunRecord {
    const { grid, seed } = this.plan;
    return {
      record: "run",
      version: 1,
      command: this.command,
      plan: { grid, seed, options: { ...this.plan }, ids: planIds(groups) },
      environment: { ...environment },
      startedUtc,
    };
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** In the order of the suites, smallest sizes first. */
function list(ids: readonly string[]): number {
  for (const { name } of suites)
    for (const id of ids) if (parsePlanId(id).suite === name) process.stdout.write(`${id}\n`);
  return EXIT.good;
}
