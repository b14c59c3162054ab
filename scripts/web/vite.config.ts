/** `npm run web`: the page, served from the sources. `npm run build:web` makes it a folder for any static host, dist-web/. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin, UserConfig } from "vite";
import { engines } from "../../impls/engines/index.js";
import type { Simd } from "../../impls/engines/wasm/simd.js";
import { pageKernels } from "./kernels.js";

const nodeEngines = engines.filter(({ inPage }) => !inPage).map(({ name }) => `./${name}.js`);

/** What a page sees named and never loads: the engines of Node (an engine's file has its name), and what an engine is there. */
export function isNodeOnly(source: string, importer = ""): boolean {
  if (importer.endsWith("impls/engines/wasm/place/here.ts")) return source === "./node.js";
  return importer.endsWith("impls/engines/index.ts") && nodeEngines.includes(source);
}

/** Leaves those out, and refuses any other way to a `node:` module. */
function pageEngines(): Plugin {
  return {
    name: "page-engines",
    enforce: "pre",
    resolveId(source, importer) {
      if (isNodeOnly(source, importer)) return `\0absent:${source}`;
      if (source.startsWith("node:"))
        throw new Error(`${importer} imports ${source}: a page has no such module`);
      return null;
    },
    load: (id) =>
      id.startsWith("\0absent:")
        ? `export const open = async () => { throw new Error("this engine runs on Node, not in a page"); }; export const node = undefined;`
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
function pageOrigin(): Plugin {
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

/** Threads of kernels share memory only in a page that is isolated from others. A host that sends the same makes them as fast. */
export const ISOLATION = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
} as const;

/** @param levels of SIMD that the page has WebAssembly kernels for */
export function pageConfig(levels: readonly Simd[]): UserConfig {
  const plugins = () => [pageEngines(), pageKernels(levels), pageAssets(), pageOrigin()];
  return {
    root: import.meta.dirname,
    // relative addresses: the folder works below any path of any host
    base: "./",
    plugins: plugins(),
    worker: { format: "es", plugins },
    server: { headers: ISOLATION },
    // its builds for Node name Buffer
    resolve: { alias: { "csv-stringify/sync": "csv-stringify/browser/esm/sync" } },
    build: {
      outDir: join(import.meta.dirname, "..", "..", "dist-web"),
      emptyOutDir: true,
      chunkSizeWarningLimit: 1000,
    },
  };
}

export default pageConfig(["relaxed", "plain"]);
