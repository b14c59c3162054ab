import { beforeAll, describe, expect, it } from "vitest";
import { compareSides } from "../../../../reports/analysis/compare/compare.js";
import { compareChart } from "../../../../reports/charts/compare/forest.js";
import { paperFigures } from "../../../../reports/charts/paper/paper.js";
import { fitPage, type Page, svgSize } from "../../../../reports/charts/print/page.js";
import { facesOf, renderPdf } from "../../../../reports/charts/print/pdf.js";
import { renderSvg } from "../../../../reports/charts/render.js";
import { LIGHT } from "../../../../reports/charts/theme.js";
import { environmentOf, syntheticRows, syntheticRun } from "../../fixtures.js";
import { readPdf } from "../../pdf.js";
import { wordsOf } from "../../svg.js";

const WIDTH = 237.6;

let figure: Page;
beforeAll(async () => {
  const options = { widthPt: WIDTH, fontPt: 7, theme: LIGHT, curves: [] };
  const [{ draw, columns }] = paperFigures(syntheticRun(), syntheticRows(), options);
  figure = await fitPage(draw, columns, WIDTH);
}, 60_000);

describe("a PDF of a paper figure", () => {
  it("has the exact page, embedded subsets, and every word of the SVG as text", async () => {
    const { svg, widthPt, heightPt } = figure;
    const { mediaBox, fonts, text } = readPdf(
      await renderPdf(svg, { widthPt, heightPt, title: "figure-10" }),
    );
    expect(mediaBox).toEqual([0, 0, WIDTH, heightPt]);
    expect(fonts.length).toBeGreaterThan(0);
    for (const { name, isEmbedded, isSubset } of fonts)
      expect([name.slice(7), isEmbedded, isSubset]).toEqual(["DejaVuSansCondensed", true, true]);
    expect(text.filter((words) => words.trim() !== "").toSorted()).toEqual(
      wordsOf(svg)
        .map((words) => words.text)
        .toSorted(),
    );
    for (const power of ["10⁰", "10³", "10⁶"]) expect(text).toContain(power);
  });

  it("is the same bytes twice", async () => {
    const { svg, ...page } = figure;
    const [one, other] = [
      await renderPdf(svg, { ...page, title: "a" }),
      await renderPdf(svg, { ...page, title: "a" }),
    ];
    expect(Buffer.compare(one, other)).toBe(0);
  });
});

it("a PDF of a comparison has its minus signs, and ligatures as the letters they are of", async () => {
  const rows = syntheticRows().filter((row) => row.engine === "tfjs");
  const side = (factor: number) =>
    [1, 2, 3].map((i) => ({
      folder: `${i}`,
      environment: environmentOf("m"),
      rows: rows.map((row) =>
        row.status === "measured" ? { ...row, medianNs: row.medianNs * factor * (1 + i / 1000) } : row,
      ),
    }));
  const svg = await renderSvg(compareChart(compareSides({ before: side(1), after: side(0.7) }), [])!);
  const { width, height } = svgSize(svg);
  const { text, mediaBox } = readPdf(
    await renderPdf(svg, { widthPt: 0.75 * width, heightPt: 0.75 * height, title: "compare" }),
  );
  expect(mediaBox.slice(2)).toEqual([0.75 * width, 0.75 * height]);
  expect(text.join(" ")).toMatch(/−\d+%/);
  expect(text.join(" ")).toContain("convolution/fft.tfjs");
});

describe("what would be replaced in silence", () => {
  const page = { widthPt: 100, heightPt: 20, title: "a figure" };
  const svg = (face: string, text: string) =>
    `<svg xmlns="http://www.w3.org/2000/svg" width="100" height="20" viewBox="0 0 100 20"><text y="12" font-family="${face}">${text}</text></svg>`;

  it("is an error that names the face", async () => {
    await expect(renderPdf(svg("Comic Sans", "a"), page)).rejects.toThrow(
      "a figure asks for the face Comic Sans, which is not here: figures are set in DejaVu Sans Condensed",
    );
  });

  it("is an error that names the character", async () => {
    await expect(renderPdf(svg("DejaVu Sans Condensed", "a 状 b"), page)).rejects.toThrow(
      'a figure has "状"',
    );
    const { text } = readPdf(await renderPdf(svg("DejaVu Sans Condensed", "−10⁻⁷ µs ≤ é"), page));
    expect(text.join("")).toBe("−10⁻⁷ µs ≤ é");
  });
});

it("reads the faces back from the bytes", () => {
  const bytes = Buffer.from("x /BaseFont /ABCDEF+Serif y /BaseFont /Times-Roman /BaseFont/XYZABC+Serif");
  expect(facesOf(bytes)).toEqual(["Serif", "Times-Roman"]);
});
