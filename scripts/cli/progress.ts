/** Progress on stderr: one line that is rewritten on a terminal, else one plain line a case. Drawn between cases only. */
import type { Row } from "../../reports/rows/row.js";
import { amount } from "../../suites/budget/amount.js";
import type { Progress as State } from "../../suites/measure/run.js";

export interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const COLOURS = { measured: 32, rejected: 31, failed: 31, skipped: 33 } as const;

export class Progress {
  private done: number;
  private drawn = false;
  private readonly rewrites: boolean;
  private readonly colour: boolean;
  private readonly nowMs: () => number;
  private readonly startMs: number;

  constructor(
    private readonly terminal: Terminal,
    private readonly total: number,
    options: {
      readonly colour: boolean;
      readonly done?: number;
      readonly env?: NodeJS.ProcessEnv;
      readonly nowMs?: () => number;
    },
  ) {
    this.done = options.done ?? 0;
    this.nowMs = options.nowMs ?? (() => performance.now());
    this.startMs = this.nowMs();
    const env = options.env ?? process.env;
    this.rewrites = terminal.isTTY === true && !env.CI && env.TERM !== "dumb";
    this.colour = this.rewrites && options.colour && !env.NO_COLOR;
  }

  /** About to work on a problem. */
  next({ remainingNs, next }: State): void {
    if (!this.rewrites) return;
    const share = Math.floor((100 * this.done) / Math.max(1, this.total));
    const elapsed = amount((this.nowMs() - this.startMs) * 1e6, "ns");
    this.draw(
      `${share}% ${this.done}/${this.total}, ${elapsed} so far, at most ${amount(remainingNs, "ns")} left: ${next}`,
    );
  }

  row({ status, id, suite, ...row }: Row): void {
    this.done++;
    const ending =
      status === "measured" && "medianNs" in row
        ? amount(row.medianNs, "ns")
        : "reason" in row
          ? (row.reason ?? "")
          : "";
    if (this.rewrites && (status === "measured" || status === "skipped")) return;
    this.clear();
    const word = this.colour ? `\x1b[${COLOURS[status]}m${status}\x1b[0m` : status;
    this.terminal.write(`[${this.done}/${this.total}] ${word} ${suite} ${id}: ${ending}\n`);
  }

  clear(): void {
    if (this.drawn) this.terminal.write("\r\x1b[2K");
    this.drawn = false;
  }

  private draw(text: string): void {
    const columns = this.terminal.columns || 80;
    const line = text.length < columns ? text : `${text.slice(0, Math.max(1, columns - 2))}~`;
    this.terminal.write(`\r\x1b[2K${line}`);
    this.drawn = true;
  }
}
