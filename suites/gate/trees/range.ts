/** The commits of a range as a bisection walks them. */
import { GateStop } from "../stop.js";
import { git } from "./git.js";

export interface Commit {
  readonly hash: string;
  readonly subject: string;
}

export interface Range {
  readonly good: Commit;
  /** Behind the good one, oldest first; the last has all that the bad one has. A merge is one commit. */
  readonly commits: readonly Commit[];
  /** How many more there are, which change nothing that is measured. */
  readonly left: number;
}

/**
 * @param text GOOD..BAD
 * @param folders what is measured, from the top; a commit that changes nothing below them is left out. Empty: everything
 * @throws GateStop for what is no such range, and for one in which nothing changes
 */
export async function rangeOf(top: string, text: string, folders: readonly string[]): Promise<Range> {
  const names = text.split("..");
  if (names.length !== 2 || names.includes(""))
    throw new GateStop("usage", `--bisect takes GOOD..BAD, two commits with .. between them, got "${text}"`);
  const [good, bad] = await Promise.all(names.map((name) => commitNamed(top, name)));
  const isOlder = await git(top, "merge-base", "--is-ancestor", good.hash, bad.hash).then(
    () => good.hash !== bad.hash,
    () => false,
  );
  if (!isOlder)
    throw new GateStop(
      "usage",
      `${names[0]} is no ancestor of ${names[1]}; the good commit is the older one (a shallow clone lacks it: git fetch --unshallow)`,
    );
  const all = await commitsOf(top, good, bad, []);
  const commits = folders.length === 0 ? all : await commitsOf(top, good, bad, folders);
  if (commits.length === 0)
    throw new GateStop("nothing", `no commit of ${text} changes what is measured: ${folders.join(", ")}`);
  return { good, commits, left: all.length - commits.length };
}

async function commitNamed(top: string, name: string): Promise<Commit> {
  const said = await git(top, "log", "-1", FORMAT, "--end-of-options", `${name}^{commit}`).catch(() => {
    throw new GateStop(
      "usage",
      `there is no commit ${name} here; fetch it, or name another in --bisect GOOD..BAD`,
    );
  });
  return parsed(said);
}

async function commitsOf(
  top: string,
  good: Commit,
  bad: Commit,
  folders: readonly string[],
): Promise<Commit[]> {
  const range = `${good.hash}..${bad.hash}`;
  const said = await git(top, "log", "--first-parent", "--reverse", FORMAT, range, "--", ...folders);
  return said === "" ? [] : said.split("\n").map(parsed);
}

const FORMAT = "--format=%H %s";

function parsed(line: string): Commit {
  const space = line.indexOf(" ");
  return { hash: line.slice(0, space), subject: line.slice(space + 1) };
}
