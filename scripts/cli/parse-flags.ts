/** Flags through commander, with its complaints as ours: one line, and what to type next. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Command, CommanderError } from "commander";
import { packageRoot } from "../../suites/measure/environment.js";
import { usageError } from "./exit.js";

/** Of the package that this code belongs to. */
export function ownVersion(): string {
  return JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8")).version;
}

/**
 * Every command tells its version and leaves colours out where it is told to.
 * @param next what to type next, e.g. `see npm run bench -- --help`
 * @returns whether to go on: not when help or the version was printed
 * @throws Stop
 */
export function parseFlags(command: Command, argv: readonly string[], next: () => string): boolean {
  command.version(ownVersion(), "--version", "print the version of dualbench and end");
  command.option("--no-color", "no colour");
  try {
    command.parse([...argv], { from: "user" });
    // what draws with colours of its own reads this, and so does what it starts
    if (command.opts().color === false) process.env.NO_COLOR = "1";
    return true;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return false;
    throw usageError(`${error.message.replace(/^error: /, "").replace(/\.?$/, "")}; ${next()}`);
  }
}
