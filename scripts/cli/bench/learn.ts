/** `bench` of suites that train: plans, trains, stores, draws. A training is a record of results.jsonl like a case. */
import { EngineAbsent } from "../../../impls/engines/engine.js";
import { openTraining, type Training } from "../../../impls/training/index.js";
import type { RunRecord } from "../../../reports/rows/row.js";
import { checkFolder, RunStore, readRun } from "../../../reports/rows/store.js";
import type { TrainingRow } from "../../../reports/rows/training.js";
import { learningSuites } from "../../../suites/learning/index.js";
import { type PlannedTraining, planTrainings, trainingIds } from "../../../suites/learning/plan.js";
import { runTrainings, type TrainingRun } from "../../../suites/learning/run.js";
import { findTorch, runInTorch } from "../../../suites/learning/torch-run.js";
import { type Environment, readEnvironment } from "../../../suites/measure/environment.js";
import { Interrupted } from "../../../suites/measure/run.js";
import { parseFilter } from "../../../suites/plan/filter.js";
import { EXIT, Stop, usageError, warn } from "../exit.js";
import { Interrupt } from "../interrupt.js";
import { commandOf, defaultFolder, shown } from "../words.js";
import { keptTrainings } from "./kept-trainings.js";
import { type BenchOptions, invocation, type PlanOptions } from "./options.js";
import { publishTrainings } from "./publish-trainings.js";
import { type Earlier, earlierRun } from "./resume.js";
import { TrainingProgress } from "./training-progress.js";

/** Whether the named suites train; of a run that goes on, those that it has stored. @throws Stop where some do and others do not */
export function isLearning({ plan, resume }: BenchOptions): boolean {
  const { suite } = resume === undefined ? plan : readRun(resume).run.plan.options;
  const named = Array.isArray(suite) ? suite : [];
  const training = named.filter((name) => learningSuites.some((one) => one.name === name));
  if (training.length > 0 && training.length < named.length)
    throw usageError(
      `${training.join(", ")} trains models and runs alone; leave the other suites to another run`,
    );
  return training.length > 0;
}

/** @returns the exit code. @throws Stop */
export async function learn(options: BenchOptions, argv: readonly string[]): Promise<number> {
  const earlier = options.resume === undefined ? undefined : earlierRun(options, options.resume);
  const plan = earlier?.plan ?? options.plan;
  refuseOthers(options, plan);
  const trainer = await opened(plan.engine);
  const interrupt = new Interrupt();
  try {
    return await new LearningRun(options, argv, plan, earlier, trainer, interrupt).go();
  } finally {
    trainer.close();
    interrupt.close();
  }
}

/** Flags that say nothing of a training. @throws Stop */
function refuseOthers({ save, against, markdown }: BenchOptions, { impl, axis, device }: PlanOptions): void {
  const flags = { impl: impl[0], axis: axis[0], device: device[0], save, against, markdown };
  const given = Object.entries(flags).find(([, value]) => value !== undefined);
  if (given)
    throw usageError(`--${given[0]} is nothing that a suite which trains models takes; leave it out`);
}

/** Our own gradients, or torch in a process. */
type Trainer = Training | { readonly engine: "torch"; readonly python: string; close(): void };

/** @throws Stop */
async function opened(engines: readonly string[]): Promise<Trainer> {
  const [engine] = engines;
  const known = engine === undefined || engine === "native" || engine === "cpu" || engine === "torch";
  if (engines.length > 1 || !known)
    throw usageError(`models are trained on one engine, native, cpu or torch, got ${engines.join(", ")}`);
  try {
    if (engine === "torch") return { engine, python: findTorch(), close() {} };
    return await openTraining(engine === undefined ? {} : { engine });
  } catch (error) {
    if (error instanceof EngineAbsent) throw new Stop(EXIT.nothingToMeasure, error.message);
    throw error;
  }
}

class LearningRun {
  private readonly planned: readonly PlannedTraining[];

