/** `--resume DIR`: as many problems as hours allow, in blocks on all cores. A block is a `verify` of its own, what it found a file. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { z } from "zod";
import { atlasChart } from "../../../reports/charts/atlas.js";
import { renderSvg } from "../../../reports/charts/render.js";
import { Folder } from "../../../reports/publish/folder.js";
import { writeScreenPicture } from "../../../reports/publish/pictures.js";
import { makeFolder, readPlain, writeInto } from "../../../reports/rows/folder.js";
import { lockFolder } from "../../../reports/rows/lock.js";
import { readCommit } from "../../../suites/measure/environment.js";
import { oneLine } from "../../../suites/processes/one-line.js";
import { blocksOf, type CampaignBlock, together } from "../../../suites/verify/campaign/blocks.js";
import { EXIT, Stop, usageError } from "../exit.js";
import { Interrupt } from "../interrupt.js";
import type { VerifyOptions } from "./options.js";
import { asked, tell } from "./tell.js";
import { resultIn, Workers } from "./workers.js";

const PLAN = "campaign.json";
const planSchema = z.object({
  cases: z.number(),
  seed: z.number(),
  flags: z.array(z.string()),
  /** What is verified: the commit of the program where it has one, a hash of each of the user's files. */
  commit: z.string().nullable(),
  files: z.array(z.string()),
});

/** @returns the exit code. @throws Stop */
export async function campaign(named: string, options: VerifyOptions): Promise<number> {
  const folder = resolve(named);
  const { commit, dirty } = await readCommit();
  let unlock = () => {};
  const interrupt = new Interrupt();
  try {
    makeFolder(folder);
    unlock = lockFolder(folder);
    const blocks = planned(folder, options, dirty ? `${commit}-dirty` : commit);
    await runBlocks(folder, blocks, options, interrupt);
    if (interrupt.code === undefined) return await conclude(folder, blocks, options);
    console.error("interrupted; the same command goes on");
    return interrupt.code;
  } catch (error) {
    if (error instanceof Stop) throw error;
    throw usageError(`cannot use --resume ${folder}: ${oneLine(error).replace("--out", "--resume")}`);
  } finally {
    interrupt.close();
    unlock();
  }
}

/** The blocks, and a folder that is about them. */
function planned(folder: string, options: VerifyOptions, commit: string | null): CampaignBlock[] {
  const { cases, seed } = options;
  const files = options.impl.map((file) => createHash("sha256").update(readPlain(file)).digest("hex"));
  // files are named from where the command began
  const flags = asked({ ...options, impl: options.impl.map((file) => resolve(file)) });
  const file = join(folder, PLAN);
  if (existsSync(file)) {
    const before = planSchema.safeParse(parsed(file)).data;
    if (!before) throw usageError(`${file} is no plan of a campaign; name another folder`);
    if (JSON.stringify([before.cases, before.seed, before.flags]) !== JSON.stringify([cases, seed, flags]))
      throw usageError(
        `${folder} holds ${before.cases} cases from seed ${before.seed} on with ${JSON.stringify(before.flags.join(" "))}; ` +
          "repeat those flags, or name another folder",
      );
    if (JSON.stringify([before.commit, before.files]) !== JSON.stringify([commit, files]))
      throw new Stop(
        EXIT.inconclusive,
        `what ${folder} holds was found by other code (commit ${before.commit}, now ${commit}${
          files.length > 0 ? "; or a file of --impl has changed" : ""
        }); name another folder`,
      );
  }
  const blocks = blocksOf(cases, seed);
  writeInto(folder, PLAN, `${JSON.stringify({ cases, seed, flags, commit, files })}\n`);
  return blocks;
}

function parsed(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}

const fileOf = (folder: string, { index }: CampaignBlock) =>
  join(folder, `block-${String(index).padStart(6, "0")}.json`);

/** A worker a core, each with one block after the other. */
async function runBlocks(
  folder: string,
  blocks: readonly CampaignBlock[],
  options: VerifyOptions,
  interrupt: Interrupt,
): Promise<void> {
  const workers = new Workers();
  interrupt.stop = () => workers.stop();
  const waiting = blocks.filter((block) => resultIn(fileOf(folder, block)) === undefined);
  let done = blocks.length - waiting.length;
  const tellProgress = () => console.error(`${done} of ${blocks.length} blocks`);
  tellProgress();
  const work = async () => {
    for (let block = waiting.shift(); block && interrupt.code === undefined; block = waiting.shift()) {
      const { cases, seed } = block;
      const file = fileOf(folder, block);
      const { code, said, result } = await workers.verify({ cases, seed, shard: "1/1", file }, options);
      if (interrupt.code !== undefined) return;
      // a file that cannot be used, or nothing that was checked: no block would be better
      if (code !== EXIT.good && code !== EXIT.wrong && code !== null) {
        rmSync(file, { force: true });
        throw new Stop(code, said.replace(/^dualbench: /, ""));
      }
      if (!result)
        throw new Stop(EXIT.wrong, `block ${block.index} (seed ${seed}) ended without a result: ${said}`);
      done++;
      tellProgress();
    }
  };
  try {
    await Promise.all(Array.from({ length: availableParallelism() }, work));
  } finally {
    interrupt.stop();
  }
}

async function conclude(
  folder: string,
  blocks: readonly CampaignBlock[],
  options: VerifyOptions,
): Promise<number> {
  const found = together(blocks.map((block) => resultIn(fileOf(folder, block))!));
  tell(found, options);
  const nearest = found.atlas.toSorted((a, b) => b.worst - a.worst).filter(firstOfItsKind());
  console.log("nearest to their bounds:");
  for (const { worst, implementation, token } of nearest.slice(0, WORST))
    console.log(`  ${worst.toFixed(3)}  ${implementation}  --replay ${token}`);
  const files = new Folder(folder);
  const spec = atlasChart(found.atlas, `${options.cases} cases from seed ${options.seed} on`);
  if (spec) await writeScreenPicture(files, { name: "atlas", spec, svg: await renderSvg(spec) }, false);
  for (const path of await files.done()) console.log(path);
  console.log(`${found.checks - found.failed} checks passed, ${found.failed} failed`);
  if (found.failed > 0) return EXIT.wrong;
  return found.checks > 0 ? EXIT.good : EXIT.nothingToMeasure;
}

/** Of the worst cases, so many implementations are told. */
const WORST = 10;

function firstOfItsKind() {
  const seen = new Set<string>();
  return ({ implementation }: { readonly implementation: string }) => {
    if (seen.has(implementation)) return false;
    seen.add(implementation);
    return true;
  };
}
