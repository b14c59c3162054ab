/** The command as a continuous integration job meets it. Speed verdicts are the self-test's; here are exits, names and what is left. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import type { Verdict } from "../../reports/gate/verdict.js";
import { Stop } from "../../scripts/cli/exit.js";
import { gate as gateHere } from "../../scripts/cli/gate/modes.js";
import { git, temporary } from "./cli.js";
import { gate, kernel, nothingLeft, ONE_CASE, repository, verdictIn } from "./gate-repository.js";

describe("gate", { timeout: 120_000 }, () => {
  it("refuses bad usage in one line that says what to type next", async () => {
    const cases: readonly [string[], RegExp][] = [
      [["--base", "no-such-ref"], /there is no commit no-such-ref/],
      [["--base"], /argument missing/],
      [["--base", "HEAD", "--baseline", "x.json"], /--base and --baseline exclude each other/],
      [["--update"], /--update writes the file of --baseline/],
      [["--baseline", "missing.json"], /there is no baseline missing.json; --update/],
      [["--baseline", "no/folder/b.json", "--update"], /there is no folder/],
      [["--without", "speed"], /There is no check "speed"; there are cost, size, growth, claims/],
      [["--budget", "0"], /above 0/],
      [["--engine", "abacus"], /there is no engine "abacus"; there are cuda, webgpu/],
      [["--device", "swiftshadr"], /no engine has a device "swiftshadr"; there are .*swiftshader/],
      [["--filter", "length<="], /needs a key and a value/],
      [["--frobnicate"], /unknown option/],
    ];
    for (const [args, message] of cases) {
      const stop = await gateHere(args).catch((error: unknown) => error);
      expect(stop, args.join(" ")).toBeInstanceOf(Stop);
      expect(stop).toMatchObject({ code: 2, message: expect.stringMatching(message) });
    }
    // what the command makes of it
    const ended = await gate(cases[0][0]).ended;
    expect(ended).toMatchObject({
      code: 2,
      stdout: "",
      stderr: expect.stringMatching(/^[^\n]*no-such-ref[^\n]*\n$/),
    });
  });

  it("says where it cannot work: another repository without --impl, no repository, a shallow clone", async () => {
    const top = repository(kernel(), kernel());
    const foreign = await gate(["--base", "main"], top).ended;
    expect([foreign.code, foreign.stderr]).toEqual([2, expect.stringMatching(/takes --impl FILE/)]);
    const nowhere = await gate(["--base", "main"], temporary()).ended;
    expect([nowhere.code, nowhere.stderr]).toEqual([2, expect.stringMatching(/no git repository/)]);
    const [owned, gitless, outside] = await Promise.all([
      gate(["--base", "main", ...ONE_CASE], top, { GIT_TEST_ASSUME_DIFFERENT_OWNER: "1" }).ended,
      gate(["--base", "main", ...ONE_CASE], top, { PATH: temporary() }).ended,
      gate(["--base", "main", "--impl", join(temporary(), "kernel.mjs")], top).ended,
    ]);
    expect([owned.code, owned.stderr]).toEqual([2, expect.stringContaining(`safe.directory ${top}`)]);
    expect([gitless.code, gitless.stderr]).toEqual([2, expect.stringMatching(/install git/)]);
    expect([outside.code, outside.stderr]).toEqual([2, expect.stringMatching(/lies outside the repository/)]);
    const clone = join(temporary(), "clone");
    git(top, "clone", "--quiet", "--depth", "1", pathToFileURL(top).href, clone);
    const shallow = await gate(["--base", "HEAD", ...ONE_CASE], clone).ended;
    expect([shallow.code, shallow.stderr]).toEqual([2, expect.stringMatching(/fetch-depth: 0/)]);
  });

  it("exits 4 on a wrong number, names it in every output, and leaves no tree behind", async () => {
    const top = repository(kernel(), kernel("prepared.run(launch); outputs.Y[3] += 1;"));
    const summary = join(temporary(), "summary.md");
    const actions = { GITHUB_ACTIONS: "true", GITHUB_STEP_SUMMARY: summary };
    const ended = await gate(["--base", "main", ...ONE_CASE, "--json"], top, actions).ended;
    expect(ended.code, ended.stderr).toBe(4);
    const verdict = JSON.parse(ended.stdout) as Verdict;
    expect(verdict).toEqual(verdictIn(top));
    expect(verdict.status).toBe("wrong");
    expect(verdict.cases).toHaveLength(1);
    expect(verdict.cases[0].id).toMatch(/^ssd\/recurrent\.cpu .*length=512.* make=kernel$/);
    expect(verdict.cases[0].reason).toMatch(
      /^head: Y\[batch=0 length=0 heads=0 headDim=3\] \(index 3\): got /,
    );
    expect(verdict.cases[0].repeat).toContain("--base main --impl kernel.mjs --filter");
    expect(ended.stderr).toMatch(/^::error title=gate%3A wrong::/m);
    expect(readFileSync(summary, "utf8")).toContain("WRONG OUTPUT");
    expect(readFileSync(join(top, ".dualbench/verdict/junit.xml"), "utf8")).toContain("<failure");
    nothingLeft(top);
  });

  it("exits 4 on a base that is wrong as well: its time is no yardstick", async () => {
    const top = repository(kernel("prepared.run(launch); outputs.Y[3] += 1;"), kernel());
    const ended = await gate(["--base", "main", ...ONE_CASE], top).ended;
    expect(ended.code, ended.stderr).toBe(4);
    expect(verdictIn(top).cases[0].reason).toMatch(/^base: Y/);
  });

  it("exits 1 when head cannot run what the base can", async () => {
    const top = repository(kernel(), kernel("throw new Error('a fresh bug');"));
    const ended = await gate(["--base", "main", ...ONE_CASE], top).ended;
    expect(ended.code, ended.stderr).toBe(1);
    expect(verdictIn(top).cases[0]).toMatchObject({
      outcome: "failed",
      reason: expect.stringMatching(/a fresh bug/),
    });
  });

  it("exits 1 when head no longer takes what the base takes: a kernel that does not compile is not left out", async () => {
    const refuses = kernel().replace(
      "...recurrentCpu,",
      '...recurrentCpu,\n  unsupported: () => "no longer",',
    );
    const ended = await gate(["--base", "main", ...ONE_CASE], repository(kernel(), refuses)).ended;
    expect([ended.code, ended.stdout], ended.stderr).toEqual([
      1,
      expect.stringMatching(/head cannot run ssd\/recurrent\.cpu .*no longer/),
    ]);
    // a base that did not take it either has nothing to lose
    const both = repository(refuses, refuses.replace("no longer", "not ever"));
    const neither = await gate(["--base", "main", ...ONE_CASE], both).ended;
    expect(neither.code, neither.stderr).toBe(5);
  });

  it("exits 3 when the base cannot be loaded", async () => {
    const top = repository("throw new Error('broken then');", kernel());
    const ended = await gate(["--base", "main", ...ONE_CASE], top).ended;
    expect([ended.code, ended.stderr]).toEqual([
      3,
      expect.stringMatching(/cannot load the base: .*broken then/),
    ]);
    nothingLeft(top);
  });

  it("exits 5 when nothing is left to compare, never 0", async () => {
    const top = repository(kernel(), kernel());
    const none = await gate(["--base", "main", "--impl", "kernel.mjs", "--filter", "attention/"], top).ended;
    expect([none.code, none.stderr]).toEqual([5, expect.stringMatching(/nothing to compare/)]);
    writeFileSync(join(top, "new.mjs"), kernel());
    const fresh = await gate(["--base", "main", "--impl", "new.mjs", "--filter", "length=512"], top).ended;
    expect([fresh.code, fresh.stderr]).toEqual([5, expect.stringMatching(/it is new/)]);
  });

  it("is inconclusive, not a pass, when the budget ends first", async () => {
    const top = repository(kernel(), `${kernel()}// touched\n`);
    const ended = await gate(["--base", "main", ...ONE_CASE, "--budget", "0.001"], top).ended;
    expect(ended.code, ended.stderr).toBe(3);
    expect(verdictIn(top).status).toBe("inconclusive");
    expect(ended.stdout).toContain("the budget ended before the rule was done");
  });

  it("goes at a signal, with its number, and leaves no tree behind", async () => {
    const top = repository(kernel(), kernel());
    const running = gate(["--base", "main", ...ONE_CASE], top);
    while (!existsSync(join(top, ".dualbench/gate/base/kernel.mjs"))) await setTimeout(20);
    await setTimeout(1500);
    running.process.kill("SIGINT");
    const ended = await running.ended;
    expect(ended.code, ended.stderr).toBe(130);
    nothingLeft(top);
  });

  it("simulates, with the bound printed", async () => {
    const { code, stdout } = await gate(["--simulate", "--runs", "20", "--cases", "5"]).ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(/no change: 0 of 20 runs fail \(at most 13\.91% of all such runs/);
    expect(stdout).toMatch(/10% slower: found in 20 of 20 runs/);
  });
});
