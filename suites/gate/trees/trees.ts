/**
 * The two trees that a gate measures, both below `.dualbench/gate/` of the repository: `base`, a git worktree at the merge base,
 * and `head`, a copy of the working tree's code, so that both arms load code the same way, from paths of the same length, and an
 * edit during the run changes nothing. Each arm's processes run the harness of their own tree, so that a change of the interface
 * between harness and kernels breaks no base. Node finds the repository's packages from there.
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
import { join, relative } from "node:path";
import type { Sides } from "../lab.js";
import { GateStop } from "../stop.js";
import { git, sameLock } from "./git.js";
import { linkPackages, packageFolders } from "./packages.js";
import { transpile } from "./transpile.js";

export interface Trees {
  readonly base: string;
  readonly head: string;
  /** The modules of the arms' processes; undefined where only modules of the user are measured. */
  readonly children: Sides<string> | undefined;
  remove(): Promise<void>;
}

/** The harness as JavaScript, below `.dualbench/gate/` of its own repository so that packages resolve. */
export interface Harness {
  readonly folder: string;
  /** The module of its processes. */
  readonly child: string;
  /** Whether it was transpiled; else the folder is of no use. */
  readonly works: boolean;
  remove(): void;
}

/** What the processes of a tree load. */
export const PROGRAM = ["impls", "suites", "reports"] as const;
/** The module of an engine's process, and where commits before this one have it. */
const CHILD = "suites/processes/child";
const CHILDREN = [CHILD, "suites/runner/child"];
/** Results and what is drawn from them: large, and no code. */
const RESULTS = /^reports[\\/](runs|published|baselines)$/;

const HARNESS = "harness-";
const DAY_MS = 86_400e3;

/** What killed runs left goes too, once no run can still use it. */
export async function makeHarness(top: string, folders: readonly string[] = PROGRAM): Promise<Harness> {
  const all = gateFolder(top);
  for (const name of readdirSync(all)) {
    const old = name.startsWith(HARNESS) && Date.now() - statSync(join(all, name)).mtimeMs > DAY_MS;
    if (old) rmSync(join(all, name), { recursive: true, force: true });
  }
  const folder = mkdtempSync(join(all, HARNESS));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    shareKernels(top, folder);
    const works = await transpile(top, folder, folders);
    return { folder, child: join(folder, `${CHILD}.js`), works, remove };
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
 * @param signal ends it between two steps, and what it has started
 * @throws GateStop when git or the installation of the base refuses, or the base has no processes of its own to start
 */
export async function makeTrees(
  top: string,
  commit: string,
  own: boolean,
  install: (folder: string, signal: AbortSignal) => Promise<void>,
  signal: AbortSignal = new AbortController().signal,
): Promise<Trees> {
  const folder = gateFolder(top);
  const base = join(folder, "base");
  const head = join(folder, "head");
  await git(top, "worktree", "prune");
  let children: Trees["children"];
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
    signal.throwIfAborted();
    rmSync(head, { recursive: true, force: true });
    mkdirSync(head);
    if (own) {
      copyProgram(top, head);
      for (const tree of [base, head]) shareKernels(top, tree);
      const transpiled =
        (await transpile(base, base, PROGRAM, signal)) && (await transpile(head, head, PROGRAM, signal));
      signal.throwIfAborted();
      children = childrenOf({ base, head }, transpiled ? ".js" : ".ts");
    }
    const folders = await packageFolders(top);
    for (const folder of new Set([".", ...folders]))
      if (!sameLock(join(base, folder), join(top, folder))) await install(join(base, folder), signal);
    linkPackages(top, base, folders);
  } catch (error) {
    await remove();
    const why = String((error as { stderr?: string }).stderr || (error as Error).message);
    throw new GateStop("inconclusive", `the base ${commit.slice(0, 12)} cannot be set up: ${why.trim()}`);
  }
  return { base, head, children, remove };
}

function copyProgram(top: string, head: string): void {
  const filter = (file: string) => !RESULTS.test(relative(top, file));
  for (const folder of PROGRAM)
    if (existsSync(join(top, folder)))
      cpSync(join(top, folder), join(head, folder), { recursive: true, filter });
  cpSync(join(top, "package.json"), join(head, "package.json"));
}

/** Both of one kind: sources start later than what was transpiled. */
function childrenOf(trees: Sides<string>, extension: string): Sides<string> {
  const of = (tree: string) => {
    const file = CHILDREN.map((name) => join(tree, name + extension)).find(existsSync);
    if (file !== undefined) return file;
    throw new Error(`it has no ${CHILD}.ts, so its kernels have no harness of their own to run in`);
  };
  return { base: of(trees.base), head: of(trees.head) };
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
export function shareKernels(top: string, tree: string): void {
  const shared = join(top, ".dualbench", "wasm");
  mkdirSync(shared, { recursive: true });
  const own = join(tree, ".dualbench");
  mkdirSync(own, { recursive: true });
  rmSync(join(own, "wasm"), { recursive: true, force: true });
  symlinkSync(shared, join(own, "wasm"), "junction");
}
