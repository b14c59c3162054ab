/** The header of all languages: where it is found, what it means, and what is said where it is wrong, with the line. */
import { describe, expect, it } from "vitest";
import { cComments, findHeader, pythonComments } from "../../../impls/languages/comment.js";
import { parseExpression } from "../../../impls/languages/expression.js";
import { implementationOf } from "../../../impls/languages/index.js";
import { NVIDIA } from "../../../impls/matrix-unit.js";
import { type Problem, randomProblem } from "../../../impls/operator.js";
import { ssd } from "../../../impls/ssd/operator.js";

const dims = { batch: 2, length: 100, heads: 4, groups: 2, headDim: 8, state: 16 };
const problem = randomProblem(ssd, { dims, with: ["dt"] }) as Problem;
const GOOD = { operator: "ssd", form: "chunked", rounding: { terms: "chunk" }, options: [{ chunk: 64 }] };

const file = (header: object | string) =>
  `"""Words.\n\ndualbench ${typeof header === "string" ? header : JSON.stringify(header, undefined, 1)}\n"""\n`;
const read = (header: object | string, name = "my kernel.py") => implementationOf(name, file(header));

describe("a header is found", () => {
  const json = '{ "a": [1,\n 2] }';
  const lines = (mark: string) => json.replace("\n", `\n${mark}`);
  it.each([
    ["a docstring", `"""Text: dualbench ${json}"""\n`, pythonComments],
    ["another docstring, in single quotes", `"""first"""\n'''dualbench ${json}'''`, pythonComments],
    [
      "lines of Python",
      `#!/usr/bin/python\nx = "# dualbench {"\n# dualbench:\n#  ${lines("#  ")}`,
      pythonComments,
    ],
    ["a block of C", `/* licence */\n/* dualbench ${json} */`, cComments],
    ["a block of C with stars", `/**\n * dualbench\n * ${lines(" * ")}\n */`, cComments],
    ["lines of C", `char *s = "/* dualbench {";\n// dualbench ${lines("// ")}\nint x;`, cComments],
  ])("in %s, each character at its place", (_what, text, comments) => {
    const found = findHeader(text, comments)!;
    expect(found.text.length).toBeLessThanOrEqual(text.length);
    expect(found.text[found.at]).toBe("{");
    expect(text[found.at]).toBe("{");
    expect(JSON.parse(/\{[^}]*\}/.exec(found.text.slice(found.at))![0])).toEqual({ a: [1, 2] });
  });

  it.each(["x = 'dualbench {}'", "# dualbench", "# mydualbench {}", "dualbench {}"])("not in %s", (text) => {
    expect(findHeader(text, pythonComments)).toBeUndefined();
  });
});

