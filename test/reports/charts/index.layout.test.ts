/** No words outside the picture, none over another: every chart of a run, and figures for print, in both themes. */
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { compareSides } from "../../../reports/analysis/compare/compare.js";
import { compareChart } from "../../../reports/charts/compare/forest.js";
import { chartOf } from "../../../reports/charts/index.js";
import { floorChart, memoryChart } from "../../../reports/charts/over-size.js";
import { type PaperOptions, paperFigures } from "../../../reports/charts/paper/paper.js";
import { fitPage } from "../../../reports/charts/print/page.js";
import { ChartLog, renderSvg } from "../../../reports/charts/render.js";
import { accuracyChart } from "../../../reports/charts/scatter/accuracy.js";
import { rooflineChart } from "../../../reports/charts/scatter/roofline.js";
import { speedupChart } from "../../../reports/charts/speedup.js";
import { DARK, LIGHT } from "../../../reports/charts/theme.js";
import type { Row, RunRecord } from "../../../reports/rows/row.js";
import { readRun } from "../../../reports/rows/store.js";
import { environmentOf, syntheticRows, syntheticRun, withCeilings } from "../fixtures.js";
import { overlapping, pageOf, wordsOf } from "../svg.js";

function checkWords(svg: string): void {
  const words = wordsOf(svg);
  const { x, y, width, height } = pageOf(svg);
  expect(words.length).toBeGreaterThan(10);
  const outside = words.filter(
    (box) => box.x1 < x - 0.5 || box.y1 < y - 0.5 || box.x2 > x + width + 0.5 || box.y2 > y + height + 0.5,
  );
  expect(outside.map(({ text }) => text)).toEqual([]);
  expect(overlapping(words)).toEqual([]);
}

const published = "reports/published/h200/2026-11-23-paper-grid";
const { run, cases } = readRun(resolve(published));
const DATA: readonly (readonly [string, RunRecord, readonly Row[]])[] = [
  ["synthetic rows", syntheticRun(), withCeilings(syntheticRows())],
  ["an H200", run, cases.map(({ row }) => row)],
];

describe.each(DATA)("words of charts of %s", (_, record, rows) => {
  const of = (suite: string) => rows.filter((row) => row.suite === suite);
  it.each([
    [
      "sequence-length",
      () => chartOf("sequence-length", of("sequence-length"))(record, of("sequence-length")),
    ],
    ["state-size", () => chartOf("state-size", of("state-size"))(record, of("state-size"))],
    ["speedup", () => speedupChart(record, rows)],
    ["roofline", () => rooflineChart(record, rows)],
    ["floor", () => floorChart(record, rows)],
    ["memory", () => memoryChart(record, rows)],
    ["accuracy", () => accuracyChart(record, rows, DARK)],
  ])("%s", async (_name, draw) => {
    const log = new ChartLog();
    checkWords(await renderSvg(draw()!, log));
    expect(log.messages).toEqual([]);
  });

  it.each([
    ["3.3in", 237.6, 7, LIGHT],
    ["6.75in", 486, 8, DARK],
    ["84mm, large", 238.11, 10, LIGHT],
  ] as const)("paper, %s", async (_name, widthPt, fontPt, theme) => {
    const options: PaperOptions = { widthPt, fontPt, theme, curves: [] };
    const figures = paperFigures(record, rows, options);
    expect(figures.map(({ name }) => name)).toEqual(["figure-10"]);
    for (const { draw, columns } of figures) {
      const { svg } = await fitPage(draw, columns, widthPt);
      checkWords(svg);
      expect(pageOf(svg).width).toBe(widthPt);
    }
  });
});

it("words of a comparison", async () => {
  const rows = syntheticRows();
  const side = [{ folder: "a", environment: environmentOf("m"), rows }];
  checkWords(await renderSvg(compareChart(compareSides({ before: side, after: side }), ["Before: a."])!));
});
