/** What a Python program can do to a run costs one row: its own. The survivor beside them is measured. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { Row } from "../../../reports/rows/row.js";
import { readRun } from "../../../reports/rows/store.js";
import type { makes } from "../../fixtures/torch/programs.js";
import { bench, type Ended, programFile, temporary } from "../../scripts/cli.js";
import { torchOrReason } from "../../torch.js";

const engine = await torchOrReason();
await engine?.close();

/** What each of them must end as. */
const expected: Readonly<Record<(typeof makes)[number], readonly [Row["status"], RegExp]>> = {
  wrong: ["rejected", /^Y\[.*: got \S+, wanted \S+, bound \S+; repeat: /],
  late: ["rejected", /after the timed runs: got /],
  unwritten: ["rejected", /^Y\[batch=0 length=0 heads=0 headDim=0\] \(index 0\): got NaN, wanted -?\d/],
  misshapen: ["failed", /^ValueError: Y has shape \[1, 511, 1, 64\], expected \[1, 512, 1, 64\]; repeat: /],
  throws: ["failed", /^ValueError: this program throws; repeat: /],
  aborts: ["failed", /EngineCrashed|Python was ended by SIGABRT/],
  exits: ["failed", /Python exited with code 3/],
  hangs: ["failed", /no answer to \w+ within \d+ s \(SIGKILL\)/],
  greedy: ["failed", /alloc/],
};

/** A user's files that end the process, or want what is not there, by their names. */
const HEADER = '# dualbench { "operator": "ssd", "form": "recurrent", "rounding": { "terms": 0 } }\n';
const files: Readonly<Record<string, readonly [text: string, reason: RegExp]>> = {
  leaves: [
    "import os\ndef prepare(inputs, outputs, dims, options):\n    return lambda: os._exit(4)\n",
    /Python exited with code 4/,
  ],
  lacks: [
    "import no_such_package\n",
    /^ModuleNotFoundError: No module named 'no_such_package' \(.*lacks\.py:2\); repeat: /,
  ],
};

describe.skipIf(!engine)("hostile Python programs", () => {
  const folder = temporary();
  const out = join(folder, "run");
  let ended: Ended;
  let rows: readonly Row[];

  beforeAll(async () => {
    const file = programFile("test/fixtures/torch/programs");
    const args = [
      "--grid",
      "quick",
      "--suite",
      "sequence-length",
      "--filter",
      "ssd/ length=512",
      "--engine",
      "torch",
    ];
    const paths = Object.entries(files).map(([name, [text]]) => {
      writeFileSync(join(folder, `${name}.py`), HEADER + text);
      return join(folder, `${name}.py`);
    });
    const impls = [file, ...paths].flatMap((path) => ["--impl", path]);
    ended = await bench([...args, ...impls, "--out", out]);
    rows = readRun(out).cases.map(({ row }) => row);
  }, 400_000);

  it.each(Object.entries(files))("%s.py", (make, [, reason]) => {
    const mine = rows.filter((row) => row.make === make);
    expect(mine.map((row) => row.status)).toEqual(["failed"]);
    expect(mine[0].reason).toMatch(reason);
  });

  it.each(Object.entries(expected))("%s", (make, [status, reason]) => {
    const mine = rows.filter((row) => row.make === make);
    expect(mine.map((row) => row.status)).toEqual([status]);
    expect("reason" in mine[0] ? mine[0].reason : undefined).toMatch(reason);
  });

  it("leave their neighbour measured, with what its time is of", () => {
    const [ours] = rows.filter((row) => row.form === "chunked" && row.make === undefined);
    expect(ours).toMatchObject({
      status: "measured",
      engine: "torch",
      threads: 1,
      clock: "host",
      fairness: { accumulation: "f32", launch: "included", cache: "warm", threads: 1 },
    });
    expect(ended.code).toBe(1);
  });
});
