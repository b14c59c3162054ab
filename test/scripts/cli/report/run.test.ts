/** `report` on whatever it is given: what can be read is reported, the rest is told by line and field. */
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { report } from "../../../../scripts/cli/report/run.js";
import { resultsText } from "../../../../scripts/web/record.js";
import { environmentOf, measured, syntheticRun } from "../../../reports/fixtures.js";
import { temporary } from "../../cli.js";

let said = "";
let printed = "";

beforeEach(() => {
  said = printed = "";
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    said += text;
    return true;
  });
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    printed += text;
    return true;
  });
});
afterEach(() => vi.restoreAllMocks());

const row = (length: number, more: object = {}) => ({
  ...measured("ssd/chunked.cpu", length, 64, length * 1e3),
  ...more,
});
const lines = (records: readonly object[]) => records.map((record) => `${JSON.stringify(record)}\n`).join("");

function stored(rows: readonly object[], run: object = syntheticRun()): string {
  const folder = join(temporary(), "a", "run");
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, "results.jsonl"),
    lines([run, ...rows.map((one) => ({ record: "case", row: one }))]),
  );
  return folder;
}

it("names a line that cannot be read, reports the others, and ends with 2", async () => {
  const folder = stored([row(512), row(1024, { chunk: "auto" }), row(2048), row(512)]);
  expect(await report([folder])).toBe(2);
  expect(said).toMatch(/line 3 \(ssd\/chunked\.cpu .*length=1024.*\): row\.chunk is "auto": expected number/);
  expect(said).toMatch(/line 5 repeats the case of line 2/);
  expect(printed).toContain("report.html");
  expect(readFileSync(join(folder, "results.csv"), "utf8").trimEnd().split("\n")).toHaveLength(3);
});

it("takes no suite for a path", async () => {
  const folder = stored([row(512, { suite: "../../escaped" })]);
  await expect(report([folder])).rejects.toMatchObject({
    code: 2,
    message: expect.stringMatching(/no case that can be read/),
  });
  expect(said).toContain('row.suite is "../../escaped"');
  expect(readdirSync(join(folder, "..", ".."))).toEqual(["a"]);
  expect(readdirSync(folder)).toEqual(["results.jsonl"]);
});

it("takes suites called like prototypes or like its own files, and any text in any field", async () => {
  const evil = '\u001b[2J\u202e=1+1;"</script>\u0000';
  const rows = ["constructor", "toString", "__proto__", "speedup"].map((suite) =>
    row(512, { suite, device: evil }),
  );
  expect(
    await report([stored([...rows, row(512, { commit: evil, dtype: evil, form: evil, id: evil })])]),
  ).toBe(0);
  expect((said + printed).replaceAll("\n", "")).not.toMatch(/[\p{Cc}\u202e]/u);
  for (const name of ["constructor", "__proto__", "suite-speedup"]) expect(printed).toContain(`${name}.svg`);
});

it("writes through no link that a folder came with, and says what stands there", async () => {
  const folder = stored([row(512)]);
  const precious = join(folder, "..", "precious");
  writeFileSync(precious, "mine");
  symlinkSync(precious, join(folder, "results.csv"));
  await expect(report([folder])).rejects.toMatchObject({
    code: 2,
    message: expect.stringMatching(/results\.csv is a symbolic link/),
  });
  expect(readFileSync(precious, "utf8")).toBe("mine");
});

it("draws what a page offers, into a folder of its name", async () => {
  const facts = {
    engines: ["cpu"],
    grid: "quick",
    filter: "",
    startedUtc: "2026-01-01T00:00:00Z",
    browser: "B",
    cores: 2,
  };
  const records = [512, 1024].map((length) => ({ record: "case" as const, row: row(length) }));
  for (const [name, text] of [
    ["now", resultsText(facts, records)],
    ["earlier", lines(records)],
  ]) {
    const file = join(temporary(), `${name}.jsonl`);
    writeFileSync(file, text);
    expect(await report([file])).toBe(0);
    expect(existsSync(file.replace(".jsonl", "/report.html"))).toBe(true);
  }
  expect(said).toMatch(/earlier\.jsonl: no record says how the run was made/);
  expect(said).not.toContain("now.jsonl");
});

it("shows one machine's rows in no other's panel, and both environments", async () => {
  const on = (host: string) => ({
    ...syntheticRun(),
    environment: { cpu: { model: "A", cores: 2 }, os: { platform: "linux", arch: "x64", host } },
  });
  const out = join(temporary(), "out");
  expect(await report([stored([row(512)], on("h1")), stored([row(512)], on("h2")), "--out", out])).toBe(0);
  const html = readFileSync(join(out, "report.html"), "utf8");
  for (const host of ["h1", "h2"]) {
    expect(html).toContain(`(host ${host})`);
    expect(html).toContain(`host ${host}.os.host`);
  }
});

it("draws charts of the first suites of very many, and of others by name", async () => {
  const suites = Array.from({ length: 40 }, (_, i) => `suite-${i}`);
  const folder = stored(suites.map((suite) => row(512, { suite })));
  expect(await report([folder, "--suite", "suite-39", "--out", join(folder, "one")])).toBe(0);
  expect(readdirSync(join(folder, "one"))).toContain("suite-39.svg");
  expect(said).toBe("");
  await expect(report([folder, "--suite", "suite-40"])).rejects.toThrow(/no case is of suite suite-40/);
});

it("draws runs over their commits, in one folder, only the cases asked for, and writes the table where it is told to", async () => {
  const folders = [1, 2, 3].map((day) =>
    stored([row(512, { commit: `${day}abc` }), row(1024)], {
      ...syntheticRun(),
      environment: environmentOf("A CPU"),
      startedUtc: `2026-11-0${day}T00:00:00Z`,
    }),
  );
  const [out, file] = [join(temporary(), "out"), join(temporary(), "new", "history.md")];
  const flags = ["--history", "--out", out, "--markdown", file, "--filter", "length=512"];
  expect(await report([...folders, ...flags])).toBe(0);
  expect(printed).toMatch(
    /3 runs, 1 case; time over that of the first run:\n {2}1\.00x .* at 3abc: ssd\/chunked/,
  );
  expect(readdirSync(out).sort()).toEqual(
    ["csv", "md", "png", "svg", "vl.json"].map((type) => `history.${type}`),
  );
  expect(readFileSync(file, "utf8")).toBe(readFileSync(join(out, "history.md"), "utf8"));
  await expect(report([folders[0], "--history"])).rejects.toMatchObject({ code: 2 });
  await expect(report([...folders, "--history", "--compare"])).rejects.toMatchObject({ code: 2 });
});

it("writes the tables of a run in Markdown too, of the cases that a filter leaves", async () => {
  const folder = stored([row(512), row(1024)]);
  const file = join(folder, "summary.md");
  expect(await report([folder, "--markdown", file, "--filter", "length<=512"])).toBe(0);
  expect(readFileSync(file, "utf8")).toMatch(/\| Curve \| Implementation \| length 512 \|\n/);
  await expect(report([folder, "--filter", "length=4096"])).rejects.toMatchObject({
    code: 2,
    message: expect.stringMatching(/no case has length=4096; the nearest is length=1024/),
  });
});
