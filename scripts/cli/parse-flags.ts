/** Flags through commander, with its complaints as ours: one line, and what to type next. */
import { type Command, CommanderError } from "commander";
import { usageError } from "./exit.js";

/**
 * @param next what to type next, e.g. `see npm run bench -- --help`
 * @returns whether to go on: not when help or the version was printed
 * @throws Stop
 */
export function parseFlags(command: Command, argv: readonly string[], next: () => string): boolean {
  try {
    command.parse([...argv], { from: "user" });
    return true;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return false;
    throw usageError(`${error.message.replace(/^error: /, "").replace(/\.?$/, "")}; ${next()}`);
  }
}
