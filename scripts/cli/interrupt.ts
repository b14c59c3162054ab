/** Ctrl-C and SIGTERM: the first one stops the children at once and lets finished rows be written, the second one ends everything. */
import { EXIT } from "./exit.js";

const CODES = { SIGINT: EXIT.interrupted, SIGTERM: EXIT.terminated, SIGHUP: EXIT.terminated } as const;
type StopSignal = keyof typeof CODES;

/** However long the last words take, the process is gone after this: within two seconds, were it not to look at its timers for a while. */
const LAST_RESORT_MS = 1500;

export class Interrupt {
  /** Exit code once a signal has come. */
  code: number | undefined;
  /** Ends what is running now. */
  stop: () => unknown = () => {};
  private readonly controller = new AbortController();

  constructor() {
    for (const signal of Object.keys(CODES) as StopSignal[]) process.on(signal, this.onSignal);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  close(): void {
    for (const signal of Object.keys(CODES) as StopSignal[]) process.off(signal, this.onSignal);
  }

  private readonly onSignal = (signal: NodeJS.Signals) => {
    const code = CODES[signal as StopSignal];
    if (this.code !== undefined) process.exit(this.code);
    this.code = code;
    this.controller.abort();
    setTimeout(() => process.exit(code), LAST_RESORT_MS).unref();
    this.stop();
  };
}
