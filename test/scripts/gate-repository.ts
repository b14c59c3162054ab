/** Repositories of somebody else who gates kernels of their own, and the command in them. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect } from "vitest";
import type { Verdict } from "../../reports/gate/verdict.js";
import { git, programFile, root, start, temporary } from "./cli.js";

const env = { npm_lifecycle_event: "gate", CI: "", GITHUB_ACTIONS: "", GITHUB_STEP_SUMMARY: "" };
export const gate = (args: readonly string[], cwd = root, more: NodeJS.ProcessEnv = {}) =>
  start(args, { script: "gate", sources: cwd === root, cwd, env: { ...env, ...more } });

/** A module with one of our readable kernels; `body` may change how it runs. */
export const kernel = (body = "prepared.run(launch);") => `
import { recurrentCpu } from ${JSON.stringify(pathToFileURL(programFile("impls/ssd/recurrent.cpu")).href)};
export const mine = {
  ...recurrentCpu,
  async prepare(engine, problem, options) {
    const prepared = await recurrentCpu.prepare(engine, problem, options);
    const outputs = await prepared.read();
    return { ...prepared, run: (launch) => { ${body} } };
  },
};
`;

/** A repository of somebody else with one kernel: what it was on main, what a branch makes of it. */
export function repository(before: string, after: string): string {
  const top = temporary();
  git(top, "init", "--quiet", "--initial-branch", "main");
  writeFileSync(join(top, "kernel.mjs"), before);
  git(top, "add", "--all");
  git(top, "commit", "--quiet", "-m", "one");
  git(top, "checkout", "--quiet", "-b", "change");
  writeFileSync(join(top, "kernel.mjs"), after);
  git(top, "commit", "--quiet", "--allow-empty", "--all", "-m", "two");
  return top;
}

/** A module of the user that does what servers and pools do when they are imported, with a kernel for each `make`. */
export const kernels = (bodies: Readonly<Record<string, string>>) => `
import { recurrentCpu } from ${JSON.stringify(pathToFileURL(programFile("impls/ssd/recurrent.cpu")).href)};
setInterval(() => {}, 1000);
console.log("loaded");
export const kernel = (make, change) => ({
  ...recurrentCpu,
  options: () => [{ make }],
  async prepare(engine, problem, options) {
    const prepared = await recurrentCpu.prepare(engine, problem, options);
    const outputs = await prepared.read();
    return { ...prepared, run: (launch) => change(() => prepared.run(launch), outputs) };
  },
});
${Object.entries(bodies)
  .map(([make, body]) => `export const ${make} = kernel("${make}", (run, outputs) => { ${body} });`)
  .join("\n")}
`;

export const ONE_CASE = ["--impl", "kernel.mjs", "--filter", "length=512 state=64"];

export function verdictIn(top: string): Verdict {
  return JSON.parse(readFileSync(join(top, ".dualbench/verdict/verdict.json"), "utf8")) as Verdict;
}

export function nothingLeft(top: string): void {
  expect(git(top, "worktree", "list").split("\n")).toHaveLength(1);
  expect(existsSync(join(top, ".dualbench/gate/base"))).toBe(false);
  expect(git(top, "status", "--porcelain", "--untracked-files=all")).toBe("");
}
