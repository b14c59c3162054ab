// What a thread of the pool (pool.ts) does between two letters, on Node and in a page.

/**
 * @param job control block, this thread's index, how long to spin, places in the block
 * @param kernels by number: { call: exported functions in order of name, scratch: bytes of this thread's own memory }
 * @returns a function that takes part in dispatches until there is mail, and returns how many letters were sent in all; the dispatch that
 *   came with the mail is taken at the next call
 */
export function turnsOf({ control, index, spinMs, word }, kernels) {
  const words = new Int32Array(control);
  let seenEpoch = 0;
  let seenMail = 0;
  let waiting;

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

  function take(epoch) {
    const kernel = kernels.get(words[word.kernel]);
    if (index >= Atomics.load(words, word.threads) || !kernel || !join(epoch)) return;
    work(kernel);
    Atomics.add(words, word.finished, 1);
    Atomics.notify(words, word.finished);
  }

  function work({ call, scratch }) {
    try {
      const run = call[words[word.entry]];
      const args = words[word.args];
      const tasks = words[word.tasks];
      for (
        let task = Atomics.add(words, word.next, 1);
        task < tasks;
        task = Atomics.add(words, word.next, 1)
      ) {
        run(args, task, scratch);
      }
    } catch {
      Atomics.store(words, word.trapped, 1);
    }
  }

  return () => {
    if (waiting !== undefined) take(waiting);
    for (;;) {
      waiting = nextEpoch();
      const mail = Atomics.load(words, word.mail);
      if (mail !== seenMail) {
        seenMail = mail;
        return mail;
      }
      take(waiting);
    }
  };
}

/** A kernel as `turnsOf` calls it. */
export function attached({ module, memory, entries, scratch, scratchBytes }, index) {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  return { call: entries.map((entry) => exports[entry]), scratch: scratch + index * scratchBytes };
}
