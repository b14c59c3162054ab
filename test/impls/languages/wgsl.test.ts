/** A user's WGSL on the software adapter: the template on awkward problems, and what is wrong with others, in one sentence. */
import { readFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import type { Engine } from "../../../impls/engines/engine.js";
import { foreignText } from "../../../impls/engines/webgpu/device/wgsl.js";
import { unsupportedReason } from "../../../impls/implementation.js";
import { implementationOf } from "../../../impls/languages/index.js";
import { randomProblem } from "../../../impls/operator.js";
import { ssd } from "../../../impls/ssd/operator.js";
import { orReason } from "../../or-reason.js";
import { openSwiftShader } from "../engines/webgpu/adapter.js";
import { mustConform } from "./template.js";

const template = readFileSync(new URL("../../../examples/kernels/ssd.wgsl", import.meta.url), "utf8");
const engine = await orReason("webgpu", openSwiftShader);
afterAll(() => engine?.close());

const dims = { batch: 1, length: 5, heads: 2, groups: 1, headDim: 3, state: 5 };
const problem = randomProblem(ssd, { dims });

function edit(...changes: readonly (readonly [piece: string, instead: string])[]): string {
  return changes.reduce((text, [piece, instead]) => {
    expect(text).toContain(piece);
    return text.replace(piece, () => instead);
  }, template);
}

async function run(text: string) {
  const impl = implementationOf("mine.wgsl", text);
  const [options] = (await impl.options?.(problem, engine as never)) ?? [];
  const refused = unsupportedReason(impl, problem, options ?? {}, engine);
  if (refused !== undefined) throw new Error(`unsupported: ${refused}`);
  const prepared = await impl.prepare(engine as never, problem, options ?? {});
  try {
    await engine!.once((launch) => prepared.run(launch));
    return await prepared.inspect([{ kind: "element", index: 0 }]);
  } finally {
    await prepared.dispose();
  }
}

describe.runIf(engine !== undefined)("on the software adapter", () => {
  it.each(["ssd", "ssd_chunked"])("%s is right on every problem that it takes", async (name) => {
    const text = readFileSync(new URL(`../../../examples/kernels/${name}.wgsl`, import.meta.url), "utf8");
    await mustConform(engine as Engine<unknown>, implementationOf("mine.wgsl", text));
  });

  it.each([
    [
      "an error with its line",
      edit(["var y = 0.0;", "var y = zero;"]),
      /^mine\.wgsl:48:13: unresolved value 'zero'$/,
    ],
    [
      "an entry that is not there",
      edit(['"entry": "ssd"', '"entry": "sdd"']),
      /^there is no entry point sdd; there are ssd$/,
    ],
    [
      "a binding that is nothing",
      edit(["> B: array", "> Bs: array"], ["B[row", "Bs[row"]),
      /its binding Bs is nothing here: there are X, logA/,
    ],
    [
      "a member that is nothing",
      edit(["groups: u32,", "group: u32,"], ["sizes.groups", "sizes.group"], ["sizes.groups", "sizes.group"]),
      /its binding sizes has the member group; there are batch, length/,
    ],
    [
      "an output that nobody binds",
      edit(["> Y: array", "> Z: array"], ["Y[step * s", "Z[step * s"]),
      /ssd uses no binding Y: nobody would write that output/,
    ],
    [
      "a grid of none",
      edit(['"batch"]', '"batch - 1"]']),
      /the grid of ssd has 0 where at least 1 is needed: batch - 1/,
    ],
    [
      "a grid that is too large",
      edit(['"heads", "batch"]', '"heads * 100000", "batch"]']),
      /workgroups exceeds/,
    ],
    [
      "an input that the problem has not",
      edit(["//#if dt\n@group", "//#if X\n@group"], ["//#if dt\n    x", "//#if X\n    x"]),
      /unsupported: needs dt/,
    ],
  ])("tells of %s", async (_, text, message) => {
    await expect(run(text)).rejects.toThrow(message);
  });

  it("gives scratch, constants and several launches", async () => {
    const first = `@group(0) @binding(8) var<storage, read_write> ones: array<f32>;
@compute @workgroup_size(1) fn fill() { for (var i = 0u; i < COUNT; i++) { ones[i] = 1.0; } }\n`;
    const text = edit(
      [
        '"entry": "ssd",',
        '"constants": { "COUNT": "heads" }, "scratch": { "ones": "heads" }, "launches": [{ "entry": "fill", "grid": 1 }, { "entry": "ssd",',
      ],
      ['"batch"],', '"batch"] }],'],
      ["// a thread a channel", `${first}// a thread a channel`],
      ["elem(y)", "elem(y * ones[h])"],
    );
    expect(await run(text)).toEqual(await run(template));
  });
});

describe("the text that is compiled", () => {
  it("keeps the lines of the file, its directives first", () => {
    const source =
      "// one\nenable subgroups;\n//#if dt\nlet a = 1;\n//#else\nlet b = 2;\n//#endif\nfn f() {}";
    const text = foreignText(source, { flags: new Set(["f16"]), dtype: "f16", constants: { N: 4 } });
    expect(text.split("\n")).toEqual([
      "enable f16; enable subgroups; alias elem = f16; const N = 4; // one",
      " ".repeat("enable subgroups;".length),
      "",
      "",
      "",
      "let b = 2;",
      "",
      "fn f() {}",
    ]);
  });
});

describe("the header", () => {
  it.each([
    [
      "no grid",
      edit(['"grid": ["ceilDiv(headDim, 64)", "heads", "batch"],', ""]),
      /grid is missing; a launch needs entry, grid/,
    ],
    ["four counts", edit(['"batch"]', '"batch", 1]']), /grid has 4 counts, expected one to three/],
    [
      "a size that is not there",
      edit(['"batch"]', '"batches"]']),
      /^mine\.wgsl:\d+: the header's grid: "batches": there is no batches; there are batch/,
    ],
    [
      "a launch beside launches",
      edit(['"rounding"', '"launches": [], "rounding"']),
      /entry stands beside launches/,
    ],
    ["bf16", edit(['"f16"]', '"bf16"]']), /dtypes has bf16; the webgpu engine stores f32 and f16/],
  ])("tells of %s", (_, text, message) => {
    expect(() => implementationOf("mine.wgsl", text)).toThrow(message);
  });
});
