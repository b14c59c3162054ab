/** Options that are measured rather than guessed: short searches, whose answers are kept. */
import { builtin, inBrowser } from "./platform.js";

/** One option of a kernel that is better measured than guessed, e.g. a chunk length. */
export interface Search<Candidate extends number | string> {
  /** What runs it, e.g. a processor's model or an adapter and its driver. */
  readonly place: string;
  /** Name and hash of the kernel: another kernel is another search. */
  readonly kernel: string;
  /** What the answer depends on, e.g. "headDim=64 state=128". */
  readonly shape: string;
  /** The first one is kept unless another is clearly faster. */
  readonly candidates: readonly Candidate[];
  prepare(candidate: Candidate): Promise<Contender>;
}

export interface Contender {
  /** Time of one run, in any unit. */
  time(): number | Promise<number>;
  dispose(): void | Promise<void>;
}

/** A new candidate must beat the first by this much: a tie should not change the ids of cases. */
const MARGIN = 0.03;
/** Long enough for V8 to finish compiling, and for a few rounds at their best. */
const SEARCH_MS = 250;
const FEWEST_ROUNDS = 5;

/**
 * Answers of short searches, kept on disk: a case must be called the same when it is listed, run and resumed. In a page, and where
 * the folder cannot be written, they last as long as the process.
 */
export class Choices {
  readonly #known = new Map<string, Promise<number | string>>();

  constructor(readonly file: URL) {}

  /** The candidate with the shortest run in this place. */
  async choose<Candidate extends number | string>(search: Search<Candidate>): Promise<Candidate> {
    const key = [search.place, search.kernel, search.shape].join(", ");
    let answer = this.#known.get(key);
    if (!answer) {
      answer = this.#remembered(key, search);
      this.#known.set(key, answer);
      answer.catch(() => this.#known.delete(key));
    }
    const found = await answer;
    return search.candidates.find((candidate) => candidate === found) ?? search.candidates[0];
  }

  async #remembered<Candidate extends number | string>(
    key: string,
    search: Search<Candidate>,
  ): Promise<Candidate> {
    const stored = (await this.#read())[key];
    const known = search.candidates.find((candidate) => candidate === stored);
    if (known !== undefined) return known;
    const found = await fastest(search);
    await this.#write(key, found);
    return found;
  }

  async #read(): Promise<Readonly<Record<string, unknown>>> {
    if (inBrowser()) return {};
    try {
      return Object(JSON.parse(await builtin("node:fs/promises").readFile(this.file, "utf8")));
    } catch {
      return {};
    }
  }

  /** Written aside and renamed: a second process never reads half a file. */
  async #write(key: string, value: number | string): Promise<void> {
    if (inBrowser()) return;
    const { mkdir, rename, writeFile } = builtin("node:fs/promises");
    const all = { ...(await this.#read()), [key]: value };
    const aside = new URL(`${this.file.href}.${process.pid}`);
    try {
      await mkdir(new URL(".", this.file), { recursive: true });
      await writeFile(aside, `${JSON.stringify(all, undefined, 1)}\n`);
      await rename(aside, this.file);
    } catch {
      // a folder that nobody may write to: the answer holds for this process
    }
  }
}

/** Least time of each candidate over interleaved rounds; the first wins unless another is faster by the margin. */
async function fastest<Candidate extends number | string>({
  candidates,
  prepare,
}: Search<Candidate>): Promise<Candidate> {
  const runs: { candidate: Candidate; least: number; contender: Contender }[] = [];
  try {
    for (const candidate of candidates)
      runs.push({ candidate, least: Number.POSITIVE_INFINITY, contender: await prepare(candidate) });
    const until = performance.now() + SEARCH_MS;
    for (let round = 0; round < FEWEST_ROUNDS || performance.now() < until; round++)
      for (const run of runs) run.least = Math.min(run.least, await run.contender.time());
  } finally {
    for (const { contender } of runs) await contender.dispose();
  }
  const [first, ...others] = runs;
  const best = others.reduce((least, run) => (run.least < least.least ? run : least), first);
  return best.least < first.least * (1 - MARGIN) ? best.candidate : first.candidate;
}
