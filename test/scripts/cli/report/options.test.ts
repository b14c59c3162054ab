import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { Stop } from "../../../../scripts/cli/exit.js";
import { inPoints } from "../../../../scripts/cli/report/length.js";
import { parseReportOptions } from "../../../../scripts/cli/report/options.js";
import { readSides } from "../../../../scripts/cli/report/sources.js";
import { syntheticRun } from "../../../reports/fixtures.js";
import { measuredRow } from "../../../reports/rows.js";

const dir = mkdtempSync(join(tmpdir(), "dualbench-options-"));
afterAll(() => rmSync(dir, { recursive: true }));

const file = (name: string, text: string) => {
  const path = join(dir, name);
  writeFileSync(path, text);
  return path;
};

function refusal(ask: () => unknown): string {
  try {
    ask();
  } catch (error) {
    if (error instanceof Stop && error.code === 2) return error.message;
    throw error;
  }
  return "";
}

describe("lengths", () => {
  it("are points, whatever the unit", () => {
    expect(["3.3in", "6.75in", "84mm", "8.4 cm", "237.6pt"].map(inPoints)).toEqual([
      237.6, 486, 238.11, 238.11, 237.6,
    ]);
    for (const text of ["3.3", "in", "-3in", "3,3in", "3em", "", "1e2mm"])
      expect(inPoints(text)).toBeUndefined();
  });
});

describe("flags of report", () => {
  it("are the screen's style into the folder itself by default", () => {
    expect(parseReportOptions(["run"])).toMatchObject({
      ...{ folders: ["run"], out: "run", style: "screen", compare: false },
      look: { pdf: false, dark: false, curves: [] },
    });
  });

  it("are a column with text of 7 points, a page with 8", () => {
    const column = parseReportOptions(["run", "--style", "paper"])!;
    expect([column.widthPt, column.fontPt]).toEqual([237.6, 7]);
    const page = parseReportOptions(["run", "--style", "paper", "--width", "6.75in"])!;
    expect([page.widthPt, page.fontPt]).toEqual([486, 8]);
  });

  it("collect curves from repetition and commas", () => {
    const { look } = parseReportOptions([
      "run",
      "--curves",
      "ssd, scan",
      "--curves",
      "chunked.wasm length=512",
    ])!;
    expect(look.curves).toEqual(["ssd", "scan", "chunked.wasm length=512"]);
  });

  it.each<[string, string[], RegExp]>([
    [
      "a width without its style",
      ["x", "--width", "3in"],
      /--width is of figures for print: add --style paper/,
    ],
    ["a size of text without its style", ["x", "--font-size", "8"], /--font-size is of figures for print/],
    [
      "a width without a unit",
      ["x", "--style", "paper", "--width", "3"],
      /--width must be a length.*got "3"/,
    ],
    ["a width of a poster", ["x", "--style", "paper", "--width", "900mm"], /from 2in to 20in/],
    ["no text", ["x", "--style", "paper", "--font-size", "0"], /--font-size must be from 4 to 24/],
    ["a style", ["x", "--style", "poster"], /'poster' is invalid.*screen, paper/],
    ["a palette", ["x", "--palette", "pink"], /'pink' is invalid.*okabe-ito/],
    [
      "no such fragment",
      ["x", "--spec", join(dir, "none")],
      /cannot read .*none: .*--spec takes a JSON file/,
    ],
    ["a fragment that is no JSON", ["x", "--spec", file("bad", "{")], /bad is not JSON: .*--spec takes/],
    ["a fragment that is a list", ["x", "--spec", file("list", "[]")], /list holds no object; --spec takes/],
    ["a comparison on paper", ["x", "y", "--compare", "--style", "paper"], /--compare draws its own chart/],
  ])("refuse %s", (_name, argv, why) => {
    expect(refusal(() => parseReportOptions(argv))).toMatch(why);
  });
});

describe("sides of a comparison", () => {
  const stored = (name: string, commit = "a") => {
    const folder = join(dir, name);
    mkdirSync(folder, { recursive: true });
    const records = [syntheticRun(), { record: "case", row: measuredRow({ commit }) }];
    writeFileSync(join(folder, "results.jsonl"), records.map((one) => `${JSON.stringify(one)}\n`).join(""));
    return folder;
  };
  const names = (folders: readonly string[]) => {
    const { before, after } = readSides(folders);
    return [before, after].map((side) => side.map(({ folder }) => folder.slice(dir.length + 1)));
  };

  it("are two runs, two folders of runs, or as many runs before as after", () => {
    const [a, b, c, d] = ["a", "b", "set/1", "set/2"].map((name) => stored(name));
    expect(names([a, b])).toEqual([["a"], ["b"]]);
    expect(names([a, join(dir, "set")])).toEqual([["a"], ["set/1", "set/2"]]);
    expect(names([a, b, c, d])).toEqual([
      ["a", "b"],
      ["set/1", "set/2"],
    ]);
  });

  it("refuse what would be split by chance", () => {
    const [a, b, c, d] = ["x", "x", "x", "y"].map((commit, i) => stored(`mixed${i}`, commit));
    expect(refusal(() => readSides([a]))).toMatch(/takes BEFORE and AFTER.*got 1/);
    expect(refusal(() => readSides([a, b, c]))).toMatch(/got 3/);
    expect(refusal(() => readSides([a, b, c, d]))).toMatch(/put the runs of each side into a folder/);
    expect(refusal(() => readSides([a, join(dir, "nothing")]))).toMatch(/cannot read .*nothing/);
  });
});
