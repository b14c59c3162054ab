/** One line never hides another, whatever is wrong with it. */
import { expect, it } from "vitest";
import { parseRun } from "../../../reports/rows/records.js";
import { measuredRow } from "../rows.js";

const environment = { a: 1 };
const run = {
  record: "run",
  version: 1,
  command: "npm run bench",
  plan: { grid: "quick", seed: 0, options: {}, ids: ["sequence-length\ta"] },
  environment,
  startedUtc: "2026-01-01T00:00:00.000Z",
};
const resume = {
  record: "resume",
  command: "again",
  environment: { a: 2 },
  startedUtc: "2026-01-02T00:00:00.000Z",
};
const one = (id: string, change: object = {}) => ({
  record: "case",
  row: { ...measuredRow({ id }), ...change },
});
const parse = (records: readonly (object | string)[], end = "\n") => {
  const text = records
    .map((record) => (typeof record === "string" ? record : JSON.stringify(record)) + end)
    .join("");
  return parseRun(Buffer.from(text), "FILE");
};
const ids = ({ cases }: ReturnType<typeof parse>) => cases.map(({ row }) => row.id);

it.each<[string, (object | string)[], string[], RegExp[]]>([
  ["damage", [run, one("a"), '{"record":"ca', one("b")], ["a", "b"], [/^FILE: line 3 is no JSON/]],
  [
    "a wrong field",
    [run, one("a", { chunk: "auto" }), one("b")],
    ["b"],
    [/line 2 \(a\): row\.chunk is "auto"/],
  ],
  ["a record to come", [run, { record: "note" }, one("b")], ["b"], [/line 2 has record "note".*update/]],
  ["blank lines", [run, "", one("a"), "  ", one("b")], ["a", "b"], []],
  ["a second run", [run, one("a"), run, one("b")], ["a", "b"], [/line 3 is a second record of a run/]],
  [
    "a case twice",
    [run, one("a"), one("b"), one("a")],
    ["a", "b", "a"],
    [/line 4 repeats the case of line 2 .*later/],
  ],
  ["no run", [one("a"), one("b")], ["a", "b"], []],
  ["a run that cannot be read", [{ ...run, version: 2 }, one("a")], ["a"], [/line 1 version is 2/]],
])("%s leaves the others readable", (_, records, kept, messages) => {
  const read = parse(records);
  expect(ids(read)).toEqual(kept);
  expect(read.faults).toEqual(messages.map((message) => expect.stringMatching(message)));
});

it("takes Windows' line ends and an editor's mark of the encoding, and counts it as bytes", () => {
  expect(ids(parse([run, one("a")], "\r\n"))).toEqual(["a"]);
  const text = `\ufeff${JSON.stringify(run)}\n${JSON.stringify(one("a"))}\n`;
  const read = parseRun(Buffer.from(text), "FILE");
  expect([read.headless, ids(read), read.wholeBytes]).toEqual([false, ["a"], Buffer.byteLength(text)]);
});

it("says what the encoding is where it is another one", () => {
  expect(() => parseRun(Buffer.from("\ufeff{}\n", "utf16le"), "FILE")).toThrow(/UTF-16.*UTF-8/);
});

it("drops a torn last line, and names one that is whole and wrong", () => {
  expect(parse([run, one("a"), "\0\0\0"]).faults).toEqual([]);
  expect(parse([run, one("a"), one("b", { seed: -1 })]).faults).toEqual([
    expect.stringMatching(/line 3.*seed is -1/),
  ]);
});

it("with nothing that can be read, says the first reason", () => {
  expect(() => parse([one("a", { seed: -1 })])).toThrow(/line 1 \(a\): row\.seed is -1/);
  expect(() => parse([])).toThrow(/holds no run/);
});

it("knows where each case was measured", () => {
  const { parts } = parse([run, one("a"), resume, one("b"), one("c")]);
  expect(parts.map(({ from, record }) => [from, record.environment])).toEqual([
    [0, { a: 1 }],
    [1, { a: 2 }],
  ]);
});

it("counts no longer what began anew", () => {
  const anew = ["sequence-length\ta"];
  const read = parse([
    run,
    one("a", { medianNs: 1 }),
    one("b"),
    { ...resume, anew },
    one("a", { medianNs: 2 }),
  ]);
  expect(ids(read)).toEqual(["b", "a"]);
  expect(read.cases[1].row).toMatchObject({ medianNs: 2 });
  expect([read.faults, read.parts.map(({ from }) => from)]).toEqual([[], [0, 1]]);
});
