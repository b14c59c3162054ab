import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { dirname } from "node:path";

/** One option of a kernel that is better measured than guessed, e.g. a chunk length. */
export interface Search {
  /** Name and hash of the compiled kernel: another kernel is another search. */
  readonly kernel: string;
  /** What the answer depends on, e.g. "headDim=64 state=128". */
  readonly shape: string;
  /** The first one is kept unless another is clearly faster. */
  readonly candidates: readonly number[];
  /** One call is one timed run. */
  prepare(candidate: number): Promise<{ run(): void; dispose(): void }>;
}

/** A new candidate must beat the first by this much: a tie should not change the ids of cases. */
const MARGIN = 0.03;
/** Long enough for V8 to finish compiling, and for a few rounds at their best. */
const SEARCH_MS = 250;
const FEWEST_ROUNDS = 5;

/**
 * Answers of short searches, kept on disk with the compiled kernels: a case must be called the same when it is listed, run and resumed.
 * Where the folder cannot be written they last as long as the process.
 */
export class Choices {
  readonly #known = new Map<string, Promise<number>>();

  constructor(readonly file: string) {}

  /** The candidate with the shortest run on this machine. */
  choose(search: Search): Promise<number> {
    const key = [cpus()[0]?.model.trim(), `node ${process.version}`, search.kernel, search.shape].join(", ");
    let answer = this.#known.get(key);
    if (!answer) {
      answer = this.#remembered(key, search);
      this.#known.set(key, answer);
      answer.catch(() => this.#known.delete(key));
    }
    return answer;
  }

  async #remembered(key: string, search: Search): Promise<number> {
    const stored = (await this.#read())[key];
    if (typeof stored === "number" && search.candidates.includes(stored)) return stored;
    const found = await fastest(search);
    await this.#write(key, found);
    return found;
  }

  async #read(): Promise<Readonly<Record<string, unknown>>> {
    try {
      return Object(JSON.parse(await readFile(this.file, "utf8")));
    } catch {
      return {};
    }
  }

  /** Written aside and renamed: a second process never reads half a file. */
  async #write(key: string, value: number): Promise<void> {
    const all = { ...(await this.#read()), [key]: value };
    const aside = `${this.file}.${process.pid}`;
    try {
      await mkdir(dirname(this.file), { recursive: true });
      await writeFile(aside, `${JSON.stringify(all, undefined, 1)}\n`);
      await rename(aside, this.file);
    } catch {
      // a folder that nobody may write to: the answer holds for this process
    }
  }
}

/** Least time of each candidate over interleaved rounds; the first wins unless another is faster by the margin. */
async function fastest({ candidates, prepare }: Search): Promise<number> {
  const runs = [];
  for (const candidate of candidates)
    runs.push({ candidate, leastMs: Number.POSITIVE_INFINITY, ...(await prepare(candidate)) });
  try {
    const until = performance.now() + SEARCH_MS;
    for (let round = 0; round < FEWEST_ROUNDS || performance.now() < until; round++)
      for (const one of runs) {
        const start = performance.now();
        one.run();
        one.leastMs = Math.min(one.leastMs, performance.now() - start);
      }
  } finally {
    for (const { dispose } of runs) dispose();
  }
  const [first, ...others] = runs;
  const best = others.reduce((least, one) => (one.leastMs < least.leastMs ? one : least), first);
  return best.leastMs < first.leastMs * (1 - MARGIN) ? best.candidate : first.candidate;
}
