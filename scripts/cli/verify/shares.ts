/** `--cases N` on all cores: as many processes, each with every so manieth case, and what they found together. */
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { laws } from "../../../suites/laws/index.js";
import { together } from "../../../suites/verify/campaign/blocks.js";
import { EXIT, Stop, warn } from "../exit.js";
import { Interrupt } from "../interrupt.js";
import { writeJson } from "./modes.js";
import type { VerifyOptions } from "./options.js";
import { tell } from "./tell.js";
import { type Ended, Workers } from "./workers.js";

/** Fewer cases are verified before another process has started its engines. */
const FEWEST_CASES = 100;

/**
 * How many processes share the cases; one where somebody's own kernel is looked at, which says more of its file, and where shapes are few
 * because they have to be compiled.
 */
export function shareCount(
  { cases, impl, shard, shapes }: VerifyOptions,
  cores = availableParallelism(),
): number {
  if (shard !== undefined || impl.length > 0 || shapes !== undefined) return 1;
  return Math.min(cores, Math.max(1, Math.floor(cases / FEWEST_CASES)));
}

/** @returns the exit code. @throws Stop */
export async function verifyInShares(options: VerifyOptions, count: number): Promise<number> {
  const { cases, seed } = options;
  const folder = mkdtempSync(join(tmpdir(), "dualbench-verify-"));
  const workers = new Workers();
  const interrupt = new Interrupt();
  interrupt.stop = () => workers.stop();
  try {
    console.log(`seed ${seed}, ${cases} problems, ${laws.length} laws, ${count} processes`);
    const work = Array.from({ length: count }, (_, i) => {
      const share = { cases, seed, shard: `${i + 1}/${count}`, file: join(folder, `${i + 1}.json`) };
      // what is absent here, they all say
      return workers.verify(share, options, i === 0 ? (text) => process.stderr.write(text) : undefined);
    });
    const ended = await Promise.all(work).finally(() => workers.stop());
    return interrupt.code ?? conclude(ended, options);
  } finally {
    interrupt.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function conclude(ended: readonly Ended[], options: VerifyOptions): number {
  const lost = ended.find(({ result }) => result === undefined);
  if (lost?.code) return lost.code;
  if (lost) throw new Stop(EXIT.wrong, `a process ended without a result: ${lost.said}`);
  const { cases, seed } = options;
  const { skips, ...found } = together(ended.map(({ result }) => result!));
  const { checks, failed } = found;
  tell({ ...found, skips }, options);
  const mode = "problems";
  writeJson(options.json, { mode, cases, seed, ...found, skips: Object.fromEntries(skips) });
  console.log(`${checks - failed} checks passed, ${failed} failed`);
  if (failed > 0) return EXIT.wrong;
  if (checks > 0) return EXIT.good;
  warn("nothing was checked: no implementation took any problem");
  return EXIT.nothingToMeasure;
}
