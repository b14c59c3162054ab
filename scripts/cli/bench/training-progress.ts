/** Progress of trainings on stderr: one line that is rewritten on a terminal, else a line a training and one now and then. */
import { formatNumber, plural } from "../../../reports/format.js";
import type { TrainingRow } from "../../../reports/rows/training.js";
import { amount } from "../../../suites/budget/amount.js";
import type { TrainingProgress as State } from "../../../suites/learning/run.js";
import type { Terminal } from "../progress.js";

/** Where nothing can be rewritten. */
const SAY_EVERY_MS = 30_000;

export class TrainingProgress {
  private drawn = false;
  private saidMs: number;
  private readonly rewrites: boolean;

  constructor(
    private readonly terminal: Terminal,
    private readonly total: number,
    private done: number,
    private readonly nowMs: () => number,
    env: NodeJS.ProcessEnv = process.env,
  ) {
    this.rewrites = terminal.isTTY === true && !env.CI && env.TERM !== "dumb";
    this.saidMs = nowMs();
  }

  /** In the middle of a training. */
  step({ id, step, steps, remainingNs }: State): void {
    const left = `about ${amount(remainingNs, "ns")} left`;
    const text = `${this.done}/${this.total} trained, ${left}: step ${step}/${steps} of ${id}`;
    if (this.rewrites) this.draw(text);
    else if (this.nowMs() - this.saidMs > SAY_EVERY_MS) this.say(text);
  }

  row({ id, status, accuracy, loss, stepsTaken, reason }: TrainingRow): void {
    this.done++;
    const result =
      status === "stopped"
        ? `stopped: ${reason}`
        : `loss ${formatNumber(loss ?? 0)}, ${formatNumber(100 * (accuracy ?? 0))}% right after ${plural(stepsTaken, "step")}`;
    this.say(`[${this.done}/${this.total}] ${id}: ${result}`);
  }

  clear(): void {
    if (this.drawn) this.terminal.write("\r\x1b[2K");
    this.drawn = false;
  }

  private say(text: string): void {
    this.clear();
    this.terminal.write(`${text}\n`);
    this.saidMs = this.nowMs();
  }

  private draw(text: string): void {
    const columns = this.terminal.columns || 80;
    this.terminal.write(`\r\x1b[2K${text.length < columns ? text : `${text.slice(0, columns - 2)}~`}`);
    this.drawn = true;
  }
}
