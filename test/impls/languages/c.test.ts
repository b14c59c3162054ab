/** A user's C: the template on every awkward problem that it takes, and what is wrong with others, in one sentence with its place. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { Engine } from "../../../impls/engines/engine.js";
import { open } from "../../../impls/engines/native.js";
import { implementationOf } from "../../../impls/languages/index.js";
import { type Lane, randomProblem } from "../../../impls/operator.js";
import { ssd } from "../../../impls/ssd/operator.js";
import { orReason } from "../../or-reason.js";
import { mustConform } from "./template.js";

const folder = mkdtempSync(join(tmpdir(), "dualbench-c-test-"));
const template = readFileSync(new URL("../../../examples/kernels/ssd.c", import.meta.url), "utf8");
const engine = await orReason("native", () => open());

afterAll(async () => {
  await engine?.close();
  rmSync(folder, { recursive: true, force: true });
});

function fileOf(text: string, name = "mine.c") {
  const file = join(folder, name);
  writeFileSync(file, text);
  return implementationOf(file, text);
}

const dims = { batch: 1, length: 5, heads: 2, groups: 1, headDim: 3, state: 5 };
const problem = randomProblem(ssd, { dims });

async function run(text: string, lanes: readonly Lane[] = []) {
  const impl = fileOf(text);
  const [options] = (await impl.options?.(problem, engine as never)) ?? [];
  const prepared = await impl.prepare(engine as never, problem, options ?? {});
  try {
    await prepared.run(undefined);
    return await prepared.inspect(lanes);
  } finally {
    await prepared.dispose();
  }
}

const edit = (piece: string, instead: string) => {
  expect(template).toContain(piece);
  return template.replace(piece, () => instead);
};

describe.runIf(engine !== undefined)("on the native engine", () => {
  it.each(["ssd", "ssd_chunked"])("%s is right on every problem that it takes", async (name) => {
    const text = readFileSync(new URL(`../../../examples/kernels/${name}.c`, import.meta.url), "utf8");
    await mustConform(engine as Engine<unknown>, fileOf(text));
  });

  it.each([
    ["an error with its line", edit("float y = 0;", "float y = zero;"), /^mine\.c:\d+: .*zero.*undeclared/],
    [
      "an entry that is not there",
      edit('"entry": "ssd"', '"entry": "sdd"'),
      /mine\.c has no function sdd, which its header names/,
    ],
    [
      "arguments that do not fit",
      edit('"headDim", "state"]', '"headDim"]'),
      /the header's arguments \(X, .*headDim\) do not fit the function ssd of mine\.c: too few arguments/,
    ],
    [
      "a number where a tensor belongs",
      edit('["X", "logA"', '["batch", "logA"'),
      /do not fit the function ssd of mine\.c: .*pointer.*integer|makes pointer/,
    ],
    [
      "an include that is not there",
      `#include "nowhere.h"\n${template}`,
      /^mine\.c:1: nowhere\.h: No such file/,
    ],
    [
      "a symbol that nobody has",
      edit("expf(logA[step])", "nobody(logA[step])").replace("#include <math.h>", "float nobody(float);"),
      /cannot be (built|loaded).*nobody/,
    ],
    [
      "a write behind the end",
      edit("Y[step * headDim + p] = y;", "Y[step * headDim + p + 1] = y;"),
      /^it writes behind the end of Y$/,
    ],
    [
      "a write before the beginning",
      edit("S[i] = 0;", "S[i - 2] = 0;"),
      /^it writes before the beginning of finalState$/,
    ],
  ])("tells of %s", async (_, text, message) => {
    await expect(run(text)).rejects.toThrow(message);
  });

  it("finds NaN where a kernel reads behind an end", async () => {
    const { nonFinite } = await run(edit("x * B[row + n]", "x * B[row + n + 1]"));
    expect(nonFinite).toMatchObject({ output: "Y", value: Number.NaN });
  });

  it("gives scratch, settings and numbers of options as they are, and passes flags on", async () => {
    const text = edit(
      '"rounding"',
      '"options": [{ "tile": "a", "share": 3 }], "scratch": { "rows": "heads * headDim" },\n "flags": ["-DTWICE=2"], "rounding"',
    )
      .replace('"state"]', '"state", "rows", "share"]')
      .replace(
        "int64_t state) {",
        "int64_t state, float *rows, int share) {\n  rows[heads * headDim - 1] = share * TWICE - 6;",
      )
      .replace("float y = 0;", "float y = rows[heads * headDim - 1];");
    // Y begins at what the kernel puts into its scratch: zero, if it got what the header says
    const { lanes } = await run(text, [{ kind: "element", index: 0 }]);
    const { lanes: wanted } = await run(template, [{ kind: "element", index: 0 }]);
    expect(lanes).toEqual(wanted);
  });
});

describe("the header", () => {
  it.each([
    [
      "an unknown argument",
      edit('"X", "logA"', '"X", "loga"'),
      /^mine\.c:\d+: the header's arguments have "loga", which is nothing here; there are the tensors X, logA/,
    ],
    [
      "an output that nobody writes",
      edit('"Y", "finalState", ', '"Y", '),
      /arguments lack the output finalState/,
    ],
    [
      "another storage type",
      edit('"rounding"', '"dtypes": ["f16"], "rounding"'),
      /dtypes is f16; the native engine stores f32 only/,
    ],
    [
      "another order of axes",
      edit('"rounding"', '"layout": { "X": "batch heads length headDim" }, "rounding"'),
      /layout names other orders/,
    ],
    [
      "a flag that is a step",
      edit('"rounding"', '"flags": ["-o/tmp/x"], "rounding"'),
      /flags has "-o\/tmp\/x"/,
    ],
    [
      "a scratch with a tensor's name",
      edit('"rounding"', '"scratch": { "B": 5 }, "rounding"'),
      /scratch's B has a name/,
    ],
    ["no entry", edit('"entry": "ssd",', ""), /lacks the key "entry"/],
    [
      "a key of another language",
      edit('"rounding"', '"grid": 5, "rounding"'),
      /has no key "grid"; it needs .*entry, arguments/,
    ],
  ])("tells of %s", (_, text, message) => {
    expect(() => implementationOf("mine.c", text)).toThrow(message);
  });
});
