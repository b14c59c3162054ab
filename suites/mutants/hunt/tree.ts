/** Copies of the sources, each with one patch in it at a time: an engine's process runs there, and loads the mistake. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { applied, type Patch } from "../bank/patch.js";

const root = fileURLToPath(new URL("../../../", import.meta.url));
/** What a process of an engine loads; of reports only what is code. */
const SOURCES = ["impls", "suites", "reports"];
const PUBLISHED = /[\\/]reports[\\/](runs|published|baselines)/;

/** Where the trees of one run lie, and what their compilers keep between them. */
export interface Nursery {
  /** A tree with the patch, until it is removed. @throws where the patch does not fit its file */
  plant(patch: Patch): Tree;
  close(): void;
}

export interface Tree {
  /** The module of its processes. */
  readonly child: string;
  /** The file is as it was; another patch may take the tree. */
  heal(): void;
}

/** An installed package has none. */
export function hasSources(): boolean {
  return existsSync(join(root, "suites", "processes", "child.ts"));
}

export function openNursery(): Nursery {
  const folder = mkdtempSync(join(tmpdir(), "dualbench-mutants-"));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.once("exit", remove);
  const free: string[] = [];
  let made = 0;
  return {
    plant(patch) {
      const before = readFileSync(join(root, "impls", patch.file), "utf8");
      const after = applied(patch, before);
      const tree = free.pop() ?? copyTree(folder, `tree-${made++}`);
      const file = join(tree, "impls", patch.file);
      writeFileSync(file, after);
      return {
        child: join(tree, CHILD),
        heal() {
          writeFileSync(file, before);
          free.push(tree);
        },
      };
    },
    close() {
      process.off("exit", remove);
      remove();
    },
  };
}

const CHILD = "child.ts";

function copyTree(nursery: string, name: string): string {
  const folder = join(nursery, name);
  mkdirSync(folder);
  for (const source of SOURCES)
    cpSync(join(root, source), join(folder, source), {
      recursive: true,
      filter: (path) => !PUBLISHED.test(path.slice(root.length - 1)),
    });
  cpSync(join(root, "package.json"), join(folder, "package.json"));
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"), "junction");
  // healthy kernels that are built, and choices that were measured, need not be made again
  if (existsSync(join(root, ".dualbench")))
    cpSync(join(root, ".dualbench"), join(folder, ".dualbench"), { recursive: true });
  const child = entry(join(nursery, "cache"), join(folder, "suites", "processes", "child.ts"));
  writeFileSync(join(folder, CHILD), child);
  return folder;
}

/** Machine code of mutants stays out of the user's cache. */
function entry(cache: string, child: string): string {
  return [
    `process.env.XDG_CACHE_HOME = ${JSON.stringify(cache)};`,
    `await import(${JSON.stringify(pathToFileURL(child).href)});`,
    "",
  ].join("\n");
}
