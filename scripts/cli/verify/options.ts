/** Flags of `npm run verify`. */
import { statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { operators } from "../../../impls/index.js";
import { MOST_CASES, parseToken, type Token } from "../../../suites/verify/token.js";
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
  /** Folder of a campaign: blocks of cases, whatever their number, on all cores. */
  readonly resume?: string;
  /** Folder that problems are written to, for kernels of any language. */
  readonly export?: string;
  /** Folder of what such kernels wrote back. */
  readonly outputs?: string;
  /** Of `export`: operators by name, all when empty. */
  readonly operator: readonly string[];
  readonly impl: readonly string[];
  readonly json?: string;
}

/** How a person starts this command here. */
export const verifyInvocation = (): string => invocationOf("verify");

const DEFAULT_CASES = 200;
/** Of each operator. */
const EXPORTED_CASES = 20;
const DEFAULT_SEED = 0;

/** @returns undefined when the help was printed. @throws Stop */
export function parseVerifyOptions(argv: readonly string[]): VerifyOptions | undefined {
  const command = verifyCommand();
  if (!parseFlags(command, argv, () => "see npm run verify -- --help")) return undefined;
  const options = command.opts<
    Partial<VerifyOptions> & Pick<VerifyOptions, "engine" | "device" | "impl" | "operator">
  >();
  oneMode(options);
  for (const key of ["cases", "seed", "replay"] as const)
    if (options.vectors !== undefined && options[key] !== undefined)
      throw usageError(`--vectors and --${key} exclude each other: golden vectors are not drawn at random`);
  for (const key of ["cases", "seed"] as const)
    if (options.replay !== undefined && options[key] !== undefined)
      throw usageError(`--replay and --${key} exclude each other: the token holds both`);
  if (options.vectors !== undefined) mustBeFolder("vectors", options.vectors);
  if (options.outputs !== undefined) mustBeFolder("outputs", options.outputs);
  if (options.json !== undefined) mustBeWritable(options.json);
  if (options.resume === undefined && (options.cases ?? 0) > MOST_CASES)
    throw usageError(
      `--cases takes ${MOST_CASES} at most; more with --resume DIR, which keeps what was done`,
    );
  if (options.resume !== undefined && options.json !== undefined)
    throw usageError("--resume and --json exclude each other: each block in its folder is such a document");
  const cases = options.export === undefined ? DEFAULT_CASES : EXPORTED_CASES;
  return { ...options, cases: options.cases ?? cases, seed: options.seed ?? DEFAULT_SEED };
}

/** What stands beside the flags of another mode would be passed over without a word. */
function oneMode(
  options: Partial<VerifyOptions> & Pick<VerifyOptions, "engine" | "device" | "impl" | "operator">,
): void {
  const modes = (["vectors", "replay", "resume", "export", "outputs"] as const).filter(
    (mode) => options[mode] !== undefined,
  );
  if (modes.length > 1) throw usageError(`--${modes.join(" and --")} exclude each other`);
  const files = options.export ?? options.outputs;
  const ours = (["engine", "device", "impl"] as const).find((name) => options[name].length > 0);
  if (files !== undefined && ours)
    throw usageError(`--${ours} has no part in --${modes[0]}: the kernels are somebody else's`);
  if (options.outputs !== undefined)
    for (const key of ["cases", "seed"] as const)
      if (options[key] !== undefined)
        throw usageError(`--outputs and --${key} exclude each other: names of files hold both`);
  if (options.operator.length > 0 && options.export === undefined)
    throw usageError("--operator goes with --export: it chooses whose problems are written");
  const known = operators.map(({ name }) => name);
  const strange = options.operator.find((name) => !known.includes(name));
  if (strange !== undefined)
    throw usageError(`there is no operator "${strange}"; there are ${known.join(", ")}`);
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
      "--impl <file>",
      "your own implementation beside ours, .ts, .js, .py, .c, .cu or .wgsl; may be repeated",
      repeated,
      [],
    )
    .option(
      "--export <dir>",
      `writes problems for kernels in any language, as safetensors (--cases of each operator, default ${EXPORTED_CASES})`,
    )
    .option("--operator <name>", "of --export: only this operator's; may be repeated", repeated, [])
    .option("--outputs <dir>", "judges what such kernels wrote back")
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
