/**
 * The two trees that a gate measures, both below `.dualbench/gate/` of the repository: `base`, a git worktree at the merge base,
 * and `head`, a copy of the working tree's impls/, so that both arms load code the same way, from paths of the same length, and an
 * edit during the run changes nothing. Node finds the repository's packages from there.
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { GateStop } from "../stop.js";
import { git, sameLock } from "./git.js";
import { transpile } from "./transpile.js";

/** One side of the comparison. */
export interface Arm {
  readonly name: "base" | "head";
  /** A folder whose impls/ is measured; undefined where only `files` are and impls/ is the harness's own. */
  readonly tree: string | undefined;
  /** Modules with implementations of the user. */
  readonly files: readonly string[];
}

export interface Trees {
  readonly base: string;
  readonly head: string;
  /** Whether the JavaScript of impls/ lies beside its sources. */
  readonly transpiled: boolean;
  remove(): Promise<void>;
}

/** The harness as JavaScript, below `.dualbench/gate/` of its own repository so that packages resolve. */
export interface Harness {
  readonly folder: string;
  /** Whether it was transpiled; else the folder is of no use. */
  readonly works: boolean;
  remove(): void;
}

const HARNESS = "harness-";
const DAY_MS = 86_400e3;

/** What killed runs left goes too, once no run can still use it. */
export async function makeHarness(top: string, folders: readonly string[]): Promise<Harness> {
  const all = gateFolder(top);
  for (const name of readdirSync(all)) {
    const old = name.startsWith(HARNESS) && Date.now() - statSync(join(all, name)).mtimeMs > DAY_MS;
    if (old) rmSync(join(all, name), { recursive: true, force: true });
  }
  const folder = mkdtempSync(join(all, HARNESS));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    shareKernels(top, folder);
    return { folder, works: await transpile(top, folder, folders), remove };
  } catch (error) {
    remove();
    throw error;
  }
}

/** Where a repository's gate keeps what it makes. Ignored by git in any repository. */
export function gateFolder(top: string): string {
  const folder = join(top, ".dualbench");
  mkdirSync(join(folder, "gate"), { recursive: true });
  const ignore = join(folder, ".gitignore");
  if (!existsSync(ignore)) writeFileSync(ignore, "*\n");
  return join(folder, "gate");
}

/**
 * Makes both trees. A worktree that a killed run left is used again when it stands at the commit, otherwise removed.
 * @param own whether impls/ itself is measured, and not only modules of the user, which are loaded where they lie
 * @param install puts packages into a folder whose lock file differs from the repository's
 * @throws GateStop when git or the installation of the base refuses
 */
export async function makeTrees(
  top: string,
  commit: string,
  own: boolean,
  install: (folder: string) => Promise<void>,
): Promise<Trees> {
  const folder = gateFolder(top);
  const base = join(folder, "base");
  const head = join(folder, "head");
  await git(top, "worktree", "prune");
  let transpiled = false;
  const remove = async () => {
    rmSync(head, { recursive: true, force: true });
    await git(top, "worktree", "remove", "--force", base).catch(() => {});
    rmSync(base, { recursive: true, force: true });
    await git(top, "worktree", "prune");
  };
  try {
    if (!(await standsAt(base, commit))) {
      await remove();
      await git(top, "worktree", "add", "--detach", "--force", base, commit);
    }
    rmSync(head, { recursive: true, force: true });
    mkdirSync(head);
    if (own) {
      cpSync(join(top, "impls"), join(head, "impls"), { recursive: true });
      cpSync(join(top, "package.json"), join(head, "package.json"));
      for (const tree of [base, head]) shareKernels(top, tree);
      transpiled = (await transpile(base, base, ["impls"])) && (await transpile(head, head, ["impls"]));
    }
    if (!sameLock(base, top)) await install(base);
  } catch (error) {
    await remove();
    const why = String((error as { stderr?: string }).stderr || (error as Error).message);
    throw new GateStop("inconclusive", `the base ${commit.slice(0, 12)} cannot be set up: ${why.trim()}`);
  }
  return { base, head, transpiled, remove };
}

async function standsAt(folder: string, commit: string): Promise<boolean> {
  if (!existsSync(join(folder, ".git"))) return false;
  try {
    if ((await git(folder, "rev-parse", "HEAD")) !== commit) return false;
    return (await git(folder, "status", "--porcelain")) === "";
  } catch {
    return false;
  }
}

/** Compiled kernels are named by what made them, so all trees may share the repository's. */
function shareKernels(top: string, tree: string): void {
  const shared = join(top, ".dualbench", "wasm");
  mkdirSync(shared, { recursive: true });
  const own = join(tree, ".dualbench");
  mkdirSync(own, { recursive: true });
  rmSync(join(own, "wasm"), { recursive: true, force: true });
  symlinkSync(shared, join(own, "wasm"), "junction");
}
