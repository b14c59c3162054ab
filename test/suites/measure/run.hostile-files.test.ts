/** Files in C that hurt a run cost their own rows, with one sentence each; what stands beside them is measured. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { open } from "../../../impls/engines/native.js";
import type { Row } from "../../../reports/rows/row.js";
import { runSuite } from "../../../suites/library.js";
import { orReason } from "../../or-reason.js";
import { temporary } from "../../scripts/cli.js";

const native = await orReason("native", () => open());
await native?.close();

/** What is wrong: a piece of the template and what stands there instead, and what its row says. */
const files: readonly (readonly [
  name: string,
  piece: string,
  instead: string,
  status: Row["status"],
  reason: RegExp,
])[] = [
  ["ends.c", "int64_t g =", "int64_t g = (exit(3), 1) *", "failed", /its process ended|code 3/],
  [
    "prints.c",
    "const int64_t g =",
    'static int said;\n      const int64_t g = (said++ || puts("{}")) *',
    "measured",
    /^$/,
  ],
  ["reads-far.c", "x * B[row + n]", "x * B[row + n + 100000000]", "failed", /SIGSEGV|SIGBUS/],
  ["does-not-compile.c", "float y = 0;", "float y = zero;", "failed", /^does-not-compile\.c:\d+: .*zero/],
  ["healthy.c", "", "", "measured", /./],
];

describe.runIf(native !== undefined)("files of a user", () => {
  const folder = temporary();
  let rows: readonly Row[] = [];

  beforeAll(async () => {
    const paths = files.map(([name, piece, instead]) => {
      const template = new URL("../../../examples/kernels/ssd.c", import.meta.url);
      const text = readFileSync(template, "utf8");
      expect(text, name).toContain(piece);
      const path = join(folder, name);
      const head = "#include <stdio.h>\n#include <stdlib.h>\n";
      writeFileSync(
        path,
        text.replace(piece, () => instead).replace("#include <math.h>\n", `#include <math.h>\n${head}`),
      );
      return path;
    });
    const run = await runSuite({
      suites: ["sequence-length"],
      engines: ["native"],
      axes: { length: [40] },
      filter: files.map(([name]) => `make=${name.split(".")[0]}`).join("|"),
      files: paths,
    });
    rows = run.rows;
  }, 300_000);

  it.each(files)("%s", (name, _piece, _instead, status, reason) => {
    const [make] = name.split(".");
    const [row, ...others] = rows.filter((one) => one.make === make);
    expect(others).toEqual([]);
    expect([row?.status, row?.reason]).toEqual([status, row?.reason]);
    if (status !== "measured") expect(row?.reason).toMatch(reason);
  });
});
