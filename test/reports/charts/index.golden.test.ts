/**
 * Charts as pictures, beside pictures that a person has looked at. At most one pixel in a thousand may differ visibly: that lets a
 * rounding of the rasteriser pass, and a moved name or a changed dash not.
 * GOLDEN=write npx vitest run test/reports/charts/index.golden.test.ts
 * writes them anew; look at each before it is committed.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { compareSides } from "../../../reports/analysis/compare/compare.js";
import { compareChart } from "../../../reports/charts/compare/forest.js";
import { chartOf } from "../../../reports/charts/index.js";
import { paperFigures } from "../../../reports/charts/paper/paper.js";
import { fitPage } from "../../../reports/charts/print/page.js";
import { renderPng, renderSvg } from "../../../reports/charts/render.js";
import { accuracyChart } from "../../../reports/charts/scatter/accuracy.js";
import { rooflineChart } from "../../../reports/charts/scatter/roofline.js";
import { DARK, LIGHT, type Theme } from "../../../reports/charts/theme.js";
import type { Row } from "../../../reports/rows/row.js";
import { environmentOf, noise, syntheticRows, syntheticRun, withCeilings } from "../fixtures.js";
import { type Picture, pixels } from "../png.js";

const MOST_CHANGED = 0.001;
/** Of 255, in any channel: half the way from black to white is 128, and a thin line between two pixels changes by less than this. */
const VISIBLE = 48;

const run = syntheticRun();
const rows = withCeilings(syntheticRows());

async function paper(widthPt: number, fontPt: number, theme: Theme, some: readonly Row[] = rows) {
  const [{ draw, columns }] = paperFigures(run, some, { widthPt, fontPt, theme, curves: [] });
  return (await fitPage(draw, columns, widthPt)).svg;
}

function screen(theme: Theme) {
  const some = rows.filter((row) => row.suite === "sequence-length");
  return renderSvg(chartOf("sequence-length", some)(run, some, theme));
}

function comparison(): Promise<string> {
  const some = rows.filter(({ suite, engine }) => suite === "state-size" && engine === "wasm");
  const side = (name: string, factor: number) =>
    [1, 2, 3].map((i) => ({
      folder: `${name}${i}`,
      environment: environmentOf("Synthetic CPU"),
      rows: some.map((row) => {
        if (row.status !== "measured") return row;
        const slowed = row.form === "chunked" ? factor : 1;
        return { ...row, medianNs: row.medianNs * slowed * (1 + 0.01 * noise(`${name}${i}${row.id}`)) };
      }),
    }));
  return renderSvg(compareChart(compareSides({ before: side("b", 1), after: side("a", 1.3) }), [])!);
}

const PICTURES: readonly (readonly [name: string, scale: number, draw: () => Promise<string>])[] = [
  ["screen-light", 1, () => screen(LIGHT)],
  ["screen-dark", 1, () => screen(DARK)],
  ["paper-column-light", 1.5, () => paper(237.6, 7, LIGHT)],
  ["paper-column-grey", 1.5, () => paper(237.6, 7, { ...LIGHT, palette: "grey" })],
  ["paper-page-light", 1.5, () => paper(486, 8, LIGHT)],
  ["paper-page-dark", 1.5, () => paper(486, 8, DARK)],
  ["compare-light", 1, comparison],
  ["roofline-light", 1, () => renderSvg(rooflineChart(run, rows)!)],
  ["accuracy-dark", 1, () => renderSvg(accuracyChart(run, rows, DARK)!)],
];

const folder = new URL("./golden/", import.meta.url);

/** Share of pixels that differ visibly; all of them where the sizes do. */
function changed(one: Picture, other: Picture): number {
  if (one.width !== other.width || one.height !== other.height) return 1;
  let count = 0;
  for (let i = 0; i < one.data.length; i += 4)
    if ([0, 1, 2].some((channel) => Math.abs(one.data[i + channel] - other.data[i + channel]) > VISIBLE))
      count++;
  return count / (one.data.length / 4);
}

describe("pictures", () => {
  it.each(PICTURES)("%s looks as it did", async (name, scale, draw) => {
    const png = await renderPng(await draw(), scale);
    const file = new URL(`${name}.png`, folder);
    if (process.env.GOLDEN === "write") {
      mkdirSync(folder, { recursive: true });
      writeFileSync(file, png);
    }
    expect(changed(pixels(png), pixels(readFileSync(file)))).toBeLessThanOrEqual(MOST_CHANGED);
  });

  it("are told apart when one point of one curve moves by a fifth", async () => {
    const moved = rows.map((row) =>
      row.status === "measured" && row.operator === "ssd" && row.form === "chunked" && row.state === 128
        ? { ...row, medianNs: 1.2 * row.medianNs }
        : row,
    );
    const golden = pixels(readFileSync(new URL("paper-page-light.png", folder)));
    const other = pixels(await renderPng(await paper(486, 8, LIGHT, moved), 1.5));
    expect(changed(other, golden)).toBeGreaterThan(MOST_CHANGED);
  });
});
