/** What the gate asks of git. Only the repository in which it was started is read; nothing is fetched. */
import { execFile, execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { GateStop } from "../stop.js";

const run = promisify(execFile);

/** Without what git tells its hooks about the repository that is pushed: the gate asks about several folders. */
export function hookless(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const own = /^GIT_(DIR|WORK_TREE|INDEX_FILE|PREFIX|COMMON_DIR|OBJECT_DIRECTORY|NAMESPACE|QUARANTINE_PATH)$/;
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !own.test(name)));
}

export async function git(folder: string, ...args: string[]): Promise<string> {
  return gitWith({}, folder, ...args);
}

/** For what is put away while the process ends. */
export function gitNow(folder: string, ...args: string[]): void {
  execFileSync("git", args, { cwd: folder, env: hookless(process.env), stdio: "ignore" });
}

async function gitWith(more: NodeJS.ProcessEnv, folder: string, ...args: string[]): Promise<string> {
  // what git says is read below
  const env = { ...hookless(process.env), LC_ALL: "C", ...more };
  const { stdout } = await run("git", args, { cwd: folder, env, maxBuffer: 64 * 2 ** 20 });
  return stdout.trimEnd();
}

/** The top folder of the repository that holds `folder`. @throws GateStop outside one */
export async function repositoryTop(folder: string): Promise<string> {
  try {
    return await git(folder, "rev-parse", "--show-toplevel");
  } catch (error) {
    throw new GateStop("usage", whyNoRepository(folder, error as GitError));
  }
}

type GitError = NodeJS.ErrnoException & { readonly stderr?: string };

/** The real reason and what to type. */
function whyNoRepository(folder: string, { code, stderr = "" }: GitError): string {
  if (code === "ENOENT" && existsSync(folder))
    return "git is not here, or not on the PATH; the gate finds the base with it: install git (Debian: apt-get install git)";
  const [, owned] = /dubious ownership in repository at '([^']+)'/.exec(stderr) ?? [];
  if (owned !== undefined)
    return (
      `git does not read ${owned}, which belongs to another user; ` +
      `to trust it, type: git config --global --add safe.directory ${owned}`
    );
  if (/not a git repository/.test(stderr))
    return `${folder} is in no git repository; the gate compares a change with its base`;
  if (/must be run in a work tree/.test(stderr))
    return `${folder} is git's own folder or a bare repository; run the gate in a checkout (git worktree add FOLDER makes one)`;
  return `git cannot answer in ${folder}: ${stderr.trim().split("\n")[0] || code}`;
}

/**
 * The commit that a change grew from: the merge base of a ref and HEAD.
 * @throws GateStop for a shallow clone, whose history may not reach it, and for an unknown ref
 */
export async function mergeBase(top: string, ref: string): Promise<string> {
  if ((await git(top, "rev-parse", "--is-shallow-repository")) === "true")
    throw new GateStop(
      "usage",
      "this clone is shallow, so the merge base is not in it; " +
        "with actions/checkout set fetch-depth: 0, elsewhere type git fetch --unshallow",
    );
  try {
    await git(top, "rev-parse", "--verify", "--quiet", "--end-of-options", `${ref}^{commit}`);
  } catch {
    throw new GateStop("usage", `there is no commit ${ref} here; fetch it, or name another with --base REF`);
  }
  try {
    return (await git(top, "merge-base", ref, "HEAD")).split("\n")[0];
  } catch {
    throw new GateStop(
      "usage",
      `${ref} and HEAD have no common ancestor; name the branch this change goes to`,
    );
  }
}

/** The first of the usual main branches that is here. */
export async function usualBase(top: string): Promise<string | undefined> {
  for (const ref of ["origin/HEAD", "origin/main", "main"])
    if (
      await git(top, "rev-parse", "--verify", "--quiet", ref).then(
        () => true,
        () => false,
      )
    )
      return ref;
  return undefined;
}

/** Files that differ between a commit and the working tree, both names of a rename, untracked ones included. Paths from the top. */
export async function changedFiles(top: string, commit: string): Promise<string[]> {
  const tracked = await git(top, "diff", "--name-only", "--no-renames", "-z", commit);
  const names = tracked.split("\0").filter((name) => name !== "");
  return [...new Set([...names, ...(await untrackedFiles(top))])].sort();
}

/** Files that git neither tracks nor ignores, below these folders or anywhere. */
export async function untrackedFiles(top: string, ...folders: readonly string[]): Promise<string[]> {
  const listed = await git(top, "ls-files", "--others", "--exclude-standard", "-z", "--", ...folders);
  return listed.split("\0").filter((name) => name !== "");
}

/** New names of files that were moved since a commit, each with its old one, as git detects them; files that git does not track yet too. */
export async function movedFiles(top: string, commit: string): Promise<ReadonlyMap<string, string>> {
  const names = await untrackedFiles(top);
  const scratch = mkdtempSync(join(tmpdir(), "dualbench-index-"));
  try {
    // in an index of our own: the user's says what the user has staged
    const index = { GIT_INDEX_FILE: join(scratch, "index") };
    const own = await git(top, "rev-parse", "--path-format=absolute", "--git-path", "index");
    if (existsSync(own)) copyFileSync(own, index.GIT_INDEX_FILE);
    if (names.length > 0)
      await gitWith(
        index,
        top,
        "--literal-pathspecs",
        "add",
        "--intent-to-add",
        "--",
        ...names.slice(0, MOST_UNTRACKED),
      );
    const told = await gitWith(
      index,
      top,
      "diff",
      "--name-status",
      "-M",
      "-C",
      "--diff-filter=RC",
      "-z",
      commit,
    );
    const words = told.split("\0");
    const moved = new Map<string, string>();
    for (let i = 0; i + 2 < words.length; i += 3) {
      const [, from, to] = words.slice(i, i + 3);
      // a copy of a file that is still there is a new file
      if (!existsSync(join(top, from))) moved.set(to, from);
    }
    return moved;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** A command line holds so many names; who has more has not moved them all. */
const MOST_UNTRACKED = 500;

/** @param used files that head loads, from the top: one that git does not track makes head another thing than its commit */
export async function headOf(
  top: string,
  used: readonly string[],
): Promise<{ commit: string; dirty: boolean }> {
  const commit = await git(top, "rev-parse", "HEAD");
  const changed = await git(top, "status", "--porcelain", "--untracked-files=no");
  if (changed !== "" || used.length === 0) return { commit, dirty: changed !== "" };
  const tracked = await git(top, "--literal-pathspecs", "ls-files", "-z", "--", ...used);
  const known = new Set(tracked.split("\0"));
  return { commit, dirty: used.some((file) => !known.has(file)) };
}

/** Whether two folders ask for the same packages; the version of the package itself does not count. */
export function sameLock(one: string, other: string): boolean {
  return lockText(one) === lockText(other);
}

/** The lock file without what changes with every release; "" where there is none. */
export function lockText(folder: string): string {
  const file = join(folder, "package-lock.json");
  if (!existsSync(file)) return "";
  const lock = JSON.parse(readFileSync(file, "utf8")) as {
    version?: string;
    packages?: Record<string, { version?: string }>;
  };
  delete lock.version;
  delete lock.packages?.[""]?.version;
  return JSON.stringify(lock);
}
