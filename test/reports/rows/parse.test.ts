/** Whatever a line holds: a record that is safe to show, or a sentence that names its field and what to do. */
import { describe, expect, it } from "vitest";
import { BELOW_TICK, parseLine, wrongField } from "../../../reports/rows/parse.js";
import type { CaseRecord } from "../../../reports/rows/row.js";
import { measuredRow } from "../rows.js";

const line = (change: object) => JSON.stringify({ record: "case", row: { ...measuredRow(), ...change } });
const why = (text: string) => {
  const reading = parseLine(text);
  return "why" in reading ? reading.why : "";
};
const rowOf = (text: string) => {
  const reading = parseLine(text);
  if (!("record" in reading) || reading.record.record !== "case") throw new Error(why(text));
  return reading.record.row;
};

describe("a line of results.jsonl", () => {
  it.each<[string, string, RegExp]>([
    ["a half line", line({}).slice(0, 50), /is no JSON.*--resume measures its case again/],
    ["a word", '"case"', /no field "record".*remove it/],
    ["a kind to come", '{"record":"note"}', /record "note".*update dualbench/],
    ["a kind called like a prototype", '{"record":"constructor"}', /record "constructor".*update/],
    ["a status to come", line({ status: "throttled" }), /row\.status is "throttled".*update dualbench/],
    ["a run to come", '{"record":"run","version":2}', /version is 2/],
    ["a chunk that is text", line({ chunk: "auto" }), /row\.chunk is "auto": expected number.*--resume/],
    ["a chunk that is a list", line({ chunk: [8] }), /row\.chunk is a list/],
    ["a negative length", line({ length: -1 }), /row\.length is -1/],
    ["a huge length", line({ length: 1e300 }), /row\.length is 1e\+300/],
    [
      "an endless median",
      line({ medianNs: 0 }).replace('"medianNs":0', '"medianNs":1e999'),
      /row\.medianNs is Infinity/,
    ],
    ["a huge median", line({ medianNs: 1e308 }), /row\.medianNs is 1e\+308/],
    ["a median below any clock", line({ medianNs: 1e-300 }), /row\.medianNs is 1e-300/],
    ["a negative rate", line({ flopsPerS: -1 }), /row\.flopsPerS is -1/],
    [
      "a suite that is a path",
      line({ suite: "../../escaped" }),
      /row\.suite is "\.\.\/\.\.\/escaped".*no path/,
    ],
    ["a suite of a drive", line({ suite: "c:x" }), /row\.suite/],
    ["a hidden suite", line({ suite: ".ssh" }), /row\.suite/],
    ["nested details", line({ details: { a: { b: 1 } } }), /row\.details\.a is an object: expected text/],
    ["a prototype", line({}).replace('"seed"', '"__proto__":{"x":1},"seed"'), /row\.__proto__ is no field/],
    ["an escaped prototype", line({}).replace('"seed"', '"\\u005f_proto__":1,"seed"'), /row\.__proto__/],
  ])("that is %s is told by its field", (_, text, message) => {
    expect(why(text)).toMatch(message);
    expect(why(text)).not.toContain("remove that line");
  });

  it("names the case that it is of", () => {
    expect(why(line({ chunk: "auto" }))).toContain(measuredRow().id);
  });

  it("with a zero median, as older versions wrote it, is a case that failed", () => {
    expect(rowOf(line({ medianNs: 0 }))).toMatchObject({ status: "failed", reason: BELOW_TICK });
  });

  it.each(["id", "operator", "form", "engine", "device", "dtype", "commit", "reason"])(
    "moves no cursor by its %s",
    (field) => {
      const row = rowOf(line({ [field]: "a\u001b[31m\u202eb" }));
      expect(row).toMatchObject({ [field]: "a\\u001b[31m\\u202eb" });
    },
  );

  it("may hold an environment of any depth", () => {
    const head = '{"record":"run","version":1,"command":"\\u001b","startedUtc":"now","environment":{"a":';
    const plan = '},"plan":{"grid":"quick","seed":0,"options":{},"ids":["s\\ti"]}}';
    const reading = parseLine(`${head}${"[".repeat(5000)}${"]".repeat(5000)}${plan}`);
    expect(reading).toMatchObject({ record: { command: "\\u001b", plan: { ids: ["s\ti"] } } });
  });
});

describe("a record before it is written", () => {
  it.each<[string, object, RegExp | undefined]>([
    ["sound", {}, undefined],
    ["NaN", { peakBytes: Number.NaN }, /row\.peakBytes is NaN/],
    ["infinite", { boundU: Number.POSITIVE_INFINITY }, /row\.boundU is Infinity/],
    ["a bigint", { chunk: 24n }, /row\.chunk is 24n/],
    ["a detail that is a list", { details: { tiles: [1] } }, /row\.details\.tiles is a list/],
    ["a prototype", { details: JSON.parse('{"__proto__":1}') }, /details\.__proto__ is no field/],
  ])("%s", (_, change, message) => {
    const record = { record: "case", row: { ...measuredRow(), ...change } } as CaseRecord;
    if (message) expect(wrongField(record)).toMatch(message);
    else expect(wrongField(record)).toBeUndefined();
  });
});
