/** A copy of the sources with one patch in it, in which an engine's process runs: the mistake stands in the file that is loaded. */
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
  /** A tree with the patch; it ends with the nursery or before. @throws where the patch does not fit its file */
  plant(patch: Patch): Tree;
  remove(): void;
}

export interface Tree {
  /** The module of its processes. */
  readonly child: string;
  remove(): void;
}

/** An installed package has none. */
export function hasSources(): boolean {
  return existsSync(join(root, "suites", "processes", "child.ts"));
}

export function openNursery(): Nursery {
  const folder = mkdtempSync(join(tmpdir(), "dualbench-mutants-"));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.once("exit", remove);
  return {
    plant: (patch) => plant(folder, patch),
    remove() {
      process.off("exit", remove);
      remove();
    },
  };
}

function plant(nursery: string, patch: Patch): Tree {
  const folder = join(nursery, patch.name);
  const file = join(root, "impls", patch.file);
  const text = applied(patch, readFileSync(file, "utf8"));
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
  writeFileSync(join(folder, "impls", patch.file), text);
  const child = join(folder, "child.ts");
  writeFileSync(child, entry(join(nursery, "cache"), join(folder, "suites", "processes", "child.ts")));
  return { child, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Machine code of mutants stays out of the user's cache. */
function entry(cache: string, child: string): string {
  return [
    `process.env.XDG_CACHE_HOME = ${JSON.stringify(cache)};`,
    `await import(${JSON.stringify(pathToFileURL(child).href)});`,
    "",
  ].join("\n");
}
