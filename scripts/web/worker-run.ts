/** A run in a worker, seen from the page. */
import type { CaseRecord } from "../../reports/rows/row.js";
import type { Progress } from "../../suites/measure/run.js";
import type { PageChoice } from "./run.js";

export type ToWorker = { readonly kind: "run"; readonly run: PageChoice } | { readonly kind: "stop" };
export type FromWorker =
  | { readonly kind: "record"; readonly record: CaseRecord }
  | { readonly kind: "progress"; readonly progress: Progress }
  | { readonly kind: "remark"; readonly sentence: string }
  | { readonly kind: "done"; readonly count: number }
  | { readonly kind: "failed"; readonly message: string; readonly isStopped: boolean };

export interface Listener {
  record(record: CaseRecord): void;
  progress(progress: Progress): void;
  /** An engine that is not here, and why. */
  remark(sentence: string): void;
}

/** How a run ended: whole, stopped by the reader, or with a sentence. */
export type End =
  | { readonly kind: "done" | "stopped" }
  | { readonly kind: "failed"; readonly message: string };

/** A kernel that is running cannot be asked: after this long its worker goes with it. */
const PATIENCE_MS = 2000;

export class WorkerRun {
  private readonly worker = new Worker(new URL("./bench.worker.ts", import.meta.url), { type: "module" });
  private finish: (end: End) => void = () => {};
  readonly ended: Promise<End>;

  constructor(run: PageChoice, listener: Listener) {
    this.ended = new Promise<End>((resolve) => {
      this.finish = resolve;
    }).finally(() => this.worker.terminate());
    this.worker.addEventListener("error", ({ message }) => {
      this.finish({ kind: "failed", message: message || "the worker could not be started" });
    });
    this.worker.addEventListener("message", ({ data }: MessageEvent<FromWorker>) =>
      this.hear(data, listener),
    );
    this.send({ kind: "run", run });
  }

  /** Rows that have arrived stay. */
  stop(): void {
    this.send({ kind: "stop" });
    setTimeout(() => this.finish({ kind: "stopped" }), PATIENCE_MS);
  }

  private send(message: ToWorker): void {
    this.worker.postMessage(message);
  }

  private hear(said: FromWorker, listener: Listener): void {
    if (said.kind === "record") listener.record(said.record);
    else if (said.kind === "progress") listener.progress(said.progress);
    else if (said.kind === "remark") listener.remark(said.sentence);
    else if (said.kind === "done") this.finish({ kind: "done" });
    else this.finish(said.isStopped ? { kind: "stopped" } : { kind: "failed", message: said.message });
  }
}
