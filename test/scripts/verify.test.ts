/** `npm run verify` as a user types it: output, exit codes, bad input. */
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, it, vi } from "vitest";
import { chosenMutants, enginesOf } from "../../scripts/cli/verify/mutants.js";
import { parseVerifyOptions } from "../../scripts/cli/verify/options.js";
import { patches } from "../../suites/mutants/bank/index.js";
import { encode } from "../suites/golden-file.js";
import { commandOf, programFile, root, start, temporary } from "./cli.js";

/** Children start more slowly than tests on a busy machine. */
vi.setConfig({ testTimeout: 240_000 });

const scratch = mkdtempSync(join(tmpdir(), "verify-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function verify(...flags: string[]) {
  const {
    status,
    stdout,
    stderr: all,
  } = spawnSync(process.execPath, [...commandOf("verify"), ...flags], {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, npm_lifecycle_event: "verify" },
  });
  // an engine that this machine lacks is a sentence of its own
  const stderr = all.replace(/^.* is absent: .*\n/gm, "");
  return { status, stdout, stderr, lines: stdout.trimEnd().split("\n") };
}

function folder(name: string, ...golden: string[]): string {
  const path = join(scratch, name);
  mkdirSync(path);
  for (const file of golden)
    copyFileSync(join(root, "test/golden", `${file}.safetensors`), join(path, `${file}.safetensors`));
  return path;
}

const GOLDEN = "06_ssd_minimal_strong_decay";
/** What these tests are about needs one law on one operator. */
const FEW = ["--operator", "ssd", "--law", "forms-agree"];

describe("verify --vectors", () => {
  it("prints a line a case and implementation, and the count last", () => {
    const { status, lines, stderr } = verify("--vectors", folder("good", GOLDEN), "--engine", "cpu");
    expect(stderr).toBe("");
    expect(status).toBe(0);
    expect(lines[0]).toMatch(/^pass 06_ssd_minimal_strong_decay reference: error .* of the peak$/);
    expect(lines[1]).toMatch(/^pass 06_ssd_minimal_strong_decay ssd\/.* dtype=f32.*: error .* of the bound$/);
    expect(lines.at(-1)).toBe(`${lines.length - 1} passed, 0 failed, 0 skipped`);
  });

  it("fails on wrong numbers (1), names an unreadable file and runs the others (2)", () => {
    const path = folder("wrong", GOLDEN);
    const bytes = readFileSync(join(path, `${GOLDEN}.safetensors`));
    bytes.writeDoubleLE(1e3, bytes.length - 8);
    writeFileSync(join(path, `${GOLDEN}.safetensors`), bytes);
    const wrong = verify("--vectors", path, "--engine", "cpu");
    expect(wrong.status).toBe(1);
    expect(wrong.lines[0]).toMatch(/^fail .* reference: .*got .* wants 1000/);
    expect(wrong.lines.at(-1)).toMatch(/^\d+ passed, 1 failed, 0 skipped$/);

    writeFileSync(join(path, "00_torn.safetensors"), bytes.subarray(0, 500));
    const json = join(scratch, "wrong.json");
    const both = verify("--vectors", path, "--engine", "cpu", "--json", json);
    expect(both.status).toBe(2);
    expect(both.stderr).toMatch(/^cannot read .*00_torn\.safetensors: is truncated.*\n$/);
    expect(both.lines.at(-1)).toBe(wrong.lines.at(-1));
    expect(JSON.parse(readFileSync(json, "utf8"))).toMatchObject({
      failed: 1,
      unreadable: [{ file: expect.stringContaining("00_torn") }],
    });
  });

  it("says so when nothing is left to verify (5)", () => {
    const empty = verify("--vectors", folder("empty"), "--engine", "cpu");
    expect([empty.status, empty.stdout]).toEqual([5, "0 passed, 0 failed, 0 skipped\n"]);
    expect(empty.stderr).toContain("no *.safetensors in");

    const path = folder("skipped");
    const metadata = {
      op: "mamba9_block",
      options: "{}",
      layout: '{"out.y":"b"}',
      inputs: "[]",
      outputs: '["out.y"]',
    };
    writeFileSync(join(path, "a.safetensors"), encode({ "out.y": { shape: [1], data: [1] } }, metadata));
    const skipped = verify("--vectors", path, "--engine", "cpu");
    expect([skipped.status, skipped.lines.at(-1)]).toEqual([5, "0 passed, 0 failed, 1 skipped"]);
    expect(skipped.lines[0]).toBe("skip a: op mamba9_block is unknown here");
  });

  it.each([
    [["--vectors", "/nowhere/at/all"], "cannot read --vectors /nowhere/at/all"],
    [["--engine", "abacus"], 'there is no engine "abacus"; there are '],
    [["--impl", "nowhere.ts"], "nowhere.ts"],
    [["--frobnicate"], "unknown option"],
  ])("%j is bad usage: one line, exit code 2", (flags, reason) => {
    const { status, stdout, stderr } = verify(...flags);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(reason);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  });

  it.each([
    [["--vectors", "test/golden", "--cases", "3"], "exclude each other"],
    [["--replay", "causality.ssd.1.2", "--seed", "3"], "exclude each other"],
    [["--vectors", "package.json"], "it is not a folder"],
    [["--outputs", "/nowhere/at/all"], "cannot read --outputs /nowhere/at/all"],
    [["--outputs", "test/golden", "--seed", "3"], "exclude each other"],
    [["--outputs", "test/golden", "--export", "x"], "exclude each other"],
    [["--export", "x", "--engine", "cpu"], "--export and --engine exclude each other"],
    [["--export", "x", "--operator", "abacus"], 'there is no operator "abacus"'],
    [["--cases", "100001"], "more with --resume DIR"],
    [["--resume", "x", "--json", "y"], "exclude each other"],
    [["--resume", "x", "--vectors", "y"], "exclude each other"],
    [["--law", "abacus"], 'there is no law "abacus"; there are forms-agree, '],
    [["--shapes", "0"], "a whole number of at least 1"],
    [["--deadline", "0.5"], "a whole number of at least 1"],
    [["--filter", "size=3"], "there is no key size"],
    [["--vectors", "test/golden", "--law", "causality"], "--vectors and --law exclude each other"],
    [["--replay", "causality.ssd.1.2", "--operator", "ssd"], "exclude each other"],
    [["--cases", "none"], "a whole number of at least 1"],
    [["--seed", "-1"], "a whole number from 0"],
    [["--replay", "never"], "not a replay token"],
    [["--json", "/nowhere/at/all.json"], "there is no folder"],
    [["--json", "test"], "is a folder"],
    [["extra"], "too many arguments"],
  ])("%j is refused", (flags, reason) => {
    expect(() => parseVerifyOptions(flags)).toThrow(reason);
  });
});

