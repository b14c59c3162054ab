/** Exit codes of all commands; design contract. */
import { CommanderError } from "commander";

/** Bad usage, configuration or input: one line on stderr, exit code 2, no stack trace. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Turns an error that a user can mend into a usage error. */
export function usage(error: unknown): never {
  throw new UsageError(error instanceof Error ? error.message : String(error));
}

/** Runs a command and answers with its exit code; help is 0. An error that nobody foresaw keeps its stack: it is a bug here. */
export async function exitCode(command: () => Promise<number>): Promise<number> {
  try {
    return await command();
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (!(error instanceof UsageError)) throw error;
    console.error(error.message);
    return 2;
  }
}
