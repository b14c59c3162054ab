/** `npm run web`: the page, served from the sources. `npm run build:web` makes it a folder for any static host, dist-web/. */
import { spawnSync } from "node:child_process";
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

/** Kernels for engines of Node, which no page can run, stay out of the folder. */
function pageAssets(): Plugin {
  return {
    name: "page-assets",
    generateBundle(_, bundle) {
      for (const file of Object.keys(bundle)) if (/\.(c|cu|py|ts)$/.test(file)) delete bundle[file];
    },
  };
}

/** A page cannot read the package and the repository that it comes from. */
export function pageOrigin(): Plugin {
  const root = join(import.meta.dirname, "..", "..");
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
  const { status, stdout } = spawnSync("git", ["rev-parse", "HEAD"], { cwd: root, encoding: "utf8" });
  const commit = status === 0 ? stdout.trim() : "unknown";
  return {
    name: "page-origin",
    config: () => ({
      define: { DUALBENCH_VERSION: JSON.stringify(version), DUALBENCH_COMMIT: JSON.stringify(commit) },
    }),
  };
}

const plugins = () => [pageEngines(), pageAssets(), pageOrigin()];

export default {
  root: import.meta.dirname,
  // relative addresses: the folder works below any path of any host
  base: "./",
  plugins: plugins(),
  worker: { format: "es", plugins },
  // its builds for Node name Buffer
  resolve: { alias: { "csv-stringify/sync": "csv-stringify/browser/esm/sync" } },
  build: {
    outDir: join(import.meta.dirname, "..", "..", "dist-web"),
    emptyOutDir: true,
    chunkSizeWarningLimit: 1000,
  },
} satisfies UserConfig;
