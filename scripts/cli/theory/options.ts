/** Flags of `npm run theory`. */
import { Command } from "commander";
import { statements } from "../../../suites/theory/index.js";
import { usageError } from "../exit.js";
import { invocationOf } from "../invocation.js";
import { casesFlag, seedFlag } from "../numbers.js";
import { parseFlags } from "../parse-flags.js";

export interface TheoryOptions {
  readonly cases: number;
  readonly seed: number;
  /** Names; all when empty. */
  readonly statement: readonly string[];
}

const DEFAULT_CASES = 1000;
const DEFAULT_SEED = 0;

/** @returns undefined when the help was printed. @throws Stop */
export function parseTheoryOptions(argv: readonly string[]): TheoryOptions | undefined {
  const command = theoryCommand();
  if (!parseFlags(command, argv, () => `see ${invocationOf("theory")} --help`)) return undefined;
  const options = command.opts<TheoryOptions>();
  const known = statements.map(({ name }) => name);
  const strange = options.statement.find((name) => !known.includes(name));
  if (strange !== undefined)
    throw usageError(`there is no statement "${strange}"; there are ${known.join(", ")}`);
  return options;
}

function theoryCommand(): Command {
  return new Command("theory")
    .description("Runs the statements of the Mamba-2 paper as properties on random semiseparable inputs.")
    .option("--cases <n>", `random cases of each statement`, casesFlag, DEFAULT_CASES)
    .option("--seed <s>", "seed of all cases", seedFlag, DEFAULT_SEED)
    .option(
      "--statement <name>",
      "only this one; may be repeated",
      (name: string, before: readonly string[]) => [...before, name],
      [],
    )
    .allowExcessArguments(false)
    .configureOutput({ outputError: () => {} })
    .exitOverride();
}
