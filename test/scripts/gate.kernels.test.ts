/** What the gate makes of a change to a user's modules: who is whose kernel, shapes beside the timed ones, modules that misbehave. */
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Verdict } from "../../reports/gate/verdict.js";
import { temporary } from "./cli.js";
import { gate, kernel, kernels, nothingLeft, ONE_CASE, repository } from "./gate-repository.js";

describe("gate of a user's kernels", { timeout: 120_000 }, () => {
  it("pairs kernels by their make, follows a moved file, verifies a new kernel and says what vanished", async () => {
    const right = "run();";
    const top = repository(kernels({ fast: right, gone: right }), "");
    const moved = join(top, "moved");
    rmSync(join(top, "kernel.mjs"));
    mkdirSync(moved);
    // not committed, not even known to git; a new export before the old ones moves their places
    writeFileSync(join(moved, "mine.mjs"), kernels({ fresh: "run(); outputs.Y[3] += 1;", fast: right }));
    const link = join(temporary(), "link");
    symlinkSync(top, link);
    const args = [
      "--base",
      "main",
      "--impl",
      join(link, "moved/mine.mjs"),
      "--filter",
      "length=512 state=64",
    ];
    const ended = await gate([...args, "--json"], top).ended;
    expect(ended.code, ended.stderr).toBe(4);
    const { cases, notCompared, head } = JSON.parse(ended.stdout) as Verdict;
    expect(cases.map(({ id, outcome }) => [id.split(" ").at(-1), outcome])).toEqual([
      ["make=fresh", "wrong"],
    ]);
    expect(notCompared).toEqual([
      { id: expect.stringMatching(/make=fresh$/), reason: expect.stringMatching(/^it is new/) },
      { id: "ssd/recurrent.cpu make=gone", reason: "head has it no longer" },
    ]);
    expect(head.commit).toMatch(/-dirty$/);
  });

  it("exits 4 on indices that are right in the one shape of the grid: batches and groups are tried before timing", async () => {
    const wrong = "prepared.run(launch); if (problem.dims.batch > 1) outputs.Y[outputs.Y.length - 1] = 0;";
    const ended = await gate(["--base", "main", ...ONE_CASE], repository(kernel(), kernel(wrong))).ended;
    expect([ended.code, ended.stdout], ended.stderr).toEqual([
      4,
      expect.stringMatching(/^wrong .* batch=3 length=65 heads=6 groups=2 /m),
    ]);
    expect(ended.stdout).toMatch(
      /^awkward shapes and random problems \(seed \d+\): 1 checks of 1 implementations/m,
    );
    expect(ended.stdout).toContain('--impl kernel.mjs --filter "ssd/recurrent.cpu make=kernel"');
  });

  it("exits 1 with the file's name when a module of head ends its process", async () => {
    const top = repository(kernel(), `${kernel()}process.exit(0);\n`);
    const ended = await gate(["--base", "main", ...ONE_CASE], top).ended;
    expect([ended.code, ended.stderr]).toEqual([
      1,
      expect.stringMatching(/kernel\.mjs cannot be loaded: its process exited with code 0/),
    ]);
    nothingLeft(top);
  });
});
