/** The golden vectors: the reference meets them, implementations meet the reference, and files that are not right are named. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { parseGolden } from "../../../suites/vectors/golden.js";
import { mapGolden } from "../../../suites/vectors/index.js";
import {
  type GoldenLine,
  goldenFiles,
  goldenLines,
  readGolden,
} from "../../../suites/verify/files/golden.js";
import { encode } from "../golden-file.js";
import { cpuTargets } from "../targets.js";

const folder = new URL("../../golden/", import.meta.url).pathname;
const files = goldenFiles(folder);

async function linesOf(file: string): Promise<GoldenLine[]> {
  const lines: GoldenLine[] = [];
  for await (const line of goldenLines(file, cpuTargets)) lines.push(line);
  return lines;
}

/** A state of fixed size, and a transform over time, stand for some masks each. */
const DECLINED = /^needs a (1-semiseparable|Toeplitz) mask/;

describe("golden vectors", () => {
  it("are those that index.json lists", () => {
    const index = JSON.parse(readFileSync(join(folder, "index.json"), "utf8"));
    expect(files.map((file) => file.slice(folder.length))).toEqual(
      index.cases.map(({ file }: { file: string }) => file),
    );
    expect(index.count).toBe(files.length);
    expect(readdirSync(folder)).toHaveLength(files.length + 2);
  });

  it.each(files.map((file) => ({ name: file.slice(folder.length), file })))("$name", async ({ file }) => {
    const lines = await linesOf(file);
    expect(lines.filter(({ status, detail }) => status !== "pass" && !DECLINED.test(detail))).toEqual([]);
    expect(lines[0].by).toBe("reference");
    expect(lines.length).toBeGreaterThan(1);
  });
});

