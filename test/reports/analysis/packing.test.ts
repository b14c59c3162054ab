/** Packed rows against the same rows unpacked: which belong together, which stands for its family, and the chart of it. */
import { describe, expect, it } from "vitest";
import { packedCurves } from "../../../reports/analysis/packing.js";
import { chartOf } from "../../../reports/charts/index.js";
import { ChartLog, renderSvg } from "../../../reports/charts/render.js";
import type { Row } from "../../../reports/rows/row.js";
import { measured, syntheticRun } from "../fixtures.js";

function row(name: string, ns: number, documents?: string, threads = 1): Row {
  const own = { suite: "documents", threads, ...(documents ? { documents } : {}) };
  const made = measured(name, 4096, name.startsWith("attention") ? undefined : 64, ns, own);
  return documents ? { ...made, id: `${made.id} documents=${documents}` } : made;
}

const rows = [
  row("ssd/chunked.wasm", 200),
  row("ssd/chunked.wasm", 220, "skewed-64"),
  row("ssd/chunked.wasm", 210, "even-16"),
  row("ssd/chunked.wasm", 240, "even-4"),
  // faster unpacked: it stands for SSD
  row("ssd/chunked.wasm", 100, undefined, 2),
  row("ssd/chunked.wasm", 101, "even-16", 2),
  row("ssd/chunked.wasm", 102, "even-4", 2),
  row("ssd/chunked.wasm", 103, "skewed-64", 2),
  // nothing to hold it against
  row("selective_scan/recurrent.wasm", 50, "even-4"),
  row("attention/tiled.wasm", 1000),
  row("attention/tiled.wasm", 100, "even-4"),
];

describe("packed curves", () => {
  it("hold each packed row against the same case unpacked, of each family the fastest", () => {
    const found = packedCurves(rows).map(({ family, packing, points }) => [
      family.key,
      packing,
      points.map(({ documents, ratio }) => [documents, ratio]),
    ]);
    expect(found).toEqual([
      [
        "ssd",
        "even",
        [
          [4, 1.02],
          [16, 1.01],
        ],
      ],
      ["ssd", "skewed", [[64, 1.03]]],
      ["attention", "even", [[4, 0.1]]],
    ]);
  });

  it("are drawn without a warning, attention apart, and in words where there is none", async () => {
    const run = syntheticRun();
    const log = new ChartLog();
    const svg = await renderSvg(chartOf("documents", rows)(run, rows), log);
    expect(log.messages).toEqual([]);
    expect(svg.match(/>Packing: documents of equal length</g)?.length).toBe(2);
    expect(svg).toContain("one document of half the row");
    const alone = rows.slice(8, 9);
    expect(chartOf("documents", alone)(run, alone).description).toContain(
      "No packed row was measured beside",
    );
    await renderSvg(chartOf("documents", alone)(run, alone), log);
    expect(log.messages).toEqual([]);
  });
});
