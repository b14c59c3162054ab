import { defineConfig } from "vitest/config";

export default defineConfig({
  // as users of the package import it
  resolve: { alias: { dualbench: new URL("./index.ts", import.meta.url).pathname } },
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: "test/program.ts",
    pool: "forks",
    testTimeout: 60_000,
    maxWorkers: 2,
  },
});