describe("a golden file", () => {
  const scratch = mkdtempSync(join(tmpdir(), "golden-"));
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));
  const source = readFileSync(join(folder, "06_ssd_minimal_strong_decay.safetensors"));

  function written(name: string, bytes: Uint8Array): string {
    mkdirSync(scratch, { recursive: true });
    const file = join(scratch, `${name}.safetensors`);
    writeFileSync(file, bytes);
    return file;
  }

  it("whose numbers are wrong fails on the reference, with the element", async () => {
    const wrong = Buffer.from(source);
    // the last tensor in the file is an expected output
    wrong.writeDoubleLE(wrong.readDoubleLE(wrong.length - 8) + 1, wrong.length - 8);
    const [reference, ...others] = await linesOf(written("wrong", wrong));
    expect(reference.status).toBe("fail");
    expect(reference.detail).toMatch(/^(Y|finalState)\[batch=0 .*\]: got .* wants .* of the peak/);
    expect(others.every(({ status }) => status === "pass")).toBe(true);
  });

  it.each([
    ["empty", () => new Uint8Array(0), "has 0 bytes"],
    ["cut in the header", () => source.subarray(0, 100), "is truncated: its header ends at"],
    ["cut in the data", () => source.subarray(0, source.length - 8), "is truncated: tensor"],
    ["too long", () => Buffer.concat([source, Buffer.alloc(8)]), "8 bytes after its last tensor"],
    [
      "not JSON",
      () => Buffer.concat([source.subarray(0, 9), Buffer.from("?"), source.subarray(10)]),
      "not JSON",
    ],
    [
      "of float32",
      () => encode({ X: { shape: [1], data: [0], dtype: "F32" } }, {}),
      "X is F32, expected F64",
    ],
    ["without metadata", () => encode({ X: { shape: [1], data: [0] } }, {}), "__metadata__"],
  ])("%s is named with what is wrong", (name, bytes, reason) => {
    expect(() => readGolden(written(name, bytes()))).toThrow(reason);
  });

  it("that contradicts its op is named", () => {
    const metadata = {
      op: "ssd_minimal",
      options: "{}",
      layout: JSON.stringify({ X: "b t h p", A: "b t h", "out.Y": "b t h p" }),
      inputs: JSON.stringify(["X", "A"]),
      outputs: JSON.stringify(["out.Y"]),
    };
    const one = { shape: [1, 1, 1, 1], data: [1] };
    const missing = encode({ X: one, A: { shape: [1, 1, 1], data: [0] }, "out.Y": one }, metadata);
    expect(() => mapGolden(parseGolden(missing, "missing"))).toThrow("needs tensor B");
    const uneven = encode({ X: one, A: { shape: [1, 2, 1], data: [0, 0] }, "out.Y": one }, metadata);
    expect(() => parseGolden(uneven, "uneven")).toThrow("axis t is 2 in A but 1 in X");
  });

  /** One token, one head, one channel, one state: every value by hand. */
  function tiny(more: Record<string, number>, inputs: string[], outputs: string[], x = 2): Uint8Array {
    const axes: Record<string, string> = {
      X: "b t h p",
      A: "b t h",
      B: "b t h n",
      C: "b t h n",
      "out.Y": "b t h p",
    };
    const values: Record<string, number> = { X: x, A: 0, B: 3, C: 5, "out.Y": 30, ...more };
    const layout = Object.fromEntries(Object.keys(values).map((name) => [name, axes[name] ?? "h"]));
    const tensors = Object.entries(values).map(([name, value]) => {
      const shape = Array<number>(layout[name].split(" ").length).fill(1);
      const tensor: [string, { shape: number[]; data: number[] }] = [name, { shape, data: [value] }];
      return tensor;
    });
    return encode(Object.fromEntries(tensors), {
      op: "ssd_minimal",
      options: "{}",
      layout: JSON.stringify(layout),
      inputs: JSON.stringify(["X", "A", "B", "C", ...inputs]),
      outputs: JSON.stringify(["out.Y", ...outputs]),
    });
  }

  it("that declares what nothing here uses or compares is skipped with its names", async () => {
    const used = await linesOf(written("used", tiny({}, [], [])));
    expect(used.every(({ status }) => status === "pass")).toBe(true);
    const lines = await linesOf(written("unused", tiny({ D: 1, "out.states": 7 }, ["D"], ["out.states"])));
    expect(lines).toEqual([
      { status: "skip", case: "unused", detail: expect.stringContaining("has no use for D, out.states") },
    ]);
  });

  it("with a value that is not a number fails, and names that element", async () => {
    const [reference] = await linesOf(written("nan", tiny({ "out.Y": Number.NaN }, [], [], Number.NaN)));
    expect(reference.status).toBe("fail");
    expect(reference.detail).toMatch(
      /^Y\[batch=0 .*\]: got NaN, out\.Y wants NaN, .*; input X\[batch=0 length=0.*\] is NaN$/,
    );
  });

  it("is compared by the scale of each element: a large head does not hide a small one", async () => {
    const axes = { X: "b t h p", A: "b t h", B: "b t h n", C: "b t h n", "out.Y": "b t h p" };
    const two = (a: number, b: number) => ({ shape: [1, 1, 2, 1], data: [a, b] });
    const file = (small: number) =>
      encode(
        {
          X: two(1e12, 1),
          A: { shape: [1, 1, 2], data: [0, 0] },
          B: two(1, 1),
          C: two(1, 1),
          "out.Y": two(1e12, small),
        },
        {
          ...{ op: "ssd_minimal", options: "{}", layout: JSON.stringify(axes) },
          ...{ inputs: '["X","A","B","C"]', outputs: '["out.Y"]' },
        },
      );
    expect((await linesOf(written("right", file(1))))[0].status).toBe("pass");
    const [reference] = await linesOf(written("small", file(1.5)));
    expect(reference.status).toBe("fail");
    expect(reference.detail).toMatch(
      /heads=1 .*: got 1, out\.Y wants 1\.5, 0\.500 of its scale, 5\.00e-13 of the peak/,
    );
  });

  it("of an op that nothing can run is skipped with a sentence", () => {
    const metadata = { options: "{}", layout: '{"out.y":"b"}', inputs: "[]", outputs: '["out.y"]' };
    const of = (op: string) =>
      mapGolden(parseGolden(encode({ "out.y": { shape: [1], data: [1] } }, { ...metadata, op }), op));
    expect(of("something")).toEqual({ skip: expect.stringContaining("unknown") });
  });

  it("may hold its axes in another order", () => {
    const golden = parseGolden(
      encode(
        { u: { shape: [2, 3], data: [1, 2, 3, 4, 5, 6] }, "out.y": { shape: [1], data: [0] } },
        { op: "x", options: "{}", layout: '{"u":"d t","out.y":"b"}', inputs: '["u"]', outputs: '["out.y"]' },
      ),
      "order",
    );
    expect([...golden.take("u", "t d")]).toEqual([1, 4, 2, 5, 3, 6]);
    expect(() => golden.take("u", "t h")).toThrow("has axes (d t), expected (t h)");
  });
});
