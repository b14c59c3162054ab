/** `gate --bisect GOOD..BAD ID`: the commit that slowed a case or broke it. */
import { realpathSync } from "node:fs";
import { lockFolder } from "../../../reports/rows/lock.js";
import { firstBad, type Judged, type Search } from "../../../suites/gate/bisect.js";
import { Interrupted } from "../../../suites/gate/lab.js";
import { GateStop } from "../../../suites/gate/stop.js";
import { repositoryTop } from "../../../suites/gate/trees/git.js";
import { type Commit, type Range, rangeOf } from "../../../suites/gate/trees/range.js";
import { gateFolder, PROGRAM } from "../../../suites/gate/trees/trees.js";
import { packageRoot } from "../../../suites/measure/environment.js";
import { EXIT, Stop, usageError } from "../exit.js";
import { Interrupt } from "../interrupt.js";
import type { GateOptions } from "./options.js";
import { judge, type Probe } from "./probe.js";
import { exitCodeOfKind } from "./session.js";

/** What a bisection says as a document. */
interface Found {
  /** What the last commit has, and the good one has not. */
  readonly complaint: "slower" | "broken";
  /** The commit that brought it, or several that cannot be told apart. */
  readonly suspects: readonly Commit[];
  readonly good: Commit;
  readonly judged: readonly (Commit & Judged)[];
}

/** @returns the exit code. @throws Stop */
export async function bisectGate(options: GateOptions, text: string): Promise<number> {
  const interrupt = new Interrupt();
  let putAway: (() => void) | undefined;
  const last = () => putAway?.();
  process.on("exit", last);
  let unlock = () => {};
  try {
    const top = await repositoryTop(process.cwd());
    const own = realpathSync(top) === realpathSync(packageRoot) && options.impl.length === 0;
    if (!own && options.impl.length === 0)
      throw usageError(
        "outside dualbench's own repository the gate takes --impl FILE, a module with your implementations",
      );
    const range = await rangeOf(top, text, own ? [...PROGRAM, "package.json", "package-lock.json"] : []);
    unlock = lockFolder(gateFolder(top));
    const holds = (next: typeof putAway) => {
      putAway = next;
    };
    const filter = [options.filter, ...options.id].filter((word) => word !== undefined).join(" ");
    const probe: Probe = { top, good: range.good, filter, options, signal: interrupt.signal, holds };
    return await search(probe, range, text);
  } catch (error) {
    if (interrupt.code !== undefined || error instanceof Interrupted)
      return interrupt.code ?? EXIT.interrupted;
    if (error instanceof GateStop) throw new Stop(exitCodeOfKind[error.kind], error.message);
    throw error;
  } finally {
    last();
    unlock();
    process.off("exit", last);
    interrupt.close();
  }
}

async function search(probe: Probe, { good, commits, left }: Range, text: string): Promise<number> {
  const say = (line: string) => process.stderr.write(`gate: ${line}\n`);
  say(
    `${commits.length} commits in ${text}${left > 0 ? `, and ${left} that change nothing that is measured` : ""}`,
  );
  const judged: (Commit & Judged)[] = [];
  const ask = async (place: number, timed: boolean) => {
    const commit = commits[place];
    say(`trying ${named(commit)}`);
    const { verdict, ...found } = await judge(probe, commit, timed);
    judged.push({ ...commit, ...found });
    say(`${named(commit)}: ${found.is === "none" ? "skipped, " : `${found.is}, `}${found.words}`);
    return { ...found, verdict };
  };
  const end = await ask(commits.length - 1, true);
  const { is: complaint } = end;
  if (complaint === "none")
    throw new GateStop("inconclusive", `${named(commits.at(-1)!)} cannot be judged: ${end.words}`);
  if (complaint === "good") {
    tell(probe, undefined, `nothing to find in ${text}: ${end.words}`);
    return EXIT.good;
  }
  const found = await firstBad(commits.length, complaint, (place) => ask(place, complaint === "slower"));
  const suspects = commits.slice(found.lastGood + 1, found.firstBad + 1);
  tell(probe, { complaint, suspects, good, judged }, sentence(commits, judged, found, good));
  if (suspects.length > 1) return EXIT.inconclusive;
  return end.verdict?.status === "wrong" ? EXIT.wrongOutput : EXIT.wrong;
}

function tell({ options }: Probe, found: Found | undefined, words: string): void {
  process.stdout.write(`${words}\n`.repeat(options.json ? 0 : 1));
  if (!options.json) return;
  process.stderr.write(`gate: ${words}\n`);
  process.stdout.write(`${JSON.stringify(found ?? { suspects: [] }, null, 2)}\n`);
}

function sentence(
  commits: readonly Commit[],
  judged: readonly (Commit & Judged)[],
  { lastGood, firstBad }: Search,
  good: Commit,
): string {
  const wordsOf = ({ hash }: Commit) => judged.find((one) => one.hash === hash)?.words;
  const [culprit, before] = [commits[firstBad], lastGood < 0 ? good : commits[lastGood]];
  const clear = firstBad - lastGood === 1;
  const among = commits.slice(lastGood + 1, firstBad + 1).map(named);
  const first = clear
    ? `first bad commit: ${named(culprit)}`
    : `the first bad commit is one of ${among.join(", ")}`;
  const then = wordsOf(before);
  return [
    `${first}: held against ${named(good)}, at ${short(culprit)} ${wordsOf(culprit)}`,
    ...(then === undefined ? [] : [`at ${short(before)}, the last good one, ${then}`]),
  ].join("; ");
}

function named(commit: Commit): string {
  return `${short(commit)} "${commit.subject}"`;
}

function short({ hash }: Commit): string {
  return hash.slice(0, 12);
}