describe("a header says", () => {
  it("what it computes, its make by the file where it has none, its options by the problem", () => {
    const impl = read({
      ...GOOD,
      options: [{ chunk: "min(64, length / 2)" }, { make: "wide", chunk: 128, warps: 8 }],
    });
    expect(impl).toMatchObject({
      operator: ssd,
      form: "chunked",
      engine: "torch",
      source: "my kernel.py",
      dtypes: ["f32"],
    });
    const cpu = { device: { kind: "cpu" }, threads: 2 } as never;
    expect(impl.options!(problem, cpu)).toEqual([
      { chunk: 50, make: "my-kernel", threads: 1 },
      { chunk: 50, make: "my-kernel", threads: 2 },
      { chunk: 128, make: "wide", threads: 1 },
      { chunk: 128, make: "wide", threads: 2 },
    ]);
    expect(impl.rounding(problem, { chunk: 50, make: "my-kernel" }).longestSum).toBe(50);
  });

  it("how far NaN goes", () => {
    expect(read({ ...GOOD, nonFinite: ["64", "borders"] }).nonFinite).toEqual({ tokens: 64, borders: true });
    expect(read({ ...GOOD, nonFinite: ["row"] }).nonFinite).toEqual({ tokens: "row" });
    expect(read(GOOD).nonFinite).toBeUndefined();
  });

  it.each([
    [{ terms: 0 }, "f32", { accumulate: 2 ** -24, storage: 0, roundings: 0, longestSum: 0, decay: "segsum" }],
    [
      { terms: 0 },
      "f16",
      { accumulate: 2 ** -24, storage: 2 ** -11, roundings: 1, longestSum: 0, decay: "segsum" },
    ],
    [
      { terms: "state", storage: "tf32", stored: 6, accumulate: "matrix", decay: "prefix" },
      "f32",
      {
        ...{ accumulate: 2 ** -24, storage: 2 ** -10, roundings: 6, longestSum: 16, decay: "prefix" },
        products: { unit: NVIDIA, terms: 4 },
      },
    ],
    [
      { terms: 1, storage: "tf32" },
      "bf16",
      { accumulate: 2 ** -24, storage: 2 ** -8, roundings: 1, longestSum: 1, decay: "segsum" },
    ],
    [
      { terms: 1, accumulate: "f64", stored: 3 },
      "f32",
      { accumulate: 2 ** -49, storage: 2 ** -24, roundings: 3, longestSum: 1, decay: "segsum" },
    ],
  ] as const)("how it rounds: %j on %s", (rounding, dtype, expected) => {
    const other = { ...problem, dtype } as Problem;
    expect(read({ ...GOOD, rounding }).rounding(other, {})).toEqual(expected);
  });

  it.each([
    [["z"], undefined],
    [["dt"], "takes no dt"],
    [["state > 8 and heads == 4"], "does not take state > 8 and heads == 4, got state=16 heads=4"],
    [{ "length % chunk": "needs whole chunks" }, "needs whole chunks, got length=100 chunk=64"],
    [["not dt"], undefined],
  ])("what it does not take: %j", (unsupported, sentence) => {
    expect(read({ ...GOOD, unsupported }).unsupported!(problem, { chunk: 64 })).toBe(sentence);
  });
});

