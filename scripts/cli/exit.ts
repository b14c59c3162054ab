import { StoreError } from "../../reports/rows/errors.js";
import { visible } from "../../reports/text.js";

/** How a command ends. The numbers are a contract; scripts of other people read them. */
export const EXIT = {
  good: 0,
  /** A case was rejected or failed, a verification failed, or a regression. */
  wrong: 1,
  usage: 2,
  /** Inconclusive, or a foreign machine or commit. */
  inconclusive: 3,
  /** Gate only: an output breaks its bound. */
  wrongOutput: 4,
  nothingToMeasure: 5,
  interrupted: 130,
  terminated: 143,
} as const;

/** Ends a command with one line on stderr: what, why, what to type next. */
export class Stop extends Error {
  override readonly name = "Stop";

  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

export function usageError(message: string): Stop {
  return new Stop(EXIT.usage, message);
}

/** One line on stderr. What comes from data cannot move the cursor. */
export function warn(message: string): void {
  process.stderr.write(`dualbench: ${visible(message.replace(/\s*\n\s*/g, " "))}\n`);
}

/** The first of many sentences, and how many more there are. */
export function warnAll(messages: readonly string[], most = 10): void {
  for (const message of messages.slice(0, most)) warn(message);
  if (messages.length > most) warn(`and ${messages.length - most} more like these`);
}

/** Runs a command to its exit code. A bug keeps its stack; everything foreseen is one line. */
export async function exitCodeOf(command: () => Promise<number>): Promise<number> {
  // a reader that has seen enough (head, less) is no failure
  for (const stream of [process.stdout, process.stderr])
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") process.exit(process.exitCode ?? 0);
      throw error;
    });
  try {
    return await command();
  } catch (error) {
    if (error instanceof Stop) {
      warn(error.message);
      return error.code;
    }
    if (error instanceof StoreError) {
      warn(error.message);
      return EXIT.usage;
    }
    throw error;
  }
}
