/** What a module does while it loads costs the process that loads it, and the others nothing. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { implementationName } from "../../../impls/implementation.js";
import { implementations } from "../../../impls/index.js";
import { openCatalogue } from "../../../suites/processes/catalogue.js";
import { nodeHost } from "../../../suites/processes/host.node.js";
import { originOf } from "../../../suites/processes/origin.js";
import { userModule } from "./user-modules.js";

const folder = mkdtempSync(join(tmpdir(), "catalogue-"));
const host = nodeHost();
afterAll(async () => {
  await host.close();
  rmSync(folder, { recursive: true, force: true });
});

function raw(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

describe("modules of a user", () => {
  it("are listed as data, whatever they do while they load, and cannot run here", async () => {
    const files = [
      userModule(
        folder,
        "prints.mjs",
        'console.log("hello"); process.stdout.write("x"); process.send?.(null); export const a = kernel("a");',
      ),
      userModule(
        folder,
        "keeps.mjs",
        'setInterval(() => {}, 1000); export const a = kernel("timer", { dtypes: ["f32", "bf16"], bitwise: false });',
      ),
      userModule(
        folder,
        "changes.mjs",
        "globalThis.fetch = undefined; Math.abs = () => 0; Array.prototype.map = () => []; performance.now = () => 0;" +
          "process.exitCode = 3; export default [kernel('b'), kernel('c')];",
      ),
    ];
    const before = Math.abs;
    const { impls, files: loaded, refused, entries } = await openCatalogue(host, files);
    expect(refused).toEqual([]);
    expect(loaded).toEqual(files);
    expect(Math.abs).toBe(before);
    const theirs = impls.slice(implementations.length);
    expect(theirs.map(implementationName)).toEqual(Array(4).fill("ssd/recurrent.cpu"));
    expect(theirs.map((impl) => originOf(impl)?.file)).toEqual([files[0], files[1], files[2], files[2]]);
    expect(theirs[1]).toMatchObject({ dtypes: ["f32", "bf16"], bitwise: false, source: "a test" });
    expect(() => theirs[0].rounding({} as never, {})).toThrow(/loaded in children only/);
    expect(entries.map(({ name }) => name)).toContain("cpu");
  }, 60_000);

  it("that cannot be used are named, each with what is wrong and where, and the others go on", async () => {
    const good = userModule(folder, "good.mjs", 'export const a = kernel("a");');
    const cases: readonly (readonly [string, boolean, RegExp])[] = [
      [
        userModule(folder, "exits.mjs", 'export const a = kernel("a"); process.exit(0);'),
        true,
        /exits\.mjs cannot be loaded: its process exited with code 0/,
      ],
      [
        userModule(
          folder,
          "killed.mjs",
          'export const a = kernel("a"); process.kill(process.pid, "SIGKILL"); for (;;);',
        ),
        true,
        /killed\.mjs cannot be loaded: .*SIGKILL/,
      ],
      [
        raw("unfinished.mts", "export const a = 1;\nexport default implementation(\n"),
        false,
        /^cannot load .*unfinished\.mts: Unexpected end of file \(.*unfinished\.mts:3:1\)$/,
      ],
      [
        raw("throws.mts", 'const a = 1;\n  throw new Error("no card");\nexport default a;\n'),
        false,
        /^cannot load .*throws\.mts: no card \(.*throws\.mts:2:9\)$/,
      ],
      [raw("empty.mjs", "export const a = 1;"), false, /empty\.mjs exports no implementation/],
      [
        userModule(folder, "operator.mjs", 'export const a = kernel("a", { operator: { name: "mine" } });'),
        false,
        /operator\.mjs: there is no operator mine/,
      ],
      [
        userModule(folder, "form.mjs", 'export const a = kernel("a", { form: "My Form" });'),
        false,
        /form\.mjs: its form "My Form" cannot stand in a case id/,
      ],
      [
        userModule(folder, "dtypes.mjs", 'export const a = kernel("a", { dtypes: ["int8"] });'),
        false,
        /dtypes\.mjs: its dtypes are int8, expected a list of/,
      ],
      [
        userModule(folder, "source.mjs", 'export const a = kernel("a", { source: () => "me" });'),
        false,
        /source\.mjs: its source is no text/,
      ],
    ];
    const { files, refused } = await openCatalogue(host, [...cases.map(([file]) => file), good]);
    expect(files).toEqual([good]);
    expect(refused.map(({ file }) => file)).toEqual(cases.map(([file]) => file));
    for (const [i, [, broken, reason]] of cases.entries()) {
      expect(refused[i].reason).toMatch(reason);
      expect(refused[i].broken).toBe(broken);
    }
  }, 120_000);

  it("that never finish cost their deadline once, and what they started ends with them", async () => {
    const note = join(folder, "pid");
    const endless = raw(
      "endless.mjs",
      `import { spawn } from "node:child_process";
       import { writeFileSync } from "node:fs";
       const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { detached: true, stdio: "ignore" });
       child.unref();
       writeFileSync(${JSON.stringify(note)}, String(child.pid));
       await new Promise((done) => setTimeout(done, 1e9));`,
    );
    const { refused } = await openCatalogue(host, [endless], { loadMs: 4000 });
    expect(refused).toMatchObject([
      { broken: true, reason: expect.stringContaining("did not finish within 4 s") },
    ]);
    expect(existsSync(note), "it started a process").toBe(true);
    const pid = Number(readFileSync(note, "utf8"));
    // its new parent may take a moment to notice that it ended
    await expect.poll(() => isRunning(pid), { timeout: 30_000 }).toBe(false);
  }, 90_000);
});

function isRunning(pid: number): boolean {
  try {
    // what has ended and was not yet looked at still has its number
    return !/^\d+ \(.*\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}
