/**
 * Progress on stderr: one line that is rewritten on a terminal, else one plain line a case. Skips are many and alike: they are counted
 * and told once at the end, a line a reason, or each at once where the user asks for them. Drawn between cases only.
 */
import { plural } from "../../reports/format.js";
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
  private readonly verbose: boolean;
  private readonly nowMs: () => number;
  private readonly startMs: number;
  /** Skipped cases by the reason's kind: the reason without its figures. */
  private readonly skips = new Map<string, Row[]>();

  constructor(
    private readonly terminal: Terminal,
    private readonly total: number,
    options: {
      readonly colour: boolean;
      readonly verbose?: boolean;
      readonly done?: number;
      readonly env?: NodeJS.ProcessEnv;
      readonly nowMs?: () => number;
    },
  ) {
    this.done = options.done ?? 0;
    this.nowMs = options.nowMs ?? (() => performance.now());
    this.startMs = this.nowMs();
    this.verbose = options.verbose === true;
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

  row(made: Row): void {
    this.done++;
    const { status, id, suite, ...row } = made;
    if (status === "skipped" && !this.verbose) {
      const kind = made.reason.replace(FIGURE, "…");
      this.skips.set(kind, [...(this.skips.get(kind) ?? []), made]);
      return;
    }
    const ending =
      status === "measured" && "medianNs" in row
        ? amount(row.medianNs, "ns")
        : "reason" in row
          ? (row.reason ?? "")
          : "";
    if (this.rewrites && status === "measured") return;
    this.line(`[${this.done}/${this.total}] ${this.painted(status)} ${suite} ${id}: ${ending}`);
  }

  /** The skips so far, most first. */
  tellSkips(): void {
    const kinds = [...this.skips].sort(([, a], [, b]) => b.length - a.length);
    this.skips.clear();
    for (const [kind, rows] of kinds)
      this.line(`${this.painted("skipped")} ${plural(rows.length, "case")} (${among(rows)}): ${kind}`);
    if (kinds.length > 0) this.line("each skip with its figures: --verbose, or the reasons in results.csv");
  }

  private line(text: string): void {
    this.clear();
    this.terminal.write(`${text}\n`);
  }

  private painted(status: Row["status"]): string {
    return this.colour ? `\x1b[${COLOURS[status]}m${status}\x1b[0m` : status;
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

/** A number with its unit: what differs between skips of one kind. */
const FIGURE = /\b\d[\d.e+]*( (ns|us|ms|s|min|h|B|KiB|MiB|GiB))?\b/g;
const MOST_NAMED = 3;

/** The implementations among rows, a few by name. */
function among(rows: readonly Row[]): string {
  const names = [...new Set(rows.map(({ operator, form, engine }) => `${operator}/${form}.${engine}`))];
  const more = names.length - MOST_NAMED;
  return names.slice(0, MOST_NAMED).join(", ") + (more > 0 ? ` and ${more} more` : "");
}
