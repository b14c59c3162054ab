/** Every way in which a kernel can hurt a run costs one row: its own. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { Row } from "../../../reports/rows/row.js";
import { readRun } from "../../../reports/rows/store.js";
import { bench, type Ended, programFile, root, temporary } from "../../scripts/cli.js";

const folder = "test/suites/measure/hostile";
const makes = readdirSync(join(root, folder))
  .map((file) => file.replace(/\.ts$/, ""))
  .filter((name) => name !== "wrapped");

const STALE =
  /after the timed runs: .*; the output does not follow its inputs: it is right for the ones that were there before/;

/** What each of them must end as. */
const expected: Readonly<Record<string, readonly [Row["status"], RegExp]>> = {
  throws: ["failed", /^this kernel throws \(\S+throws\.[jt]s:\d+:\d+\); repeat: /],
  aborts: ["failed", /SIGABRT/],
  "exhausts-memory": ["failed", /SIGABRT.*heap out of memory|held .* of memory/],
  loops: ["failed", /no answer to \w+ within \d+ s \(SIGKILL\)/],
  "corrupts-when-timed": ["rejected", /after the timed runs: got /],
  replays: ["rejected", STALE],
  "when-poisoned": ["rejected", STALE],
  "every-fiftieth": [
    "rejected",
    /after the timed runs: got NaN|it is right for the ones that were there before/,
  ],
  alternates: ["rejected", /\(index 7\) after the timed runs: got /],
  "one-of-ten": ["rejected", /\(index 7\) after the timed runs: got /],
  "stale-pointer": [
    "rejected",
    /after the timed runs: .*; the output does not follow its inputs, which were rewritten/,
  ],
  "computes-when-read": ["rejected", /after the timed runs: .*; the output does not follow its inputs/],
  "right-once": ["rejected", /after the timed runs: got NaN, wanted -?\d/],
  "wrong-later": ["rejected", /\(index 7\) after the timed runs: got /],
  "leaves-one-unwritten": ["rejected", /^Y\[batch=0 length=19 heads=0 headDim=18\] \(index 1234\): got NaN/],
  leaks: ["failed", /^allocates more on every run/],
  "one-element": [
    "rejected",
    /^Y\[batch=0 length=67 heads=0 headDim=33\] \(index 4321\): got \S+, wanted \S+, bound \S+; repeat: /,
  ],
  zeros: ["rejected", /: got 0, wanted /],
};

describe("hostile implementations", () => {
  const out = join(temporary(), "run");
  let ended: Ended;
  let rows: readonly Row[];

  beforeAll(async () => {
    const impl = makes.flatMap((name) => ["--impl", programFile(`${folder}/${name}`)]);
    const args = [
      "--grid",
      "quick",
      "--suite",
      "sequence-length",
      "--filter",
      "ssd/ length=512",
      "--engine",
      "cpu",
    ];
    // a small heap, so that exhausting it does not exhaust the machine
    const env = { NODE_OPTIONS: "--max-old-space-size=256" };
    ended = await bench([...args, ...impl, "--out", out], { env });
    rows = readRun(out).cases.map(({ row }) => row);
  }, 400_000);

  it("are all covered here", () => {
    expect(Object.keys(expected).sort()).toEqual([...makes].sort());
  });

  it.each(Object.entries(expected))("%s", (make, [status, reason]) => {
    const mine = rows.filter((row) => row.make === make);
    expect(mine.map((row) => row.status)).toEqual([status]);
    expect(mine[0].reason).toMatch(reason);
    expect(mine[0]).not.toHaveProperty("medianNs");
  });

  it("end the run with exit code 1, and leave every other row measured", () => {
    expect(ended.code).toBe(1);
    const others = rows.filter((row) => !makes.includes(row.make ?? ""));
    expect(others.length).toBeGreaterThanOrEqual(3);
    expect(others.map((row) => [row.id, row.status, row.reason])).toEqual(
      others.map((row) => [row.id, "measured", row.reason]),
    );
  });

  it("say how to repeat a rejected case", () => {
    const reason = rows.find((row) => row.make === "one-element")?.reason;
    expect(reason).toMatch(
      /repeat: .*bench.* --impl \S+one-element\.[jt]s --suite sequence-length --filter "ssd\/recurrent\.cpu .*make=one-element"$/,
    );
  });
});
