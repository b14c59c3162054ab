import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import {
  changedFiles,
  headOf,
  mergeBase,
  movedFiles,
  repositoryTop,
  sameLock,
} from "../../../../suites/gate/trees/git.js";
import { gateFolder, makeHarness, makeTrees } from "../../../../suites/gate/trees/trees.js";
import { git, temporary } from "../../../scripts/cli.js";

/** main with one commit, and a branch with another on top. */
function repository(): { top: string; base: string } {
  const top = temporary();
  git(top, "init", "--quiet", "--initial-branch", "main");
  for (const folder of ["impls", "suites/processes", "reports/runs"])
    mkdirSync(join(top, folder), { recursive: true });
  writeFileSync(join(top, "impls", "index.ts"), "export const version = 1;\n");
  const child = 'export { version } from "../../impls/index.js";\n';
  writeFileSync(join(top, "suites/processes/child.ts"), child);
  writeFileSync(join(top, "reports/runs/results.csv"), "id\n");
  writeFileSync(join(top, "package.json"), "{}\n");
  git(top, "add", "--all");
  git(top, "commit", "--quiet", "-m", "one");
  const base = git(top, "rev-parse", "HEAD");
  git(top, "checkout", "--quiet", "-b", "change");
  writeFileSync(join(top, "impls", "index.ts"), "export const version = 2;\n");
  git(top, "commit", "--quiet", "--all", "-m", "two");
  return { top, base };
}

const noInstall = async () => {
  throw new Error("nothing should be installed");
};

describe("makeTrees", () => {
  it("sets base and head side by side, and leaves nothing behind", async () => {
    const { top, base } = repository();
    writeFileSync(join(top, "impls", "index.ts"), "export const version = 3;\n");
    const trees = await makeTrees(top, await mergeBase(top, "main"), true, noInstall);
    expect(readFileSync(join(trees.base, "impls/index.ts"), "utf8")).toContain("version = 1");
    expect(readFileSync(join(trees.head, "impls/index.ts"), "utf8")).toContain("version = 3");
    expect(trees.base.length).toBe(trees.head.length);
    // each arm's process is a module of its own tree, as JavaScript
    expect(await import(pathToFileURL(trees.children!.base).href)).toMatchObject({ version: 1 });
    expect(await import(pathToFileURL(trees.children!.head).href)).toMatchObject({ version: 3 });
    expect(trees.children!.base).toBe(join(trees.base, "suites/processes/child.js"));
    expect(existsSync(join(trees.head, "reports/runs"))).toBe(false);
    expect(git(trees.base, "rev-parse", "HEAD")).toBe(base);
    // git sees nothing of it, whatever the repository ignores
    expect(git(top, "status", "--porcelain", "--untracked-files=all")).toBe("M impls/index.ts");
    await trees.remove();
    expect(existsSync(trees.base)).toBe(false);
    expect(existsSync(trees.head)).toBe(false);
    expect(git(top, "worktree", "list").split("\n")).toHaveLength(1);
  });

  it("finds the processes of a base where they lay before, and is inconclusive where there are none", async () => {
    const { top } = repository();
    mkdirSync(join(top, "suites/runner"));
    git(top, "mv", "suites/processes/child.ts", "suites/runner/child.ts");
    git(top, "commit", "--quiet", "-m", "moved");
    const old = await makeTrees(top, git(top, "rev-parse", "HEAD"), true, noInstall);
    expect(old.children!.base).toBe(join(old.base, "suites/runner/child.js"));
    git(top, "rm", "--quiet", "suites/runner/child.ts");
    git(top, "commit", "--quiet", "-m", "none");
    await expect(makeTrees(top, git(top, "rev-parse", "HEAD"), true, noInstall)).rejects.toMatchObject({
      kind: "inconclusive",
      message: expect.stringMatching(/has no suites\/processes\/child\.ts/),
    });
    expect(existsSync(join(gateFolder(top), "base"))).toBe(false);
  });

  it("uses a worktree again that a killed run left at the commit, and replaces one that is elsewhere", async () => {
    const { top, base } = repository();
    const first = await makeTrees(top, base, false, noInstall);
    writeFileSync(join(first.base, ".git-marker"), "");
    git(first.base, "update-index", "--refresh");
    const inode = (file: string) => execFileSync("ls", ["-di", file], { encoding: "utf8" }).split(" ")[0];
    // a marker makes it dirty: it must go
    const dirty = await makeTrees(top, base, false, noInstall);
    expect(existsSync(join(dirty.base, ".git-marker"))).toBe(false);
    const before = inode(dirty.base);
    const again = await makeTrees(top, base, false, noInstall);
    expect(inode(again.base)).toBe(before);
    const other = await makeTrees(top, git(top, "rev-parse", "HEAD"), false, noInstall);
    expect(readFileSync(join(other.base, "impls/index.ts"), "utf8")).toContain("version = 2");
    await other.remove();
  });

  it("ends when it is told to, and leaves nothing behind", async () => {
    const { top, base } = repository();
    const controller = new AbortController();
    const trees = makeTrees(top, base, true, noInstall, controller.signal);
    setTimeout(() => controller.abort(), 1);
    await expect(trees).rejects.toThrow(/abort/);
    expect(existsSync(join(top, ".dualbench/gate/base"))).toBe(false);
    expect(existsSync(join(top, ".dualbench/gate/head"))).toBe(false);
  });

  it("installs the packages of a base that has others, and is inconclusive when that fails", async () => {
    const { top, base } = repository();
    writeFileSync(join(top, "package-lock.json"), JSON.stringify({ packages: { "node_modules/a": {} } }));
    const installed: string[] = [];
    const trees = await makeTrees(top, base, false, async (folder) => void installed.push(folder));
    expect(installed).toEqual([trees.base]);
    await trees.remove();
    const refused = makeTrees(top, base, false, async () => {
      throw new Error("no network");
    });
    await expect(refused).rejects.toMatchObject({
      kind: "inconclusive",
      message: expect.stringMatching(/no network/),
    });
    expect(existsSync(join(gateFolder(top), "base"))).toBe(false);
  });
});

