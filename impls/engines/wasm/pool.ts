import type { Hand, Place } from "./place/place.js";

/** A kernel's function: works on one task, with a block of arguments and scratch memory of its own. */
export type Entry = (args: number, task: number, scratch: number) => void;

/** What a thread needs to call a kernel: compiled code and the memory it works on. */
export interface KernelOnMemory {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly entries: readonly string[];
  readonly scratch: number;
  readonly scratchBytes: number;
}

/** Runs tasks 0 to `tasks` - 1 of an entry and returns when all are done. */
export type Dispatch = (entry: string, args: number, tasks: number) => void;

export interface AttachedKernel {
  dispatch: Dispatch;
  detach(): void;
}

// Words of the control block. gate = epoch * 256 + 128 if closed + number of workers that joined.
const word = {
  epoch: 0,
  mail: 1,
  threads: 2,
  gate: 3,
  kernel: 4,
  entry: 5,
  args: 6,
  tasks: 7,
  next: 8,
  finished: 9,
  trapped: 10,
};

/** Longer than the gap between two runs of a benchmark, shorter than anyone notices: waking a sleeper takes 60-100 us. */
const SPIN_MS = 0.04;

/**
 * Worker threads that share the work of a dispatch with the main thread. Tasks are taken from a common counter and write to
 * disjoint places, so results do not depend on who takes which.
 */
export class Pool {
  // a page whose host does not isolate it has no SharedArrayBuffer, and no second thread that would read it
  readonly #words = new Int32Array(new (globalThis.SharedArrayBuffer ?? ArrayBuffer)(64));
  readonly #hands: Hand[] = [];
  #kernels = 0;

  constructor(private readonly hire: Place["hire"]) {}

  /** Makes a kernel callable on `threads` threads, this one included. */
  attach(kernel: KernelOnMemory, threads: number): AttachedKernel {
    const { exports } = new WebAssembly.Instance(kernel.module, { env: { memory: kernel.memory } });
    const call = new Map(kernel.entries.map((entry, i) => [entry, { run: exports[entry] as Entry, i }]));
    if (threads > 1) this.#grow(threads - 1);
    const id = ++this.#kernels;
    const hands = this.#hands.slice(0, threads - 1);
    if (hands.length > 0) this.#post(hands, { kernel: id, ...kernel });
    return {
      dispatch: (entry, args, tasks) => {
        const found = call.get(entry);
        if (!found) throw new Error(`kernel has no entry ${entry}; it has ${kernel.entries.join(", ")}`);
        if (hands.length === 0 || tasks < 2) {
          for (let task = 0; task < tasks; task++) found.run(args, task, kernel.scratch);
        } else this.#share(id, found.i, found.run, args, tasks, hands.length, kernel.scratch);
      },
      detach: () => {
        if (hands.length > 0) this.#post(hands, { kernel: id });
      },
    };
  }

  #share(
    kernel: number,
    entry: number,
    run: Entry,
    args: number,
    tasks: number,
    workers: number,
    scratch: number,
  ): void {
    const words = this.#words;
    words[word.kernel] = kernel;
    words[word.entry] = entry;
    words[word.args] = args;
    words[word.tasks] = tasks;
    words[word.next] = 0;
    words[word.finished] = 0;
    words[word.threads] = workers + 1;
    const epoch = words[word.epoch] + 1;
    Atomics.store(words, word.gate, (epoch & 0x7fffff) << 8);
    Atomics.store(words, word.epoch, epoch);
    Atomics.notify(words, word.epoch);
    for (let task = Atomics.add(words, word.next, 1); task < tasks; task = Atomics.add(words, word.next, 1)) {
      run(args, task, scratch);
    }
    const joined = Atomics.or(words, word.gate, 128) & 127;
    this.#await(joined);
    if (Atomics.exchange(words, word.trapped, 0)) throw new Error("a kernel trapped on a worker thread");
  }

  #await(joined: number): void {
    const until = performance.now() + SPIN_MS;
    for (let i = 1; ; i++) {
      const finished = Atomics.load(this.#words, word.finished);
      if (finished === joined) return;
      if (i % 32 === 0 && performance.now() > until) Atomics.wait(this.#words, word.finished, finished);
    }
  }

  /** Sends mail and wakes everyone to read it; without a thread count nobody takes part in the epoch. */
  #post(hands: readonly Hand[], letter: object): void {
    const words = this.#words;
    const mail = words[word.mail] + 1;
    for (const hand of hands) hand.send({ mail, ...letter });
    words[word.threads] = 0;
    Atomics.or(words, word.gate, 128);
    Atomics.add(words, word.mail, 1);
    Atomics.add(words, word.epoch, 1);
    Atomics.notify(words, word.epoch);
  }

  #grow(threads: number): void {
    const control = this.#words.buffer as SharedArrayBuffer;
    while (this.#hands.length < threads)
      this.#hands.push(this.hire({ control, index: this.#hands.length + 1, spinMs: SPIN_MS, word }));
  }

  async close(): Promise<void> {
    await Promise.all(this.#hands.map((hand) => hand.end()));
    this.#hands.length = 0;
  }
}
