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
    ["state=16|64", true],
    ["state=16|128", false],
    ["state=16|chunked", false],
    ["make=a|plain-simd", true],
    ["length=512|ssd/chunked", true],
    ["length=512|ssd/", true],
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

  it.each([
    ["lenght=512", /no key lenght; the nearest is length/],
    ["State=16", /nearest is state/],
    ["engine=cpu", /--engine cpu/],
    ["operator=ssd", /ssd\//],
    ["length<1024", /compares by <.*type length<=1023/],
    ["length>1024", /type length>=1025/],
    ["length==512", /type length=512/],
    ["length=<512", /type length<=512/],
    ["length=>512", /type length>=512/],
    ["length!=512", /no "not"/],
    ["state=16|lenght=512", /no key lenght/],
  ])("refuses %s with the nearest that there is", (expression, message) => {
    expect(() => parseFilter(expression)).toThrow(message);
  });

  it.each([
    ["state=65", ["no case has state=65; the nearest is state=64"]],
    ["length<=100", ["no case has length<=100; the nearest is length=512"]],
    ["length>=1e9", ["no case has length>=1e9; the nearest is length=4096"]],
    ["dtype=f23", ["no case has dtype=f23; the nearest is dtype=f32"]],
    ["context=5", ["no case has the key context, so none has context=5"]],
    ["atention/", ["no case is of the operator atention/; the nearest is attention/"]],
    ["chunkd", ["no case holds chunkd; the nearest word of one is chunked"]],
    ["state=16|64", ["no case has state=16; the nearest is state=64"]],
    ["state=64 chunked", []],
  ])("says of %s what no case has", (expression, sentences) => {
    const filter = parseFilter(expression);
    for (const one of [id, "attention/tiled.cpu dtype=f32 length=512"]) filter(one);
    expect(filter.unmatched()).toEqual(sentences);
  });
});
