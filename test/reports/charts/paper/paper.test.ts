import { describe, expect, it } from "vitest";
import { FAMILIES } from "../../../../reports/analysis/families.js";
import { PALETTES, type PaletteName } from "../../../../reports/charts/palettes.js";
import { type PaperOptions, paperFigures } from "../../../../reports/charts/paper/paper.js";
import { keepCurves, NoSuchCurve } from "../../../../reports/charts/paper/select.js";
import { powerOfTen } from "../../../../reports/charts/power-of-ten.js";
import { fitPage, PageError } from "../../../../reports/charts/print/page.js";
import { tidyCsv } from "../../../../reports/charts/spec/tidy.js";
import { curveStyles, LIGHT } from "../../../../reports/charts/theme.js";
import type { Row } from "../../../../reports/rows/row.js";
import { LENGTHS, measured, syntheticRows, syntheticRun } from "../../fixtures.js";

const run = syntheticRun();
const all = syntheticRows();
const OPTIONS: PaperOptions = { widthPt: 486, fontPt: 8, theme: LIGHT, curves: [] };

interface Drawn {
  readonly x: number;
  readonly ns: number;
  readonly curve: string;
  readonly family: string;
  readonly marker: boolean;
}
interface DrawnPanel {
  readonly data: { readonly values: readonly Drawn[] };
  readonly encoding: Readonly<
    Record<
      "x" | "y",
      {
        readonly scale: { readonly type: string };
        readonly axis: { readonly values: number[]; readonly labelExpr: string };
      }
    >
  >;
}

function panels(rows: readonly Row[], more: Partial<PaperOptions> = {}): readonly DrawnPanel[] {
  const options = { ...OPTIONS, ...more };
  const [figure] = paperFigures(run, keepCurves(rows, options.curves), options);
  const spec = figure.draw(200) as unknown as Record<
    "hconcat" | "vconcat",
    readonly DrawnPanel[] | undefined
  >;
  return (spec.hconcat ?? spec.vconcat)!;
}

const names = ({ data }: DrawnPanel) => [...new Set(data.values.map(({ curve }) => curve))].sort();

describe("a paper figure", () => {
  const [left, right] = panels(all);

  it("has the paper's five curves on log axes on the left, 512 to 512K", () => {
    expect(names(left)).toEqual([
      "Attention",
      "Convolution (FFT)",
      "SSD",
      "Scan (Mamba-1)",
      "Scan (tensor ops)",
    ]);
    expect([left.encoding.x.scale.type, left.encoding.y.scale.type]).toEqual(["log", "log"]);
    expect(left.encoding.x.axis.values).toEqual(LENGTHS);
    expect(left.encoding.y.axis.labelExpr).toMatch(/'10¹'/);
  });

  it("has linear axes on the right, the states at their places, and attention level", () => {
    expect(names(right)).toEqual(["Attention", "SSD", "Scan (Mamba-1)"]);
    expect([right.encoding.x.scale.type, right.encoding.y.scale.type]).toEqual(["linear", "linear"]);
    expect(right.encoding.x.axis.values).toEqual([16, 32, 64, 128, 256]);
    const level = right.data.values.filter(({ family }) => family === "attention");
    expect(level).toHaveLength(2);
    expect(level[0].ns).toBe(level[1].ns);
    expect(level.some(({ marker }) => marker)).toBe(false);
    expect(curveStyles(["attention"], LIGHT).get("attention")!.dash.length).toBeGreaterThan(1);
  });

  it("has one panel where one suite was measured, and a figure for every other suite", () => {
    const one = all.filter((row) => row.suite === "state-size");
    expect(panels(one)).toHaveLength(1);
    const batch = [1, 2].map((size) =>
      measured("ssd/chunked.cpu", 4096, 64, 1e6, { batch: size, suite: "batch" }),
    );
    expect(paperFigures(run, [...all, ...batch], OPTIONS).map(({ name }) => name)).toEqual([
      "figure-10",
      "batch",
    ]);
    expect(paperFigures(run, [], OPTIONS)).toEqual([]);
  });

  it("shows a user's kernel without being asked", () => {
    const own = LENGTHS.map((length) =>
      measured("ssd/chunked.wasm", length, 64, 1e6, { make: "mine", source: "mine.ts 0123456789ab" }),
    );
    expect(names(panels([...all, ...own])[0])).toContain("mine");
  });

  it("is as wide as the page at any size of text, or says why not", async () => {
    for (const [widthPt, fontPt] of [
      [237.6, 6],
      [486, 9],
    ]) {
      const [{ draw, columns }] = paperFigures(run, all, { ...OPTIONS, widthPt, fontPt });
      const page = await fitPage(draw, columns, widthPt);
      expect(page.svg).toMatch(new RegExp(`<svg[^>]* width="${widthPt}pt" height="${page.heightPt}pt"`));
    }
    const [{ draw, columns }] = paperFigures(run, all, { ...OPTIONS, widthPt: 144, fontPt: 24 });
    await expect(fitPage(draw, columns, 144)).rejects.toThrow(PageError);
  });

  it("has its numbers as a tidy CSV: a line a point, a level line without a place", () => {
    const [figure] = paperFigures(run, all, OPTIONS);
    const lines = tidyCsv(figure.draw(200)).trimEnd().split("\n");
    expect(lines[0]).toBe("panel,x_axis,x,ns,low,high,measured,curve,what,case");
    const ssd = all.filter((row) => row.id.startsWith("ssd/chunked.wasm"));
    expect(lines.filter((line) => line.includes(",ssd/chunked.wasm "))).toHaveLength(ssd.length);
    expect(lines.filter((line) => /,State dimension,,/.test(line))).toHaveLength(1);
  });
});

describe("--curves", () => {
  it("takes families by key or name, and implementations by parts of their ids", () => {
    expect(names(panels(all, { curves: ["ssd", "Attention"] })[0])).toEqual(["Attention", "SSD"]);
    const several = panels(all, { curves: ["ssd", "ssd/chunked.cpu", "ssd/chunked.tfjs"] })[0];
    expect(names(several)).toHaveLength(3);
    expect(new Set(several.data.values.map(({ family }) => family)).size).toBe(3);
    expect(names(panels(all, { curves: ["ssd-quadratic"] })[0])).toEqual(["SSD, quadratic form"]);
    expect(names(panels(all, { curves: ["chunked.wasm length=512"] })[0])).toEqual(["SSD"]);
  });

  it("refuses what no case is, with what there is", () => {
    expect(() => keepCurves(all, ["mamba-3"])).toThrow(NoSuchCurve);
    expect(() => keepCurves(all, ["mamba-3"])).toThrow(/there are attention, .*ssd/);
    expect(keepCurves(all, [])).toEqual(all);
  });
});

it("every palette tells the paper's curves apart by colour, on white and on dark", () => {
  const keys = FAMILIES.map(({ key }) => key);
  for (const palette of Object.keys(PALETTES) as PaletteName[])
    for (const dark of [false, true]) {
      const styles = curveStyles(keys, { ...LIGHT, dark, palette });
      expect(new Set([...styles.values()].map(({ color }) => color)).size).toBe(keys.length);
    }
});

it("writes powers of ten as papers do", () => {
  expect([1e-7, 0.1, 1, 1000, 1e12, 20].map(powerOfTen)).toEqual([
    "10⁻⁷",
    "10⁻¹",
    "10⁰",
    "10³",
    "10¹²",
    "20",
  ]);
});
