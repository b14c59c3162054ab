/** Flags of `gate`. Everything wrong with them is found here, before a tree is made. */
import { Command, InvalidArgumentError, Option } from "commander";
import { engines } from "../../../impls/engines/index.js";
import { CHECKS, type CheckName } from "../../../reports/gate/verdict.js";
import { DEFAULT_RULE } from "../../../suites/gate/statistics/judge.js";
import { ORDINARY_NOISE } from "../../../suites/gate/statistics/simulate.js";
import { chooseSuites } from "../../../suites/index.js";
import { parseAxes, withAxes } from "../../../suites/plan/axes.js";
import { parseFilter } from "../../../suites/plan/filter.js";
import { mustKnow } from "../engine-names.js";
import { usageError } from "../exit.js";
import { filterFlag } from "../filter-flag.js";
import { invocationOf } from "../invocation.js";
import { parseFlags } from "../parse-flags.js";
import { shellWord } from "../words.js";

export interface GateOptions {
  readonly base: string | undefined;
  readonly baseline: string | undefined;
  /** GOOD..BAD. */
  readonly bisect: string | undefined;
  /** Words of the case that is bisected; empty otherwise. */
  readonly id: readonly string[];
  readonly update: boolean;
  readonly all: boolean;
  readonly filter: string | undefined;
  /** `name=size,size` each. */
  readonly axis: readonly string[];
  readonly engine: readonly string[];
  readonly device: readonly string[];
  readonly impl: readonly string[];
  readonly budget: number;
  /** Percent, as typed. */
  readonly delta: number;
  readonly mde: number;
  readonly seed: number | undefined;
  readonly without: readonly CheckName[];
  readonly out: string | undefined;
  readonly json: boolean;
  readonly selfTest: boolean;
  readonly simulate: boolean;
  readonly runs: number;
  readonly cases: number;
  readonly slowdown: number;
  readonly processSd: number;
  readonly sampleSd: number;
  readonly drift: number;
  readonly slow: number;
  readonly spell: number;
}

const DEFAULT_BUDGET_MINUTES = 15;
const DEFAULT_MDE_PERCENT = 25;

/** @returns undefined when the help was printed. @throws Stop */
export function parseGateOptions(argv: readonly string[]): GateOptions | undefined {
  const command = gateCommand();
  if (!parseFlags(command, argv, () => `see ${gateInvocation()} --help`)) return undefined;
  const raw = command.opts();
  const modes = (["base", "baseline", "bisect", "simulate", "selfTest"] as const).filter((mode) => raw[mode]);
  if (modes.length > 1)
    throw usageError(`--${kebab(modes[0])} and --${kebab(modes[1])} exclude each other; choose one`);
  if (raw.impl.length === 0) mustKnow(engines, raw.engine, raw.device);
  if (raw.update && raw.baseline === undefined)
    throw usageError("--update writes the file of --baseline FILE; name it");
  mustBeAxes(raw.axis);
  mustNameACase(raw.bisect, command.args);
  return { ...raw, id: command.args } as unknown as GateOptions;
}

/** The options that a repetition needs to meet the same kernels on the same devices. */
export function sameKernels({ engine, device, impl, axis }: GateOptions): string[] {
  const flags = (name: string, values: readonly string[]) =>
    values.flatMap((value) => [`--${name}`, shellWord(value)]);
  return [
    ...flags("engine", engine),
    ...flags("device", device),
    ...flags("impl", impl),
    ...flags("axis", axis),
  ];
}

/** @throws Stop for sizes that the quick grid's problems cannot have */
function mustBeAxes(axis: readonly string[]): void {
  try {
    withAxes(chooseSuites([]), parseAxes(axis), "quick");
  } catch (error) {
    throw usageError((error as Error).message);
  }
}

/** @throws Stop */
function mustNameACase(bisect: string | undefined, id: readonly string[]): void {
  if (bisect === undefined && id.length > 0)
    throw usageError(
      `"${id.join(" ")}" stands alone; an id belongs to --bisect GOOD..BAD, words to --filter`,
    );
  if (bisect === undefined) return;
  if (id.length === 0) throw usageError("--bisect GOOD..BAD takes the id of a case behind it");
  try {
    parseFilter(id.join(" "));
  } catch (error) {
    throw usageError((error as Error).message);
  }
}

