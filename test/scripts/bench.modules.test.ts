/** Modules of a user through the commands: what they do while they load, and what is said when nothing of them is looked at. */
import { join } from "node:path";
import { expect, it } from "vitest";
import { userModule } from "../suites/processes/user-modules.js";
import { bench, start, temporary } from "./cli.js";

const folder = temporary();

it("are measured beside one that ends its process, which costs that file: exit 1 and its name", async () => {
  const good = userModule(
    folder,
    "good.mjs",
    'console.log("banner"); setInterval(() => {}, 1000); performance.now = () => 0; export const a = kernel("good");',
  );
  const exits = userModule(folder, "exits.mjs", 'export const a = kernel("a"); process.exit(0);');
  const out = join(folder, "run");
  const flags = ["--grid", "quick", "--suite", "sequence-length", "--engine", "cpu", "--json", "--out", out];
  const { code, stdout, stderr } = await bench([
    ...flags,
    ...["--filter", "ssd/recurrent.cpu length=512 make=good", "--impl", good, "--impl", exits],
  ]);
  expect(code, stderr).toBe(1);
  expect(stderr).toMatch(/exits\.mjs cannot be loaded: its process exited with code 0/);
  const { rows } = JSON.parse(stdout);
  expect(rows).toMatchObject([{ status: "measured" }]);
  expect(rows[0].medianNs).toBeGreaterThan(0);
}, 240_000);

it("alone that end their process or have no options are no success: 1 and 5, for bench and verify", async () => {
  const exits = userModule(folder, "alone.mjs", 'export const a = kernel("a"); process.exit(0);');
  const none = userModule(folder, "none.mjs", 'export const a = kernel("a", { options: () => [] });');
  const flags = ["--grid", "quick", "--suite", "sequence-length", "--engine", "cpu", "--list"];
  for (const [file, expected, said] of [
    [exits, 1, /alone\.mjs cannot be loaded/],
    [none, 5, /none\.mjs: no case for any kernel of it: .*its options\(\) gives none/],
  ] as const) {
    const { code, stderr } = await bench([...flags, "--impl", file]);
    expect(stderr).toMatch(said);
    expect(code).toBe(expected);
  }
  const verified = await bench(["--engine", "cpu", "--replay", "forms-agree.ssd.1.0", "--impl", none], {
    script: "verify",
  });
  expect(verified.stderr).toMatch(/none\.mjs: no kernel of it was checked: .*its options\(\) gives none/);
  expect(verified.code).toBe(5);
}, 240_000);

it("that fail say where, and the command that repeats it; no line is one of a stack", async () => {
  const file = userModule(
    folder,
    "fails.mts",
    `export const a = kernel("a", { options: () => {
  throw new Error("no options today");
} });
export const b = kernel("b", { unsupported: () => { throw undefined; } });`,
  );
  const out = join(folder, "fails");
  const flags = ["--grid", "quick", "--suite", "sequence-length", "--engine", "cpu", "--out", out];
  const { code, stdout, stderr } = await bench([
    ...flags,
    "--filter",
    "length=512 make=fails|make=b",
    "--impl",
    file,
  ]);
  expect(code, stderr).toBe(1);
  expect(stderr).toMatch(
    /its options\(\) failed: no options today \(.*fails\.mts:8:9\); repeat: .*--impl .*fails\.mts/,
  );
  expect(stderr).toMatch(/its unsupported\(\) failed: undefined/);
  expect(`${stdout}${stderr}`).not.toMatch(/^\s*at .*:\d+:\d+/m);
}, 240_000);

it("verify answers a signal at once, whatever it is doing on the cpu engine", async () => {
  const { process: running, ended } = start(["--engine", "cpu", "--cases", "50000"], { script: "verify" });
  await new Promise((seen) => running.stdout!.once("data", seen));
  running.kill("SIGTERM");
  expect((await ended).code).toBe(143);
}, 120_000);
