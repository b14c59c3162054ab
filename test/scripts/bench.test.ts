/** The command as users and scripts see it: lists, bad input, exit codes, signals, one writer a folder. */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { readRun } from "../../reports/rows/store.js";
import { parseBenchOptions } from "../../scripts/cli/bench/options.js";
import { bench, refusedBy, root, start, temporary } from "./cli.js";

// processes are slow to start where many run
vi.setConfig({ testTimeout: 240_000 });

const tiny = [
  "--grid",
  "quick",
  "--suite",
  "sequence-length",
  "--engine",
  "cpu",
  "--filter",
  "ssd/recurrent length=512",
];

describe("bad input: one clear line, exit 2, nothing written", () => {
  const folder = temporary();
  const used = join(folder, "used");
  mkdirSync(used);
  writeFileSync(join(used, "results.jsonl"), "");
  writeFileSync(join(folder, "empty.mjs"), "export const nothing = 1;\n");
  writeFileSync(join(folder, "broken.ts"), "export default {\n");
  const file = join(folder, "a-file");
  writeFileSync(file, "");

  it.each([
    [["--colour"], /unknown option '--colour'.*--help/],
    [["--grid", "huge"], /huge.*quick, default, paper/],
    [["--suite", "seq"], /seq.*sequence-length, state-size/],
    [["--engine", "abacus"], /abacus.*cpu/],
    [["--filter", "length<=long"], /length<=4096/],
    [["--filter", "lenght=512"], /nearest is length/],
    [["--shard", "5/4"], /I\/N.*5\/4/],
    [["--seed", "-1"], /whole number.*-1/],
    [["--seed", "1e3"], /whole number/],
    [["--axis", "lenght=5"], /axis "lenght"; the nearest is length/],
    [["--axis", "length=5", "--axis", "state=none"], /size "none"/],
    [["quick"], /too many arguments/],
    [["--out"], /--out.*argument missing/],
  ])("flags: %j", (args, message) => {
    expect(() => parseBenchOptions(args)).toThrow(message);
    expect(() => parseBenchOptions(args)).toThrow(expect.objectContaining({ code: 2 }));
  });

  it.each([
    [["--grid", "huge"], /huge.*quick, default, paper/],
    [["--out", used], /already holds results.*--resume/],
    [["--out", join(file, "below")], /cannot write into.*part of the path is a file.*--out/],
    [["--resume", join(folder, "nowhere")], /cannot read.*no such file/],
    [["--resume", used], /holds no run/],
    [["--impl", join(folder, "missing.mjs")], /cannot load .*missing\.mjs/],
    [["--impl", join(folder, "empty.mjs")], /exports no implementation.*examples\/my-kernel\.ts/],
    [["--impl", join(folder, "broken.ts")], /cannot load .*broken\.ts/],
  ])("%j", async (args, message) => {
    const { code, stdout, stderr } = await bench(args);
    expect(stderr).toMatch(message);
    expect(
      stderr
        .replace(/^.* is absent: .*\n/gm, "")
        .trimEnd()
        .split("\n"),
    ).toHaveLength(1);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(stdout).toBe("");
    expect(code).toBe(2);
  });
});

