/** `npm run web`: the page, served from the sources. `npx vite build scripts/web` makes it a folder of files. */
import type { Plugin, UserConfig } from "vite";

/** Engines that exist on Node only: a page sees their names in the list and never loads them. */
const NODE_ONLY = /^\.\/(wasm|tfjs|torch)\.js$/;

/** Leaves the engines of Node out, and refuses any other way to a `node:` module. */
export function pageEngines(): Plugin {
  return {
    name: "page-engines",
    enforce: "pre",
    resolveId(source, importer) {
      if (NODE_ONLY.test(source) && importer?.endsWith("impls/engines/index.ts")) return `\0absent:${source}`;
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

export default { root: import.meta.dirname, plugins: [pageEngines()] } satisfies UserConfig;
