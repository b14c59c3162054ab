import { describe, expect, it } from "vitest";
import { parseFilter } from "../../../suites/plan/filter.js";

const id =
  "ssd/chunked.wasm dtype=f32 batch=1 length=4096 heads=8 groups=1 headDim=64 state=64 chunk=8 make=plain-simd";

describe("--filter", () => {
  it.each([
    ["", true],
    ["ssd/", true],
    ["sd/", false],
    ["ssd/ chunked", true],
    ["ssd/chunked.wasm", true],
    ["attention/ chunked", false],
    ["length=4096", true],
    ["length=4096.0", true],
    ["length=409", false],
    ["length<=4096 length>=4096", true],
    ["length<=4095", false],
    ["state>=65", false],
    ["make=plain-simd", true],
    ["make=plain", false],
    ["threads<=2", false],
    ["threads>=0", false],
    ["nosuchkey=1", false],
    ["constructor=1", false],
    ["dtype<=5", false],
    ["  wasm   chunk=8 ", true],
    ["cpu", false],
    ["scan|chunked length=4096", true],
    ["attention/|convolution/ wasm", false],
    ["length=512|length=4096", true],
    [id, true],
  ])("%s", (expression, matches) => {
    expect(parseFilter(expression)(id)).toBe(matches);
  });

  it.each(["|", "ssd/|", "|cpu"])("refuses %s, which would match everything", (expression) => {
    expect(() => parseFilter(expression)).toThrow("two words");
  });

  it.each(["=5", "length=", "length<=long"])("refuses %s with an example", (expression) => {
    expect(() => parseFilter(expression)).toThrow("length<=4096");
  });
});