describe("bench", () => {
  it("lists suite<TAB>id, and a filter and shards divide the list", async () => {
    const list = async (...args: string[]) => {
      const { stdout, code } = await bench(["--grid", "quick", "--engine", "cpu", "--list", ...args]);
      expect(code).toBe(0);
      return stdout.trimEnd().split("\n");
    };
    const [all, long, ...parts] = await Promise.all([
      list(),
      list("--filter", "ssd/ length>=2048"),
      ...["1/2", "2/2"].map((shard) => list("--shard", shard)),
    ]);
    for (const line of all)
      expect(line).toMatch(/^(sequence-length|state-size)\t[a-z_]+\/[a-z]+\.cpu( [A-Za-z]+=[a-z0-9._-]+)+$/);
    expect(new Set(all).size).toBe(all.length);
    expect(long).toEqual(all.filter((line) => /\tssd\//.test(line) && /length=(2048|4096)\b/.test(line)));
    expect(parts.flat().sort()).toEqual([...all].sort());
    for (const part of parts) expect(part.length).toBeGreaterThan(0);
  });

  it("ends with 5 when nothing matches", async () => {
    const flags = ["--grid", "quick", "--engine", "cpu", "--list", "--filter", "length=500"];
    const { code, stdout, stderr } = await bench(flags);
    expect([code, stdout]).toEqual([5, ""]);
    expect(stderr).toMatch(
      /no case has length=500; the nearest is length=512; .*no case matches --filter "length=500"/,
    );
  });

  it("prints help and the plan of a dry run without writing anything", async () => {
    const cwd = temporary();
    const help = await bench(["--help"], { cwd });
    expect(help.code).toBe(0);
    for (const flag of [
      "suite",
      "engine",
      "filter",
      "grid",
      "list",
      "dry-run",
      "out",
      "resume",
      "shard",
      "seed",
      "impl",
      "json",
      "no-color",
    ])
      expect(help.stdout).toContain(`--${flag}`);
    const dry = await bench([...tiny, "--dry-run"], { cwd });
    expect(dry.code).toBe(0);
    expect(dry.stdout).toMatch(
      /^sequence-length\tssd\/recurrent\.cpu .*\tat least \S+ \S+ a run, holds \S+ KiB, moves \S+ KiB, \S+ flops$/m,
    );
    expect(existsSync(join(cwd, "dualbench-runs"))).toBe(false);
  });

  it("prints one JSON document with --json, without HOME and without a terminal, into ./dualbench-runs", async () => {
    const cwd = temporary();
    const env = { HOME: undefined, CI: "true", NO_COLOR: "1" };
    const { code, stdout, stderr } = await bench([...tiny, "--json"], { cwd, env });
    expect(code).toBe(0);
    const document = JSON.parse(stdout);
    expect(document.rows.map((row: { status: string }) => row.status)).toEqual(["measured"]);
    expect(document.files[0]).toMatch(/^dualbench-runs\/\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ\/results\.jsonl$/);
    expect(stderr).toMatch(/^\[1\/1\] measured sequence-length ssd/m);
    expect(stderr).not.toContain("\x1b");
    const { environment, plan } = readRun(join(cwd, document.files[0], "..")).run;
    expect(plan.ids).toHaveLength(1);
    for (const key of [
      "cpu",
      "memory",
      "load",
      "os",
      "node",
      "gpus",
      "packages",
      "commit",
      "dirty",
      "argv",
      "seed",
    ])
      expect(environment).toHaveProperty(key);
    const header = readFileSync(join(cwd, document.files[1]), "utf8").split("\n")[0];
    expect(header.startsWith("id,suite,operator,")).toBe(true);
  });

  it("refuses a folder that the caller may not write into", async ({ skip }) => {
    const folder = temporary();
    chmodSync(folder, 0o500);
    const as = refusedBy(folder);
    if (!as) {
      const why = "nobody here is refused by mode bits: root without setpriv and other users, or Windows";
      console.log(`skipped: ${why}`);
      return skip(why);
    }
    const { code, stdout, stderr } = await bench([...tiny, "--out", join(folder, "run")], { as });
    expect(stderr).toMatch(/permission denied.*--out/);
    expect([code, stdout]).toEqual([2, ""]);
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe("signals", () => {
  // a problem a length, one behind the other: a signal after the first meets a run that has work left, and --resume has little
  const slow = [...tiny.slice(0, -1), "ssd/recurrent"];

  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)(
    "%s ends it with %i, rows flushed, and --resume finishes the rest",
    async (signal, wanted) => {
      const out = join(temporary(), "run");
      const run = start([...slow, "--out", out]);
      let told = "";
      await new Promise<void>((resolve) => {
        run.process.stderr!.on("data", (text) => {
          told += text;
          if (told.includes("[1/")) resolve();
        });
      });
      run.process.kill(signal);
      const { code, stderr, stdout } = await run.ended;
      expect(code).toBe(wanted);
      // relative to where the command ran, where that is shorter
      expect(stderr).toMatch(new RegExp(`--resume \\S*${basename(dirname(out))}/run$`, "m"));
      const named = stdout.trimEnd().split("\n");
      expect(named.map((path) => resolve(root, path))).toEqual([
        join(out, "results.jsonl"),
        join(out, "results.csv"),
      ]);
      const before = readRun(out);
      expect(before.cases.length).toBeGreaterThan(0);
      if (signal === "SIGTERM") return;

      const conflict = await bench(["--resume", out, "--seed", "7"]);
      expect([conflict.code, conflict.stderr]).toEqual([2, expect.stringContaining("--seed contradicts")]);
      const resumed = await bench(["--resume", out]);
      expect(resumed.code).toBe(0);
      const after = readRun(out);
      expect(after.cases.slice(0, before.cases.length)).toEqual(before.cases);
      const ids = after.cases.map(({ row }) => `${row.suite}\t${row.id}`);
      expect([...ids].sort()).toEqual([...after.run.plan.ids].sort());
      expect(after.resumes).toHaveLength(1);
    },
    120_000,
  );
});

it("the installed command dispatches, and names its commands", async () => {
  const script = "dualbench";
  const [help, wrong, listed] = await Promise.all([
    bench(["--help"], { script }),
    bench(["brunch"], { script }),
    bench(["bench", "--list", ...tiny], { script }),
  ]);
  expect([help.code, wrong.code, listed.code]).toEqual([0, 2, 0]);
  expect(help.stdout).toContain("bench");
  expect(wrong.stderr).toMatch(/no command "brunch".*bench/);
  expect(listed.stdout).toMatch(/^sequence-length\tssd\/recurrent\.cpu /);
});