describe("makeHarness", () => {
  it("gives JavaScript and assets, takes them away again, and what a killed run left a day ago", async () => {
    const { top } = repository();
    writeFileSync(join(top, "impls", "kernel.wgsl"), "// asset\n");
    const [old, young] = ["harness-old", "harness-young"].map((name) => join(gateFolder(top), name));
    for (const left of [old, young]) mkdirSync(left);
    utimesSync(old, 1e9, 1e9);
    const harness = await makeHarness(top, ["impls"]);
    expect(harness.works).toBe(true);
    expect(existsSync(join(harness.folder, "impls/index.js"))).toBe(true);
    expect(existsSync(join(harness.folder, "impls/kernel.wgsl"))).toBe(true);
    harness.remove();
    expect([old, young, harness.folder].map(existsSync)).toEqual([false, true, false]);
  });
});

describe("git", () => {
  it("names fetch-depth for a shallow clone", async () => {
    const { top } = repository();
    const clone = join(temporary(), "clone");
    git(top, "clone", "--quiet", "--depth", "1", pathToFileURL(top).href, clone);
    await expect(mergeBase(clone, "HEAD")).rejects.toMatchObject({
      kind: "usage",
      message: expect.stringMatching(/fetch-depth: 0/),
    });
  });

  it("refuses what is no commit and what is no repository", async () => {
    const { top } = repository();
    await expect(mergeBase(top, "no-such-branch")).rejects.toMatchObject({ kind: "usage" });
    await expect(mergeBase(top, "--help")).rejects.toMatchObject({ kind: "usage" });
    await expect(repositoryTop(temporary())).rejects.toMatchObject({ kind: "usage" });
  });

  it("lists changes of the working tree, untracked files and both names of a rename", async () => {
    const { top, base } = repository();
    git(top, "mv", "package.json", "other name.json");
    writeFileSync(join(top, "new.ts"), "");
    expect(await changedFiles(top, base)).toEqual([
      "impls/index.ts",
      "new.ts",
      "other name.json",
      "package.json",
    ]);
  });

  it("knows what a file was called, committed or not, and what is only a copy", async () => {
    const { top, base } = repository();
    git(top, "mv", "package.json", "staged.json");
    renameSync(join(top, "suites/processes/child.ts"), join(top, "impls/moved here.ts"));
    writeFileSync(join(top, "copy.ts"), readFileSync(join(top, "impls/index.ts"), "utf8"));
    const status = git(top, "status", "--porcelain");
    expect([...(await movedFiles(top, base))].sort()).toEqual([
      ["impls/moved here.ts", "suites/processes/child.ts"],
      ["staged.json", "package.json"],
    ]);
    // what the user has staged is as it was
    expect(git(top, "status", "--porcelain")).toBe(status);
  });

  it("calls head dirty for a change of what is tracked, and for an untracked or ignored file that is used", async () => {
    const { top } = repository();
    const dirty = async (...used: string[]) => (await headOf(top, used)).dirty;
    for (const name of ["made.js", "other.ts"]) writeFileSync(join(top, name), "");
    writeFileSync(join(top, ".git/info/exclude"), "made.js\n");
    expect(await dirty("impls/index.ts")).toBe(false);
    expect(await dirty("impls/index.ts", "other.ts")).toBe(true);
    expect(await dirty("impls/index.ts", "made.js")).toBe(true);
    writeFileSync(join(top, "impls/index.ts"), "export const version = 4;\n");
    expect(await dirty()).toBe(true);
  });

  it("does not take a new version for other packages", () => {
    const [one, other, third] = [temporary(), temporary(), temporary()];
    const lock = (version: string, a: string) =>
      JSON.stringify({ version, packages: { "": { version }, "node_modules/a": { version: a } } });
    writeFileSync(join(one, "package-lock.json"), lock("1.0.0", "1"));
    writeFileSync(join(other, "package-lock.json"), lock("1.1.0", "1"));
    writeFileSync(join(third, "package-lock.json"), lock("1.0.0", "2"));
    expect(sameLock(one, other)).toBe(true);
    expect(sameLock(one, third)).toBe(false);
  });
});
