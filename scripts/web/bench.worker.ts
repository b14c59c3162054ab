/** Runs the suites beside the page, so that it stays alive: what it draws and the button that stops. */
import { bench } from "./run.js";
import type { FromWorker, ToWorker } from "./worker-run.js";

const stop = new AbortController();
const say = (message: FromWorker) => postMessage(message);

addEventListener("message", async ({ data }: MessageEvent<ToWorker>) => {
  if (data.kind === "stop") return stop.abort();
  try {
    const records = await bench({
      ...data.run,
      signal: stop.signal,
      onRecord: (record) => say({ kind: "record", record }),
      onProgress: (progress) => say({ kind: "progress", progress }),
      onRemark: (sentence) => say({ kind: "remark", sentence }),
    });
    say({ kind: "done", count: records.length });
  } catch (error) {
    say({ kind: "failed", message: (error as Error).message, isStopped: stop.signal.aborted });
  }
});