  constructor(
    private readonly options: BenchOptions,
    private readonly argv: readonly string[],
    private readonly plan: PlanOptions,
    private readonly earlier: Earlier | undefined,
    private readonly trainer: Trainer,
    private readonly interrupt: Interrupt,
  ) {
    const { suite, grid, seed, filter, shard } = plan;
    const matches = filter === null ? () => true : parseFilter(filter);
    const suites = learningSuites.filter(({ name }) => suite.includes(name));
    this.planned = planTrainings({ suites, grid, seed, engine: trainer.engine, matches, shard });
  }

  async go(): Promise<number> {
    const { options, plan, planned, earlier, argv } = this;
    if (planned.length === 0)
      throw new Stop(
        EXIT.nothingToMeasure,
        "nothing to train: no training matches; --list without --filter shows all",
      );
    if (options.list || options.dryRun) {
      for (const id of trainingIds(planned)) process.stdout.write(`${id}\n`);
      return EXIT.good;
    }
    const now = () => new Date().toISOString();
    const folder = options.resume ?? options.out ?? defaultFolder(now());
    if (options.resume === undefined) checkFolder(folder);
    const environment = await readEnvironment(argv, plan.seed);
    earlier?.check(environment, [], () => undefined);
    const record = earlier?.run ?? this.runRecord(environment, now());
    const command = commandOf(argv);
    const store = earlier
      ? RunStore.resume(folder, {
          record: "resume",
          command,
          environment: { ...environment },
          startedUtc: now(),
        })
      : RunStore.create(folder, record);
    const rows: TrainingRow[] = earlier ? [...readRun(folder).trainings] : [];
    const exitCode = await this.train(folder, store, environment, rows);
    return publishTrainings(rows, record, folder, {
      json: options.json,
      charts: !isStop(exitCode),
      exitCode,
    });
  }

  /** @param rows those that there are, to which are added those that come. @returns the exit code */
  private async train(
    folder: string,
    store: RunStore,
    { cpu, commit, dirty, dualbench }: Environment,
    rows: TrainingRow[],
  ): Promise<number> {
    const { planned, trainer, interrupt } = this;
    const kept = keptTrainings(folder);
    const nowMs = () => performance.now();
    const progress = new TrainingProgress(process.stderr, planned.length, rows.length, nowMs);
    try {
      const common: Omit<TrainingRun, "training" | "progress" | "nowNs" | "kept" | "device"> = {
        commit: `${commit ?? "unknown"}${dirty ? "-dirty" : ""}`,
        version: dualbench.version,
        signal: interrupt.signal,
        done: new Set(rows.map(({ id }) => id)),
        timeUtc: () => new Date().toISOString(),
        emit(row) {
          store.append([{ record: "training", row }]);
          rows.push(row);
          progress.row(row);
        },
      };
      if ("python" in trainer) await runInTorch(planned, { ...common, python: trainer.python });
      else
        await runTrainings(planned, {
          ...common,
          ...{ training: trainer, device: cpu.model ?? "cpu", kept },
          nowNs: () => nowMs() * 1e6,
          progress: (state) => progress.step(state),
        });
    } catch (error) {
      if (!(error instanceof Interrupted) || interrupt.code === undefined) throw error;
      progress.clear();
      const again = `${invocation()} --resume ${shown(folder)}`;
      warn(`interrupted; ${rows.length} of ${planned.length} trainings have ended; go on with: ${again}`);
      return interrupt.code;
    } finally {
      progress.clear();
      kept.close();
      store.close();
    }
    return rows.some(({ status }) => status === "stopped") ? EXIT.wrong : EXIT.good;
  }

  private runRecord(environment: Environment, startedUtc: string): RunRecord {
    const { grid, seed } = this.plan;
    return {
      record: "run",
      version: 1,
      command: commandOf(this.argv),
      plan: { grid, seed, options: { ...this.plan }, ids: trainingIds(this.planned) },
      environment: { ...environment },
      startedUtc,
    };
  }
}

function isStop(code: number): boolean {
  return code === EXIT.interrupted || code === EXIT.terminated;
}
