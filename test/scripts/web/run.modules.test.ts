/** Every module that a page needs builds with Vite, and none of them reaches for Node. */
import { existsSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "vite";
import { expect, it } from "vitest";
import { engines } from "../../../impls/engines/index.js";
import { isNodeOnly } from "../../../scripts/web/vite.config.js";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../../..");

/** What a page loads: operators and forms, the engines that run in a page, suites and the runner without its Node host. */
const modules = [
  "impls/index.ts",
  ...engines.filter(({ inPage }) => inPage).map(({ name }) => `impls/engines/${name}.ts`),
  // no page loads it yet, and nothing in it is in the way
  "impls/engines/tfjs.ts",
  "suites/index.ts",
  "suites/measure/run.ts",
  "suites/processes/session.ts",
  "suites/processes/engine-pool.ts",
  "suites/plan/plan.ts",
  "suites/processes/host.browser.ts",
  "scripts/web/run.ts",
].filter((file) => existsSync(resolve(root, file)));

it("builds for a page without node: modules", async () => {
  const reached: string[] = [];
  const watch: Plugin = {
    name: "no-node",
    enforce: "pre",
    resolveId(source, importer) {
      const file = relative(root, importer ?? "").replaceAll("\\", "/");
      const absent = isNodeOnly(source, file);
      if (source.startsWith("node:")) reached.push(`${file} imports ${source}`);
      else if (!absent) return null;
      return { id: `\0absent:${source}`, moduleSideEffects: false };
    },
    load: (id) => (id.startsWith("\0absent:") ? { code: "module.exports = {};" } : null),
  };
  const entry: Plugin = {
    name: "page",
    resolveId: (source) => (source === "virtual:page" ? "\0virtual:page" : null),
    load: (id) =>
      id === "\0virtual:page"
        ? modules
            .map((file, i) => `export * as m${i} from ${JSON.stringify(resolve(root, file))};`)
            .join("\n")
        : null,
  };
  const output = await build({
    root,
    configFile: false,
    logLevel: "silent",
    plugins: [watch, entry],
    build: {
      write: false,
      minify: false,
      rollupOptions: { input: "virtual:page", preserveEntrySignatures: "strict" },
    },
  });
  expect(reached).toEqual([]);
  const chunks = [output].flat().flatMap((one) => ("output" in one ? one.output : []));
  expect(chunks.length).toBeGreaterThan(0);
}, 120_000);
