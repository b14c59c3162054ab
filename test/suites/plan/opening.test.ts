/** The library plans what the command plans: both begin at suites/plan/opening.ts. */
import { expect, it, vi } from "vitest";
import { planSuite } from "../../../index.js";
import { bench } from "../../scripts/cli.js";

it("plans the same cases for the library as for the command", async () => {
  // without the largest library of the peers, which takes seconds to load
  vi.stubEnv("DUALBENCH_PYTHON", "/nowhere/python");
  const { code, stdout, stderr } = await bench(["--list", "--grid", "quick", "--suite", "sequence-length"]);
  expect(code, stderr).toBe(0);
  const ids = await planSuite({ grid: "quick", suites: ["sequence-length"] });
  vi.unstubAllEnvs();
  expect(ids.length).toBeGreaterThan(20);
  expect(new Set(ids)).toEqual(new Set(stdout.trimEnd().split("\n")));
  // kernels that are compiled on first use would take the quick grid's time, and are left out aloud
  expect(stdout).not.toContain(".native ");
  expect(stderr).toMatch(/engine native takes no part in the quick grid.*--engine native asks for it/);
}, 120_000);

it("says what it has to run when a filter matches nothing", async () => {
  await expect(planSuite({ engines: ["cpu"], filter: "length=7" })).rejects.toThrow(
    'nothing to measure: no case matches --filter "length=7"',
  );
}, 60_000);
