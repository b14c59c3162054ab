/** Flags of `npm run verify`. */
import { statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { parseToken, type Token } from "../../../suites/verify/token.js";
import { usageError } from "../exit.js";
import { invocationOf } from "../invocation.js";
import { casesFlag, seedFlag } from "../numbers.js";
import { parseFlags } from "../parse-flags.js";

export interface VerifyOptions {
  readonly cases: number;
  readonly seed: number;
  readonly engine: readonly string[];
  readonly device: readonly string[];
  readonly vectors?: string;
  readonly replay?: Token;
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
  if (options.vectors !== undefined) mustBeFolder(options.vectors);
  if (options.json !== undefined) mustBeWritable(options.json);
  return { ...options, cases: options.cases ?? DEFAULT_CASES, seed: options.seed ?? DEFAULT_SEED };
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
