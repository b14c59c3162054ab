/** One commit as a working tree of its own, with packages, so that its own gate can run in it. */
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { git, gitNow, sameLock } from "./git.js";
import { linkPackages, packageFolders } from "./packages.js";
import { gateFolder, shareKernels } from "./trees.js";

export interface CommitTree {
  readonly folder: string;
  /** At once, so that a process which is about to end can do it. */
  remove(): void;
}

/**
 * Below `.dualbench/gate/` of the repository, whose packages Node finds from there.
 * @param install puts packages into a folder whose lock file differs from the repository's
 * @throws Error when git or the installation refuses
 */
export async function makeCommitTree(
  top: string,
  commit: string,
  install: (folder: string, signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<CommitTree> {
  const folder = join(gateFolder(top), "bisect");
  const remove = () => {
    rmSync(folder, { recursive: true, force: true });
    gitNow(top, "worktree", "prune");
  };
  remove();
  try {
    await git(top, "worktree", "add", "--detach", "--force", folder, commit);
    signal.throwIfAborted();
    shareKernels(top, folder);
    const folders = await packageFolders(top);
    for (const one of new Set([".", ...folders])) {
      const there = join(folder, one);
      if (existsSync(there) && !sameLock(there, join(top, one))) await install(there, signal);
    }
    linkPackages(top, folder, folders);
    return { folder, remove };
  } catch (error) {
    remove();
    throw error;
  }
}