describe("verify", () => {
  it("prints a table and passes", () => {
    // of one implementation: each law looks at a few problems of each
    const toy = ["--engine", "toy", "--impl", programFile("test/fixtures/toy-engine")];
    const { status, stdout } = verify("--cases", "8", "--seed", "3", ...toy);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^seed 3, 8 problems/);
    expect(stdout).toMatch(/implementation +checks +failed +worst error\/bound +median/);
    expect(stdout).toMatch(/\d+ checks passed, 0 failed\n$/);
  });

  it("shows a shrunk counterexample of a user's implementation, and the command that replays it", () => {
    const file = "suites/mutants/third-head.ts";
    const { status, stdout } = verify("--cases", "8", "--engine", "cpu", "--impl", file, ...FEW);
    expect(status).toBe(1);
    expect(stdout).toContain("FAIL ssd/recurrent.cpu make=third-head breaks forms-agree");
    expect(stdout).toContain("ssd: heads=3,");
    const [, token] =
      /again: npm run verify -- --replay (\S+) --engine cpu --impl suites\/mutants\/third-head\.ts/.exec(
        stdout,
      )!;
    const again = verify("--replay", token, "--engine", "cpu", "--impl", file);
    expect(again.status).toBe(1);
    expect(again.stdout).toMatch(/^FAIL ssd\/recurrent\.cpu dtype=f32 make=third-head: /m);
    expect(again.stdout).toMatch(/^pass ssd\/chunked\.cpu/m);
  });

  it("loses one case to a crash, not the run", () => {
    const { status, stdout } = verify(
      "--vectors",
      folder("crash", GOLDEN),
      "--engine",
      "cpu",
      "--impl",
      programFile("test/fixtures/crashing-kernel"),
    );
    expect(status).toBe(1);
    expect(stdout).toMatch(/^fail .* make=crashing-kernel: threw: its process was ended by SIGABRT/m);
    expect(stdout).toMatch(/\d+ passed, 1 failed, 0 skipped\n$/);
  });
});

