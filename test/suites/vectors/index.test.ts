/** The golden vectors: the reference meets them, implementations meet the reference, and files that are not right are named. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { parseGolden } from "../../../suites/vectors/golden.js";
import { mapGolden } from "../../../suites/vectors/index.js";
import { type GoldenLine, goldenFiles, goldenLines, readGolden } from "../../../suites/verify/golden.js";
import { encode } from "../golden-file.js";
import { cpuTargets } from "../targets.js";

const folder = new URL("../../golden/", import.meta.url).pathname;
const files = goldenFiles(folder);

async function linesOf(file: string): Promise<GoldenLine[]> {
  const lines: GoldenLine[] = [];
  for await (const line of goldenLines(file, cpuTargets)) lines.push(line);
  return lines;
}

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
    expect(lines.filter(({ status }) => status !== "pass")).toEqual([]);
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

  it("of an op that nothing can run is skipped with a sentence", () => {
    const metadata = { options: "{}", layout: '{"out.y":"b"}', inputs: "[]", outputs: '["out.y"]' };
    const of = (op: string) =>
      mapGolden(parseGolden(encode({ "out.y": { shape: [1], data: [1] } }, { ...metadata, op }), op));
    expect(of("ssd_minimal_grad")).toEqual({ skip: expect.stringContaining("gradients") });
    expect(of("mamba2_block")).toEqual({ skip: expect.stringContaining("blocks") });
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
