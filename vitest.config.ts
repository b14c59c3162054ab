import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vitest/config";

/**
 * Files that load a driver, a backend with a registry of its own or a fresh copy of a module, or that change their process: each in a
 * process of its own. All others share one a worker, which loads the modules once.
 */
const ALONE = [
  "test/impls/engines/**/*.test.ts",
  "test/impls/languages/*.test.ts",
  "test/impls/{change,languages.faults}.test.ts",
  "test/impls/**/*.{cuda,native,tfjs,torch,webgpu}*.test.ts",
  "test/conformance.test.ts",
  "test/examples/*.test.ts",
  "test/reports/html/*.test.ts",
  "test/scripts/**/*.test.ts",
  "test/suites/{gate,measure,processes}/**/*.test.ts",
];
const EVERY = ["test/**/*.test.ts"];

/** A process that a test starts through the library loads the program as JavaScript, in half the time. */
const compiledChildren: Plugin = {
  name: "compiled-children",
  enforce: "pre",
  resolveId: (source, importer) =>
    source === "./fork.js" && importer?.endsWith("/suites/processes/host.node.ts")
      ? fileURLToPath(new URL("./test/fork.ts", import.meta.url))
      : undefined,
};

export default defineConfig({
  plugins: [compiledChildren],
  // as users of the package import it
  resolve: { alias: { dualbench: new URL("./index.ts", import.meta.url).pathname } },
  test: {
    globalSetup: "test/program.ts",
    pool: "forks",
    testTimeout: 60_000,
    maxWorkers: 2,
    projects: [
      { extends: true, test: { name: "alone", include: ALONE, sequence: { groupOrder: 0 } } },
      {
        extends: true,
        test: { name: "shared", include: EVERY, exclude: ALONE, isolate: false, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