describe("verify --resume", () => {
  it("keeps blocks, goes on where it ended, and draws the atlas", { timeout: 60_000 }, async () => {
    const folder = join(temporary(), "campaign");
    const flags = ["--cases", "3", "--engine", "cpu", "--resume", folder, ...FEW];
    const first = await start(flags, { script: "verify" }).ended;
    expect([first.code, first.stderr.trimEnd().split("\n")]).toEqual([0, ["0 of 1 blocks", "1 of 1 blocks"]]);
    for (const name of ["block-000000.json", "atlas.svg", "atlas.png", "atlas.csv"])
      expect(readdirSync(folder)).toContain(name);
    const again = await start(flags, { script: "verify" }).ended;
    expect([again.code, again.stderr.trimEnd(), again.stdout]).toEqual([0, "1 of 1 blocks", first.stdout]);
    const other = await start([...flags, "--seed", "1"], { script: "verify" }).ended;
    expect([other.code, other.stderr]).toEqual([
      2,
      expect.stringContaining("repeat those flags, or name another folder"),
    ]);
  });
});

describe("verify --resume with a kernel of one's own", () => {
  const kernel = (change: string) => `
import { recurrentCpu } from ${JSON.stringify(pathToFileURL(programFile("impls/ssd/recurrent.cpu")).href)};
export const mine = {
  ...recurrentCpu,
  options: () => [{ make: "mine" }],
  async prepare(engine, problem, options) {
    const prepared = await recurrentCpu.prepare(engine, problem, options);
    ${change}
    return prepared;
  },
};
`;

  it("refuses to go on when its file has changed (3), and says what cannot be loaded (2)", {
    timeout: 60_000,
  }, async () => {
    const [folder, file] = [join(temporary(), "campaign"), join(temporary(), "mine.mjs")];
    const flags = ["--cases", "2", "--engine", "cpu", "--resume", folder, "--impl", file, ...FEW];
    writeFileSync(file, kernel(""));
    expect(await start(flags, { script: "verify" }).ended).toMatchObject({ code: 0 });
    writeFileSync(file, kernel("prepared.run = () => {};"));
    const changed = await start(flags, { script: "verify" }).ended;
    expect([changed.code, changed.stderr]).toEqual([
      3,
      expect.stringContaining("a file of --impl has changed"),
    ]);
    writeFileSync(file, "export const = 3;");
    const broken = await start([...flags.slice(0, 5), join(temporary(), "new"), ...flags.slice(6)], {
      script: "verify",
    }).ended;
    expect([broken.code, broken.stderr]).toEqual([2, expect.stringContaining("mine.mjs")]);
  });
});

describe("verify --export", () => {
  it("writes over nobody's files", async () => {
    const folder = temporary();
    writeFileSync(join(folder, "README.md"), "mine");
    const { code, stderr } = await start(["--export", folder], { script: "verify" }).ended;
    expect([code, stderr]).toEqual([2, expect.stringContaining("holds files already; name a new folder")]);
    expect(readFileSync(join(folder, "README.md"), "utf8")).toBe("mine");
  });
});

describe("verify --mutants", () => {
  it("means all, those of a name or file, or those of an engine", () => {
    expect(parseVerifyOptions(["--mutants"])?.mutants).toBe("");
    expect(parseVerifyOptions(["--mutants", "decay"])?.mutants).toBe("decay");
    expect(parseVerifyOptions([])?.mutants).toBeUndefined();
    expect(chosenMutants("", [])).toEqual(patches);
    const some = chosenMutants("attention/", ["wasm", "native"]);
    expect(enginesOf(some).sort()).toEqual(["native", "wasm"]);
    expect(some.every(({ file }) => file.includes("attention/"))).toBe(true);
  });

  it("refuses a name that no mutant has, and flags that mean another mode", () => {
    expect(() => chosenMutants("no-such", [])).toThrow("no mutant is called no-such; npm run verify");
    expect(() => chosenMutants("wgsl", ["cpu"])).toThrow("no mutant is called wgsl on engine cpu");
    expect(() => parseVerifyOptions(["--mutants", "--cases", "3"])).toThrow("--mutants and --cases exclude");
    expect(() => parseVerifyOptions(["--mutants", "--impl", "x.ts"])).toThrow("--mutants and --impl exclude");
  });
});
