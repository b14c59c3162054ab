/** Flags of `npm run verify`. */
import { statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { operators } from "../../../impls/index.js";
import { laws } from "../../../suites/laws/index.js";
import { MOST_CASES, parseToken, type Token } from "../../../suites/verify/token.js";
import { usageError } from "../exit.js";
import { filterFlag } from "../filter-flag.js";
import { invocationOf } from "../invocation.js";
import { casesFlag, deadlineFlag, type Share, seedFlag, shapesFlag, shareFlag } from "../numbers.js";
import { parseFlags } from "../parse-flags.js";

export interface VerifyOptions {
  readonly cases: number;
  readonly seed: number;
  readonly engine: readonly string[];
  readonly device: readonly string[];
  readonly vectors?: string;
  readonly replay?: Token;
  /** Folder of a campaign: blocks of cases, whatever their number, on all cores. */
  readonly resume?: string;
  /** Folder that problems are written to, for kernels of any language. */
  readonly export?: string;
  /** Folder of what such kernels wrote back. */
  readonly outputs?: string;
  /** Of random problems and of `export`: operators by name, all when empty. */
  readonly operator: readonly string[];
  /** Laws by name, all when empty. */
  readonly law: readonly string[];
  /** Which implementations are looked at, with their storage types and options; the grammar of `bench --filter`. */
  readonly filter?: string;
  /** Random problems of an operator have so many shapes at most. */
  readonly shapes?: number;
  /** How long one problem may take, in seconds. */
  readonly deadline?: number;
  /** Mutants of whose name or file this is a part; all where it is empty. */
  readonly mutants?: string;
  readonly impl: readonly string[];
  readonly json?: string;
  /** Only these of the cases, in this process alone. */
  readonly shard?: Share;
  /** A parent process hears from this one, and ends it when it falls silent. */
  readonly watched?: true;
}

/** How a person starts this command here. */
export const verifyInvocation = (): string => invocationOf("verify");

const DEFAULT_CASES = 200;
/** Of each operator. */
const EXPORTED_CASES = 20;
const DEFAULT_SEED = 0;

/** As commander gives them: lists are there always, `--mutants` alone is true. */
type Given = Partial<Omit<VerifyOptions, "mutants">> &
  Pick<VerifyOptions, "engine" | "device" | "impl" | "operator" | "law"> & {
    readonly mutants?: string | true;
  };

/** @returns undefined when the help was printed. @throws Stop */
export function parseVerifyOptions(argv: readonly string[]): VerifyOptions | undefined {
  const command = verifyCommand();
  if (!parseFlags(command, argv, () => "see npm run verify -- --help")) return undefined;
  const given = command.opts<Given>();
  mustFit(given);
  if (given.vectors !== undefined) mustBeFolder("vectors", given.vectors);
  if (given.outputs !== undefined) mustBeFolder("outputs", given.outputs);
  if (given.json !== undefined) mustBeWritable(given.json);
  const { mutants, ...options } = given;
  const cases = given.export === undefined ? DEFAULT_CASES : EXPORTED_CASES;
  return {
    ...options,
    ...(mutants === undefined ? {} : { mutants: mutants === true ? "" : mutants }),
    cases: given.cases ?? cases,
    seed: given.seed ?? DEFAULT_SEED,
  };
}

const MODES = ["vectors", "replay", "resume", "export", "outputs", "mutants"] as const;
type Mode = (typeof MODES)[number];

/** What chooses among random problems and who meets them. */
const RUNNING = ["law", "filter", "shapes", "deadline"] as const;
const NARROWING = ["operator", ...RUNNING] as const;

/** Flags without a part in a mode, and why: beside it they would be passed over without a word. */
const STRANGERS: Readonly<Record<Mode, readonly [why: string, ...flags: (keyof Given)[]]>> = {
  vectors: ["golden vectors are not drawn at random", "cases", "seed", "shard", ...NARROWING],
  replay: ["the token holds it", "cases", "seed", "shard", "operator", "law"],
  resume: ["blocks in its folder are shares, each a document", "json", "shard"],
  export: ["the kernels are somebody else's", "engine", "device", "impl", "json", "shard", ...RUNNING],
  outputs: [
    "names of files hold the problems, and the kernels are somebody else's",
    "cases",
    "seed",
    "engine",
    "device",
    "impl",
    "json",
    "shard",
    ...NARROWING,
  ],
  mutants: [
    "mutants are of our own kernels, and meet problems of their own",
    "cases",
    "impl",
    "shard",
    ...NARROWING,
  ],
};

function mustFit(given: Given): void {
  const isGiven = (flag: keyof Given) => {
    const value = given[flag];
    return Array.isArray(value) ? value.length > 0 : value !== undefined;
  };
  const [mode, other] = MODES.filter(isGiven);
  if (other) throw usageError(`--${mode} and --${other} exclude each other`);
  const [why, ...flags] = mode ? STRANGERS[mode] : [""];
  const strange = flags.find(isGiven);
  if (strange) throw usageError(`--${mode} and --${strange} exclude each other: ${why}`);
  if (mode !== "resume" && (given.cases ?? 0) > MOST_CASES)
    throw usageError(
      `--cases takes ${MOST_CASES} at most; more with --resume DIR, which keeps what was done`,
    );
  mustBeKnown("operator", given.operator, operators);
  mustBeKnown("law", given.law, laws);
}

function mustBeKnown(
  what: string,
  names: readonly string[],
  all: readonly { readonly name: string }[],
): void {
  const known = all.map(({ name }) => name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw usageError(`there is no ${what} "${unknown}"; there are ${known.join(", ")}`);
}

function verifyCommand(): Command {
  return new Command("verify")
    .description("Holds every implementation against the float64 reference, within its derived bound.")
    .option(
      "--cases <n>",
      `random and extreme problems, laws beside them (default ${DEFAULT_CASES})`,
      casesFlag,
    )
    .option("--seed <s>", `seed of all problems (default ${DEFAULT_SEED})`, seedFlag)
    .option("--engine <name>", "only this engine; may be repeated", repeated, [])
    .option(
      "--device <name>",
      "of engines that have this device only this one, e.g. swiftshader; may be repeated",
      repeated,
      [],
    )
    .option("--vectors <dir>", "golden vectors (*.safetensors) in place of random problems")
    .option("--replay <token>", "one case again, as a failure names it", token)
    .option(
      "--resume <dir>",
      "any number of cases in blocks, on all cores, kept in this folder and gone on with; draws an error atlas",
    )
    .option(
      "--mutants [name]",
      "plants bugs in our own kernels, all or those of this name: do the laws kill them?",
    )
    .option(
      "--impl <file>",
      "your own implementation beside ours, .ts, .js, .py, .c, .cu or .wgsl; may be repeated",
      repeated,
      [],
    )
    .option(
      "--export <dir>",
      `writes problems for kernels in any language, as safetensors (--cases of each operator, default ${EXPORTED_CASES})`,
    )
    .option("--operator <name>", "only problems of this operator; may be repeated", repeated, [])
    .option("--law <name>", "only this law, e.g. forms-agree; may be repeated", repeated, [])
    .option(
      "--filter <expr>",
      "only implementations whose id with dtype and options matches, as in bench: make=mamba_ssm dtype=f16",
      filterFlag,
    )
    .option(
      "--shapes <n>",
      "random problems of an operator have at most n shapes: for kernels that are compiled for each",
      shapesFlag,
    )
    .option(
      "--deadline <s>",
      "seconds that one problem may take (default 40); with it, whoever takes longer loses problems of that shape only",
      deadlineFlag,
    )
    .option("--outputs <dir>", "judges what such kernels wrote back")
    .option("--json <file>", "results as one JSON document")
    .option("--shard <i/n>", "only the i-th of n shares of the cases, for several machines", shareFlag)
    .addOption(new Option("--watched").hideHelp())
    .allowExcessArguments(false)
    .configureOutput({ outputError: () => {} })
    .exitOverride();
}

function repeated(text: string, before: readonly string[]): string[] {
  return [...before, text];
}

function token(text: string): Token {
  try {
    return parseToken(text);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

function mustBeFolder(flag: string, folder: string): void {
  const found = statSync(folder, { throwIfNoEntry: false });
  if (!found?.isDirectory())
    throw usageError(
      `cannot read --${flag} ${folder}: ${found ? "it is not a folder" : "there is no such folder"}; name a folder of *.safetensors`,
    );
}

/** Found out before minutes of work, not after. */
function mustBeWritable(file: string): void {
  const folder = dirname(resolve(file));
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw usageError(`--json ${file}: there is no folder ${folder}; make it first`);
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory())
    throw usageError(`--json ${file} is a folder; name a file in it`);
}