/** How a person starts this command here. */
export const gateInvocation = (): string => invocationOf("gate");

function gateCommand(): Command {
  const noise = ORDINARY_NOISE;
  return new Command("gate")
    .description("Holds a change against its base: fails on a confirmed slowdown or a wrong number.")
    .option("--base <ref>", "compare with the merge base of this ref (default: origin/HEAD or main)")
    .option("--all", "every case of the quick grid, whatever the change touches", false)
    .option(
      "--filter <expr>",
      "words that must all match an id, a|b for either: ssd/|scan length<=2048",
      filterFlag,
    )
    .option("--axis <name=sizes>", "these sizes in place of the quick grid's (repeat for more)", list, [])
    .option("--engine <name>", "only this engine (repeat for more)", list, [])
    .option(
      "--device <name>",
      "of engines that have this device only this one, e.g. swiftshader (repeat for more)",
      list,
      [],
    )
    .option(
      "--impl <file>",
      "gate the implementations of this file only, .ts, .js, .py, .c, .cu or .wgsl (repeat for more)",
      list,
      [],
    )
    .option("--budget <minutes>", "most time for measuring", positive, DEFAULT_BUDGET_MINUTES)
    .option("--delta <percent>", "slowdowns up to this are none", positive, 100 * DEFAULT_RULE.delta)
    .option(
      "--mde <percent>",
      "a case in which only larger slowdowns would have been seen is inconclusive",
      positive,
      DEFAULT_MDE_PERCENT,
    )
    .option("--seed <n>", "order of the measurements; a new one each time by default", whole)
    .addOption(new Option("--without <check>", "leave out a check (repeat)").argParser(check).default([]))
    .option("--baseline <file>", "compare with a file written on this same machine, instead of a base")
    .option("--update", "measure and write the file of --baseline", false)
    .argument(
      "[id...]",
      "with --bisect: the case, as npm run bench -- --list has it, or words that only it matches",
    )
    .option("--bisect <good..bad>", "find the commit that slowed a case or broke it")
    .option("--out <dir>", "folder for verdict.json, junit.xml and summary.md (default .dualbench/verdict)")
    .option("--json", "print the verdict as one JSON document on stdout, the rest on stderr", false)
    .option("--self-test", "does this gate find what it must on this machine", false)
    .option("--simulate", "false-fail rate and power of the rule under noise", false)
    .option("--runs <n>", "simulated runs", whole, 1000)
    .option("--cases <n>", "simulated cases in a run", whole, 20)
    .option("--slowdown <percent>", "simulated slowdown of one case", positive, 10)
    .option("--process-sd <percent>", "noise between processes", zeroOrMore, 100 * noise.processSd)
    .option("--sample-sd <percent>", "noise of a sample", zeroOrMore, 100 * noise.sampleSd)
    .option("--drift <percent>", "drift over a run", zeroOrMore, 100 * noise.drift)
    .option(
      "--slow <percent>",
      "what the machine's slow mode adds, when a neighbour comes and goes",
      zeroOrMore,
      100 * noise.slow,
    )
    .option("--spell <ms>", "mean time in a mode", positive, noise.spellMs)
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
}

function list(value: string, earlier: string[]): string[] {
  return [...earlier, value];
}

function check(value: string, earlier: string[]): string[] {
  if ((CHECKS as readonly string[]).includes(value)) return [...earlier, value];
  throw new InvalidArgumentError(`There is no check "${value}"; there are ${CHECKS.join(", ")}`);
}

function zeroOrMore(value: string): number {
  const number = Number(value);
  if (value.trim() !== "" && number >= 0 && Number.isFinite(number)) return number;
  throw new InvalidArgumentError(`Needs a number of at least 0, got "${value}"`);
}

function positive(value: string): number {
  const number = zeroOrMore(value);
  if (number > 0) return number;
  throw new InvalidArgumentError(`Needs a number above 0, got "${value}"`);
}

function whole(value: string): number {
  const number = Number(value);
  if (/^\d+$/.test(value) && number <= 0xffffffff) return number;
  throw new InvalidArgumentError(`Needs a whole number, got "${value}"`);
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
