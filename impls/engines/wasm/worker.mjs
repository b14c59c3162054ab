// A worker of the pool (pool.ts). Plain JavaScript: tsx does not reach worker threads on Node 20.
// It sleeps in Atomics.wait, never in the event loop, and takes its mail by hand; the process ends without asking it.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { receiveMessageOnPort, workerData } from "node:worker_threads";

const { control, port, index, spinMs, word } = workerData;
const words = new Int32Array(control);
/** A memory of this size is collected as soon as its kernel is gone: a sleeping thread would hold it, whoever else let go of it. */
const LARGE_BYTES = 2 ** 27;
/** Each memory reserves 10 GiB of addresses, of which a process has few: this thread, which allocates nothing else, would never let go. */
const MOST_GONE = 16;
setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc");
/** Kernels by number: { call: exported functions in order of name, scratch: bytes of this thread's own memory, bytes: of its memory } */
const kernels = new Map();
let seenEpoch = 0;
let seenMail = 0;
/** Kernels that are gone and not yet collected, and the bytes of their memories. */
let gone = 0;
let goneBytes = 0;

for (;;) {
  const epoch = nextEpoch();
  const mail = Atomics.load(words, word.mail);
  if (mail !== seenMail) {
    seenMail = mail;
    readMail();
  }
  if (index < Atomics.load(words, word.threads) && join(epoch)) {
    work();
    Atomics.add(words, word.finished, 1);
    Atomics.notify(words, word.finished);
  }
}

/** Spins a little, since runs follow each other within microseconds, then sleeps. */
function nextEpoch() {
  const until = performance.now() + spinMs;
  for (let i = 1; ; i++) {
    const epoch = Atomics.load(words, word.epoch);
    if (epoch !== seenEpoch) {
      seenEpoch = epoch;
      return epoch;
    }
    if (i % 32 === 0 && performance.now() > until) Atomics.wait(words, word.epoch, seenEpoch);
  }
}

/** Enters a dispatch unless the main thread has already closed it: nobody waits for a thread that wakes late. */
function join(epoch) {
  for (;;) {
    const gate = Atomics.load(words, word.gate);
    if (gate >>> 8 !== (epoch & 0x7fffff) || gate & 128) return false;
    if (Atomics.compareExchange(words, word.gate, gate, gate + 1) === gate) return true;
  }
}

function work() {
  try {
    if (!kernels.has(words[word.kernel])) readMail();
    const { call, scratch } = kernels.get(words[word.kernel]);
    const run = call[words[word.entry]];
    const args = words[word.args];
    const tasks = words[word.tasks];
    for (let task = Atomics.add(words, word.next, 1); task < tasks; task = Atomics.add(words, word.next, 1)) {
      run(args, task, scratch);
    }
  } catch {
    Atomics.store(words, word.trapped, 1);
  }
}

function readMail() {
  for (let mail = receiveMessageOnPort(port); mail; mail = receiveMessageOnPort(port)) {
    const { kernel, module } = mail.message;
    if (module) attach(mail.message);
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

function attach({ kernel, module, memory, entries, scratch, scratchBytes }) {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  kernels.set(kernel, {
    call: entries.map((entry) => exports[entry]),
    scratch: scratch + index * scratchBytes,
    bytes: memory.buffer.byteLength,
  });
}