describe("a wrong header is told with its line", () => {
  const without = (key: string) => Object.fromEntries(Object.entries(GOOD).filter(([name]) => name !== key));
  it.each([
    [
      without("form"),
      /^k\.py:3: the header lacks the key "form"; it needs operator, form, rounding and it may have make, .*, device$/,
    ],
    [{ ...GOOD, color: 1 }, /^k\.py:14: the header has no key "color"; it needs operator/],
    [
      { ...GOOD, operator: "sdd" },
      /^k\.py:4: the header's operator is "sdd", expected ssd, selective_scan, attention/,
    ],
    [
      { ...GOOD, form: "chunky" },
      /^k\.py:5: the header's form is "chunky", expected recurrent, quadratic, chunked/,
    ],
    [{ ...GOOD, engine: "cuda" }, /the header's engine is "cuda"; a file of Python runs on the engine torch/],
    [{ ...GOOD, make: "Mine!" }, /the header's make is "Mine!", which cannot stand in a case id/],
    [
      { ...GOOD, nonFinite: ["tile"] },
      /the header's nonFinite has "tile", expected chunk, row, a number of tokens, or borders/,
    ],
    [{ ...GOOD, dtypes: ["f64"] }, /the header's dtypes has "f64", expected some of f32, f16, bf16/],
    [
      { ...GOOD, rounding: {} },
      /^k\.py:6: rounding lacks the key "terms"; it needs terms and it may have storage, stored/,
    ],
    [
      { ...GOOD, rounding: { terms: "chunks" } },
      /rounding's terms: "chunks": there is no chunks; there are batch, length/,
    ],
    [
      { ...GOOD, rounding: { terms: 1, accumulate: "f8" } },
      /rounding's accumulate is "f8", expected f32, matrix/,
    ],
    [
      { ...GOOD, unsupported: ["state >"] },
      /unsupported: "state >": expected a number or a name, got its end/,
    ],
    [
      { ...GOOD, unsupported: ["eval(1)"] },
      /there is no function eval; there are min, max, ceilDiv, powerOfTwo/,
    ],
    [{ ...GOOD, options: [] }, /options is empty; leave it out/],
    [
      { ...GOOD, options: [{ chunk: 1 }, { chunk: 1, warps: 2 }] },
      /options has two entries with the case id's/,
    ],
    [{ ...GOOD, options: [{ chunk: -1 }] }, /chunk is -1, expected a whole number of at least 1/],
    [{ ...GOOD, layout: { x: "length" } }, /layout's x is no tensor of ssd; it has X, logA/],
    [
      { ...GOOD, layout: { X: "b t h p" } },
      /layout's X is "b t h p", expected an order of batch length heads headDim/,
    ],
    ['{ "operator": "ssd", }', /^k\.py:3: expected a key in double quotes, got "}"/],
    [
      '{ "operator": "ssd"\n "form": 1 }',
      /^k\.py:4: expected a comma or } after a member, got "\\"form\\":"/,
    ],
    ['{ "operator": "ssd", "operator": "ssd" }', /"operator" stands here twice/],
    ["{ 'operator': 1 }", /expected a key in double quotes, got "'operator':"/],
    ['{ "operator": ssd }', /expected a value, got "ssd"/],
    ['{ "operator": "ssd"', /expected a comma or } after a member, got the comment's end/],
    [`{ "options": ${"[".repeat(5000)} }`, /brackets are 20 deep here/],
  ])("%j", (header, words) => {
    expect(() => read(header, "k.py")).toThrow(words);
  });

  it("and a file without one, or of a language that is none here, with what there is", () => {
    expect(() => implementationOf("k.py", "x = 1\n")).toThrow(
      /^k\.py has no header: none of its comments holds/,
    );
    expect(() => implementationOf("a.b/kernel.f90", "")).toThrow(
      /kernel\.f90: no kernel is read from a \.f90 file; there are \.ts, .*\.py \(Python\)/,
    );
    expect(() => implementationOf("a.b/kernel", "")).toThrow(/a file without an extension/);
  });
});

describe("an expression", () => {
  const scope = { length: 100, state: 16, z: 0 };
  it.each([
    ["2 + 3 * 4 - 1", 13],
    ["(2 + 3) * 4", 20],
    ["7 / 2", 3],
    ["-7 / 2", -4],
    ["-7 % 3", 2],
    ["10 - 4 - 3", 3],
    ["ceilDiv(length, 64) * 2", 4],
    ["min(length, max(state, 64))", 64],
    ["powerOfTwo(length) + powerOfTwo(1) + powerOfTwo(64)", 193],
    ["not z and state == 16 or length < 0", 1],
    ["not state > 8", 0],
    ["not (state > 8) != 1", 1],
    ["z or state", 1],
    ["1 - (length >= 100)", 0],
  ])("%s is %d", (text, value) => {
    expect(parseExpression(text, Object.keys(scope)).valueIn(scope)).toBe(value);
  });

  it.each([
    ["length / z", /"length \/ z" divides by zero \(length=100 state=16 z=0\)/],
    ["length * 9007199254740991", /is 900719925474099100, which is no whole number of this size/],
  ])("%s has no value", (text, words) => {
    expect(() => parseExpression(text, Object.keys(scope)).valueIn(scope)).toThrow(words);
  });

  it.each([
    "",
    "1 +",
    "(1",
    "1 2",
    "min(1)",
    "constructor",
    "length.x",
    "length; 1",
    "a".repeat(301),
    "__proto__",
    "toString(1)",
    "1..2",
    "min",
    "and",
  ])("%j is none", (text) => {
    expect(() => parseExpression(text, Object.keys(scope))).toThrow();
  });
});
