/** `gate --bisect` in a repository with planted commits. What is planted is wrong numbers: no time is asserted here. */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { Stop } from "../../scripts/cli/exit.js";
import { gate as gateHere } from "../../scripts/cli/gate/modes.js";
import { rangeOf } from "../../suites/gate/trees/range.js";
import { git } from "./cli.js";
import { gate, kernel, nothingLeft, repository } from "./gate-repository.js";

const WRONG = kernel("prepared.run(launch); outputs.Y[3] += 1;");
const ID = ["--impl", "kernel.mjs", "ssd/recurrent.cpu", "length=512", "state=64"];

/** The sources of one commit after the other, from main on. */
function history(...sources: readonly string[]): string {
  const top = repository(kernel(), sources[0]);
  for (const [i, source] of sources.slice(1).entries()) {
    writeFileSync(join(top, "kernel.mjs"), source);
    git(top, "commit", "--quiet", "--all", "-m", `commit ${i + 3}`);
  }
  return top;
}

describe("gate --bisect", { timeout: 120_000 }, () => {
  it("names what broke a case, and in a sentence a commit that does not build, which may be to blame; nothing stays", async () => {
    // every commit that is asked ends at its outputs: a good one would be tried on awkward shapes for seconds
    const top = history("does not build(", WRONG);
    const { code, stdout, stderr } = await gate(["--bisect", "main..change", ...ID], top).ended;
    expect(code, stderr).toBe(3);
    const [mute, culprit] = ["HEAD~1", "HEAD"].map((name) => git(top, "rev-parse", "--short=12", name));
    expect(stdout).toMatch(
      new RegExp(
        `^the first bad commit is one of ${mute} "two", ${culprit} "commit 3": held against .* "one", at `,
      ),
    );
    expect(stdout).toMatch(/ssd\/recurrent\.cpu .* is wrong: head: Y\[.*\(index 3\): got /);
    expect(stderr).toMatch(/"two": skipped, cannot load .*kernel\.mjs/);
    nothingLeft(top);
  });

  it("goes at a signal, with its number, and leaves nothing behind", async () => {
    const top = history(WRONG, `${WRONG}// 3`);
    const running = gate(["--bisect", "main..change", ...ID], top);
    while (!existsSync(join(top, ".dualbench/gate/bisect/kernel.mjs"))) await setTimeout(20);
    await setTimeout(100);
    running.process.kill("SIGINT");
    const ended = await running.ended;
    expect(ended.code, ended.stderr).toBe(130);
    expect(existsSync(join(top, ".dualbench/gate/bisect"))).toBe(false);
    nothingLeft(top);
  });

  it("refuses what is no range, and a range in which nothing that is measured changes", async () => {
    const cases: readonly [string[], RegExp][] = [
      [["--bisect", "HEAD~1..HEAD"], /takes the id of a case/],
      [["--bisect", "a..b", "--base", "c", "x"], /--base and --bisect exclude each other/],
      [["ssd/recurrent.cpu"], /an id belongs to --bisect/],
      [["--bisect", "HEAD", "ssd/"], /takes GOOD\.\.BAD/],
      [["--bisect", "no-such..HEAD", "ssd/"], /there is no commit no-such/],
      [["--bisect", "HEAD..HEAD", "ssd/"], /is no ancestor of/],
    ];
    for (const [args, message] of cases) {
      const stop = await gateHere(args).catch((error: unknown) => error);
      expect(stop, args.join(" ")).toBeInstanceOf(Stop);
      expect(stop).toMatchObject({ code: 2, message: expect.stringMatching(message) });
    }
    const top = history(`${kernel()}// 2`, `${kernel()}// 3`);
    await expect(rangeOf(top, "main..change", ["impls"])).rejects.toMatchObject({ kind: "nothing" });
    const range = await rangeOf(top, "main..change", []);
    expect([range.good.subject, ...range.commits.map(({ subject }) => subject)]).toEqual([
      "one",
      "two",
      "commit 3",
    ]);
  });
});
