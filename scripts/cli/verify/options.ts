/** Flags of `npm run verify`. */
import { statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { LARGEST_SEED, MOST_CASES, parseToken, type Token } from "../../../suites/verify/token.js";
import { usageError } from "../exit.js";
import { invocationOf } from "../invocation.js";
import { parseFlags } from "../parse-flags.js";

export interface VerifyOptions {
  readonly cases: number;
  readonly seed: number;
  readonly engine: readonly string[];
  readonly device: readonly string[];
  readonly vectors?: string;
  readonly replay?: Token;
  /** Mutants of whose name or file this is a part; all where it is empty. */
  readonly mutants?: string;
  readonly impl: readonly string[];
  readonly json?: string;
}

/** How a person starts this command here. */
export const verifyInvocation = (): string => invocationOf("verify");

const DEFAULT_CASES = 200;
const DEFAULT_SEED = 0;

/** @returns undefined when the help was printed. @throws Stop */
export function parseVerifyOptions(argv: readonly string[]): VerifyOptions | undefined {
  const command = verifyCommand();
  if (!parseFlags(command, argv, () => "see npm run verify -- --help")) return undefined;
  const options = command.opts<Partial<VerifyOptions> & Pick<VerifyOptions, "engine" | "device" | "impl">>();
  for (const key of ["cases", "seed", "replay"] as const)
    if (options.vectors !== undefined && options[key] !== undefined)
      throw usageError(`--vectors and --${key} exclude each other: golden vectors are not drawn at random`);
  for (const key of ["cases", "seed"] as const)
    if (options.replay !== undefined && options[key] !== undefined)
      throw usageError(`--replay and --${key} exclude each other: the token holds both`);
  for (const key of ["vectors", "replay", "cases"] as const)
    if (options.mutants !== undefined && options[key] !== undefined)
      throw usageError(`--mutants and --${key} exclude each other: mutants meet problems of their own`);
  if (options.mutants !== undefined && options.impl.length > 0)
    throw usageError("--mutants and --impl exclude each other: mutants are of our own kernels");
  if (options.vectors !== undefined) mustBeFolder(options.vectors);
  if (options.json !== undefined) mustBeWritable(options.json);
  const { mutants, ...rest } = options as Omit<typeof options, "mutants"> & { mutants?: string | true };
  return {
    ...rest,
    ...(mutants === undefined ? {} : { mutants: mutants === true ? "" : mutants }),
    cases: options.cases ?? DEFAULT_CASES,
    seed: options.seed ?? DEFAULT_SEED,
  };
}

function verifyCommand(): Command {
  return new Command("verify")
    .description("Holds every implementation against the float64 reference, within its derived bound.")
    .option(
      "--cases <n>",
      `random and extreme problems, laws beside them (default ${DEFAULT_CASES})`,
      atLeastOne,
    )
    .option("--seed <s>", `seed of all problems (default ${DEFAULT_SEED})`, seed)
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
      "--mutants [name]",
      "plants bugs in our own kernels, all or those of this name: do the laws kill them?",
    )
    .option(
      "--impl <file>",
      "your own implementation beside ours, .ts, .js, .py, .c, .cu or .wgsl; may be repeated",
      repeated,
      [],
    )
    .option("--json <file>", "results as one JSON document")
    .allowExcessArguments(false)
    .configureOutput({ outputError: () => {} })
    .exitOverride();
}

function atLeastOne(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > MOST_CASES)
    throw new InvalidArgumentError(`it takes a whole number of at least 1 and at most ${MOST_CASES}.`);
  return value;
}

function seed(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > LARGEST_SEED)
    throw new InvalidArgumentError("it takes a whole number from 0 to 2147483647.");
  return value;
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

function mustBeFolder(folder: string): void {
  const found = statSync(folder, { throwIfNoEntry: false });
  if (!found?.isDirectory())
    throw usageError(
      `cannot read --vectors ${folder}: ${found ? "it is not a folder" : "there is no such folder"}; name a folder of *.safetensors`,
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
