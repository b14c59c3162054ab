// A worker of the pool (pool.ts) on Node. Plain JavaScript: tsx does not reach worker threads on Node 20.
// It sleeps in Atomics.wait, never in the event loop, and takes its mail by hand; the process ends without asking it.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { receiveMessageOnPort, workerData } from "node:worker_threads";
import { attached, turnsOf } from "./turns.mjs";

const { port, index } = workerData;
/** A memory of this size is collected as soon as its kernel is gone: a sleeping thread would hold it, whoever else let go of it. */
const LARGE_BYTES = 2 ** 27;
/** Each memory reserves 10 GiB of addresses, of which a process has few: this thread, which allocates nothing else, would never let go. */
const MOST_GONE = 16;
setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc");
/** As `turnsOf` wants them, with the bytes of their memories. */
const kernels = new Map();
/** Kernels that are gone and not yet collected, and the bytes of their memories. */
let gone = 0;
let goneBytes = 0;

const untilMail = turnsOf(workerData, kernels);
for (;;) {
  untilMail();
  readMail();
}

function readMail() {
  for (let mail = receiveMessageOnPort(port); mail; mail = receiveMessageOnPort(port)) {
    const { kernel, module, memory } = mail.message;
    if (module) kernels.set(kernel, { ...attached(mail.message, index), bytes: memory.buffer.byteLength });
    else {
      goneBytes += kernels.get(kernel)?.bytes ?? 0;
      gone++;
      kernels.delete(kernel);
    }
  }
  if (goneBytes < LARGE_BYTES && gone < MOST_GONE) return;
  collect();
  gone = goneBytes = 0;
}
