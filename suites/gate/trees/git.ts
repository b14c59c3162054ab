/** What the gate asks of git. Only the repository in which it was started is read; nothing is fetched. */
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
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
  const env = hookless(process.env);
  const { stdout } = await run("git", args, { cwd: folder, env, maxBuffer: 64 * 2 ** 20 });
  return stdout.trimEnd();
}

/** The top folder of the repository that holds `folder`. @throws GateStop outside one */
export async function repositoryTop(folder: string): Promise<string> {
  try {
    return await git(folder, "rev-parse", "--show-toplevel");
  } catch {
    throw new GateStop(
      "usage",
      `${folder} is in no git repository; the gate compares a change with its base`,
    );
  }
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
  const untracked = await git(top, "ls-files", "--others", "--exclude-standard", "-z");
  const names = [...tracked.split("\0"), ...untracked.split("\0")].filter((name) => name !== "");
  return [...new Set(names)].sort();
}

export async function headOf(top: string): Promise<{ commit: string; dirty: boolean }> {
  const commit = await git(top, "rev-parse", "HEAD");
  return { commit, dirty: (await git(top, "status", "--porcelain", "--untracked-files=no")) !== "" };
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
