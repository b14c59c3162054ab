/** The flags of `bench`. Everything wrong with them is found here, before anything is written or measured. */
import { Command, InvalidArgumentError, Option } from "commander";
import { engines } from "../../../impls/engines/index.js";
import { chooseSuites, suites } from "../../../suites/index.js";
import { learningSuites } from "../../../suites/learning/index.js";
import { parseAxes, withAxes } from "../../../suites/plan/axes.js";
import type { Grid, Suite } from "../../../suites/suite.js";
import { mustKnow } from "../engine-names.js";
import { usageError } from "../exit.js";
import { filterFlag } from "../filter-flag.js";
import { invocationOf } from "../invocation.js";
import { type Share, shareFlag } from "../numbers.js";
import { parseFlags } from "../parse-flags.js";

/** What decides which cases a run has; stored with it, restored by --resume. */
export interface PlanOptions {
  readonly suite: readonly string[];
  readonly engine: readonly string[];
  readonly device: readonly string[];
  readonly filter: string | null;
  readonly grid: Grid;
  /** `name=size,size` each: sizes in place of the suites' own. */
  readonly axis: readonly string[];
  readonly shard: Share | null;
  readonly seed: number;
  readonly impl: readonly string[];
}

export interface BenchOptions {
  readonly plan: PlanOptions;
  /** Plan options that were typed, for comparison with a resumed run. */
  readonly typed: Partial<PlanOptions>;
  readonly out: string | undefined;
  readonly resume: string | undefined;
  /** A file for tables in Markdown. */
  readonly markdown: string | undefined;
  /** A name to keep the run under. */
  readonly save: string | undefined;
  /** The name of an earlier run to hold this one against. */
  readonly against: string | undefined;
  /** With --resume: curves whose code has changed begin anew. */
  readonly anew: boolean;
  readonly list: boolean;
  readonly dryRun: boolean;
  readonly json: boolean;
  /** Every skipped case on a line of its own. */
  readonly verbose: boolean;
  readonly color: boolean;
}

export const GRIDS = ["quick", "default", "paper"] as const satisfies readonly Grid[];
export const LARGEST_SEED = 0xffffffff;

export const DEFAULTS: PlanOptions = {
  suite: [],
  engine: [],
  device: [],
  filter: null,
  grid: "default",
  axis: [],
  shard: null,
  seed: 0,
  impl: [],
};

/** @returns undefined when help or the version was printed. @throws Stop */
export function parseBenchOptions(argv: readonly string[]): BenchOptions | undefined {
  const command = benchCommand();
  if (!parseFlags(command, argv, () => `see ${invocation()} --help`)) return undefined;
  const raw = command.opts();
  if (raw.anew && raw.resume === undefined)
    throw usageError("--anew says what --resume DIR does; name that too");
  // an engine of a module is known once the module is loaded
  if (raw.impl === undefined && raw.resume === undefined) mustKnow(engines, raw.engine ?? [], raw.device);
  const typed: Partial<PlanOptions> = {
    ...pick("suite", raw.suite),
    ...pick("engine", raw.engine),
    ...pick("device", raw.device),
    ...pick("filter", raw.filter),
    ...pick("grid", raw.grid),
    ...pick("axis", raw.axis),
    ...pick("shard", raw.shard),
    ...pick("seed", raw.seed),
    ...pick("impl", raw.impl),
  };
  const plan = { ...DEFAULTS, ...typed };
  if (raw.resume === undefined) chosenSuites(plan);
  return {
    plan,
    typed,
    out: raw.out,
    resume: raw.resume,
    save: raw.save,
    markdown: raw.markdown,
    against: raw.against,
    anew: raw.anew === true,
    list: raw.list === true,
    dryRun: raw.dryRun === true,
    json: raw.json === true,
    verbose: raw.verbose === true,
    color: raw.color !== false,
  };
}

/** Suites of a plan, at its sizes. @throws Stop for sizes that they cannot have */
export function chosenSuites({ suite, axis, grid }: PlanOptions): readonly Suite[] {
  try {
    return withAxes(chooseSuites(suite), parseAxes(axis), grid);
  } catch (error) {
    throw usageError((error as Error).message);
  }
}

function pick<K extends keyof PlanOptions>(key: K, value: PlanOptions[K] | undefined): Partial<PlanOptions> {
  return value === undefined ? {} : ({ [key]: value } as Partial<PlanOptions>);
}

/** How a person starts this command here. */
export const invocation = (): string => invocationOf("bench");

function benchCommand(): Command {
  const collect = (check: (value: string) => string) => (value: string, earlier: string[] | undefined) => [
    ...(earlier ?? []),
    check(value),
  ];
  const any = (value: string) => value;
  return new Command("bench")
    .description("Verifies and times every implementation that this machine can run, and draws the figure.")
    .option(
      "--suite <name>",
      `only this suite (repeat for more): ${names(suites)}; these train models: ${names(learningSuites)}`,
      collect(oneOf("suite", [...suites, ...learningSuites])),
    )
    .option("--engine <name>", `only this engine (repeat for more): ${names(engines)}`, collect(any))
    .option(
      "--device <name>",
      "of engines that have this device only this one, e.g. swiftshader (repeat for more)",
      collect(any),
    )
    .option(
      "--filter <expr>",
      "words that must all match an id, a|b for either: ssd/|scan length<=4096",
      filterFlag,
    )
    .addOption(new Option("--grid <name>", "sizes and time: quick, default or paper").argParser(grid))
    .option(
      "--axis <name=sizes>",
      "these sizes in place of a suite's own, e.g. length=1000,3000 (repeat for more)",
      collect(any),
    )
    .option("--list", "print suite<TAB>id of every case and end")
    .option("--dry-run", "print the plan with predicted time and memory and end")
    .option("--out <dir>", "folder for the results; must hold none yet")
    .option("--resume <dir>", "go on with a run that was stopped")
    .option("--anew", "with --resume: measure curves again whose code has changed since")
    .option("--save <name>", "keep the run under this name, for --against")
    .option("--against <name>", "hold the run against one that --save has kept")
    .option("--shard <i/n>", "only the i-th of n parts of the plan", shareFlag)
    .option("--seed <n>", "seed of the inputs and of the order", seed)
    .option(
      "--impl <file>",
      "also run the implementations of this file, .ts, .js, .py, .c, .cu or .wgsl (repeat for more)",
      collect(any),
    )
    .option("--markdown <file>", "tables in Markdown as well, e.g. for a step summary")
    .option("--json", "print one JSON document on stdout, the rest on stderr")
    .option("--verbose", "say of every skipped case why; without it, one line a reason")
    .allowExcessArguments(false)
    .showSuggestionAfterError(true)
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
}

function names(entries: readonly { readonly name: string }[]): string {
  return entries.map(({ name }) => name).join(", ");
}

function oneOf(what: string, entries: readonly { readonly name: string }[]) {
  return (value: string): string => {
    if (entries.some(({ name }) => name === value)) return value;
    throw new InvalidArgumentError(`There is no ${what} "${value}"; there are ${names(entries)}`);
  };
}

function grid(value: string): Grid {
  const found = GRIDS.find((name) => name === value);
  if (found) return found;
  throw new InvalidArgumentError(`There is no grid "${value}"; there are ${GRIDS.join(", ")}`);
}

function seed(value: string): number {
  const parsed = Number(value);
  if (!/^\d+$/.test(value) || parsed > LARGEST_SEED)
    throw new InvalidArgumentError(`Needs a whole number from 0 to 4294967295, got "${value}"`);
  return parsed;
}
