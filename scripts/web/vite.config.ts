/** `npm run web`: the page, served from the sources. `npx vite build scripts/web` makes it a folder of files. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin, UserConfig } from "vite";
import { engines } from "../../impls/engines/index.js";

/**
 * Leaves the engines of Node out, which a page sees in the list and never loads, and refuses any other way to a `node:` module. An
 * engine's file has its name.
 */
export function pageEngines(): Plugin {
  const nodeOnly = new Set(engines.filter(({ inPage }) => !inPage).map(({ name }) => `./${name}.js`));
  return {
    name: "page-engines",
    enforce: "pre",
    resolveId(source, importer) {
      if (nodeOnly.has(source) && importer?.endsWith("impls/engines/index.ts")) return `\0absent:${source}`;
      if (source.startsWith("node:"))
        throw new Error(`${importer} imports ${source}: a page has no such module`);
      return null;
    },
    load: (id) =>
      id.startsWith("\0absent:")
        ? `export const open = async () => { throw new Error("this engine runs on Node, not in a page"); };`
        : null,
  };
}

/** A page cannot read the package it comes from. */
export function pageVersion(): Plugin {
  const file = join(import.meta.dirname, "..", "..", "package.json");
  const { version } = JSON.parse(readFileSync(file, "utf8")) as { version: string };
  return {
    name: "page-version",
    config: () => ({ define: { DUALBENCH_VERSION: JSON.stringify(version) } }),
  };
}

export default { root: import.meta.dirname, plugins: [pageEngines(), pageVersion()] } satisfies UserConfig;
