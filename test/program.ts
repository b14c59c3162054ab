/**
 * The program as JavaScript, made once for all tests that start its commands, and the kernels that tests give them: a process that
 * loads it is there in half the time of one that transpiles for itself, and the tests start hundreds.
 */
import { cpSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { makeHarness, PROGRAM } from "../suites/gate/trees/trees.js";

/** Modules of users, for `--impl`. */
const KERNELS = ["test/fixtures", "test/suites/measure/hostile", "test/impls/engines/webgpu/hostile"];

/** Where vitest's workers find it. */
export const VARIABLE = "DUALBENCH_TEST_PROGRAM";

/** @returns what removes it again */
export default async function setup(): Promise<() => void> {
  const root = resolve(fileURLToPath(new URL("..", import.meta.url)));
  const { folder, works, remove } = await makeHarness(root, [...PROGRAM, "scripts", ...KERNELS]);
  // without a compiler the tests start the sources
  if (!works) return remove;
  for (const part of ["package.json", join("examples", "kernels")])
    cpSync(join(root, part), join(folder, part), { recursive: true });
  process.env[VARIABLE] = folder;
  return remove;
}
