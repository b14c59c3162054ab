import { describe, expect, it } from "vitest";
import { FAMILIES } from "../../../reports/analysis/families.js";
import { figure10Chart } from "../../../reports/charts/figure-10.js";
import { chartOf } from "../../../reports/charts/index.js";
import { ChartLog, renderPng, renderSvg } from "../../../reports/charts/render.js";
import { linearAxis, logAxis, sizeAxis } from "../../../reports/charts/scale.js";
import { speedupChart } from "../../../reports/charts/speedup.js";
import { curveStyles, DARK, LIGHT } from "../../../reports/charts/theme.js";
import type { Row } from "../../../reports/rows/row.js";
import { failed, LENGTHS, measured, rejected, skipped, syntheticRows, syntheticRun } from "../fixtures.js";
import { bright, pixels } from "../png.js";

const run = syntheticRun();
const all = syntheticRows();
const of = (suite: string) => all.filter((row) => row.suite === suite);
const NAMES = [
  "Attention",
  "Convolution (FFT)",
  "Scan (tensor ops)",
  "Scan (Mamba-1)",
  "SSD",
  "SSD, recurrent form",
];

async function drawn(suite: string, rows: readonly Row[]): Promise<string> {
  const log = new ChartLog();
  const svg = await renderSvg(chartOf(suite, rows)(run, rows), log);
  expect(log.messages).toEqual([]);
  return svg;
}

describe.each(["sequence-length", "state-size"])("chart of %s", (suite) => {
  it("compiles without a warning in both themes and names every curve", async () => {
    const svg = await drawn(suite, of(suite));
    for (const name of NAMES) expect(svg.includes(`>${name}<`), name).toBe(true);
    const log = new ChartLog();
    await renderSvg(chartOf(suite, of(suite))(run, of(suite), DARK), log);
    expect(log.messages).toEqual([]);
  });

  it("says what repeats it", async () => {
    const { description } = chartOf(suite, of(suite))(run, of(suite));
    for (const fact of [
      "Device: Synthetic CPU @ 2.10 GHz",
      "dtype f32",
      "batch 1",
      "width 1024 (16 heads x 64)",
      suite === "state-size" ? "length 4096" : "state 64",
      "ssd/chunked.wasm chunk=8 threads=2",
      "Commit 0123456789ab, 2026-11-23T12:00:00Z",
      "npm run bench -- --grid default --seed 0",
      "95% confidence",
    ])
      expect(description).toContain(fact);
  });
});

describe("panels", () => {
  it("call skipped points extrapolated, and only then", () => {
    const chart = (rows: readonly Row[]) => JSON.stringify(chartOf("sequence-length", rows)(run, rows));
    const two = [measured("ssd/chunked.cpu", 512, 64, 1e6), skipped("ssd/chunked.cpu", 1024, 64, 2e6)];
    expect(chart(two)).toContain("Hollow points and dotted lines are extrapolated");
    expect(chart(two.slice(0, 1))).not.toContain("Hollow points");
  });

  it("draw attention level over state size, across the whole panel", () => {
    const spec = JSON.stringify(chartOf("state-size", of("state-size"))(run, of("state-size")));
    const level = [
      ...spec.matchAll(
        /"x":([\d.]+),"ns":[\d.]+,"low":[\d.]+,"high":[\d.]+,"measured":true,"segment":0,"marker":false,"family":"attention"/g,
      ),
    ];
    expect(Number(level[0][1])).toBe(0);
    expect(Number(level[1][1])).toBeGreaterThanOrEqual(256);
  });

  it("have the paper's axes: log-log over length, linear over state", () => {
    expect(
      JSON.stringify(chartOf("sequence-length", of("sequence-length"))(run, of("sequence-length"))),
    ).toContain('"type":"log"');
    const [main] = (
      chartOf("state-size", of("state-size"))(run, of("state-size")) as never as { vconcat: object[] }
    ).vconcat;
    expect(JSON.stringify(main)).not.toContain('"type":"log"');
    expect(JSON.stringify(main)).toContain('"Time (ms)"');
  });

  const long = "x".repeat(200);
  it.each<[string, Row[]]>([
    ["one point", [measured("ssd/chunked.cpu", 512, 64, 1e6)]],
    [
      "nothing measured",
      [rejected("ssd/chunked.cpu", 512, 64, "bad"), failed("ssd/chunked.cpu", 1024, 64, "died")],
    ],
    ["extrapolated points only", [skipped("ssd/chunked.cpu", 512, 64, 1e6)]],
    ["very long names", [measured(`${long}/${long}.cpu`, 512, 64, 1e6, { device: long, make: long })]],
    ["times of zero", [measured("ssd/chunked.cpu", 512, 64, 0), measured("ssd/chunked.cpu", 1024, 64, 0)]],
    ["two devices", ["A", "B"].map((device) => measured("ssd/chunked.cpu", 512, 64, 1e6, { device }))],
    ["twenty curves", Array.from({ length: 20 }, (_, i) => measured(`op${i}/form.cpu`, 512, 64, 1e6))],
    [
      "1000 rows",
      Array.from({ length: 1000 }, (_, i) =>
        measured("ssd/chunked.cpu", LENGTHS[i % 10], 64, 1e6, { chunk: i }),
      ),
    ],
  ])("draw %s", async (_, rows) => {
    const suites = ["sequence-length", "state-size", "another"];
    for (const suite of rows.length > 100 ? suites.slice(0, 1) : suites) {
      const svg = await drawn(suite, rows);
      expect(svg.endsWith("</svg>")).toBe(true);
      expect(svg.includes("NaN")).toBe(false);
    }
  });

  it("never join two devices", async () => {
    const rows = ["Device A", "Device B"].map((device) =>
      measured("ssd/chunked.cpu", 512, 64, 1e6, { device }),
    );
    const svg = await drawn("sequence-length", rows);
    expect(svg).toContain("Device A · f32");
    expect(svg).toContain("Device B · f32");
  });
});

describe("speedup and figure 10", () => {
  it("draw without a warning", async () => {
    for (const spec of [speedupChart(run, all), figure10Chart(run, all)]) {
      const log = new ChartLog();
      expect(await renderSvg(spec!, log)).toContain("Scan (Mamba-1)");
      expect(log.messages).toEqual([]);
    }
  });

  it("agree on colours where one panel has curves that another lacks", async () => {
    const some = all.filter((row) => row.suite === "state-size" || row.operator !== "selective_scan");
    for (const spec of [speedupChart(run, some), figure10Chart(run, some)]) {
      const log = new ChartLog();
      await renderSvg(spec!, log);
      expect(log.messages).toEqual([]);
    }
  });

  it("are left out when there is nothing to compare", () => {
    const one = [measured("ssd/chunked.cpu", 512, 64, 1e6)];
    expect(speedupChart(run, one)).toBeUndefined();
    expect(figure10Chart(run, one)).toBeUndefined();
  });
});

describe("PNG", () => {
  it("has the size of the SVG times the scale, and text in it", async () => {
    const svg = await drawn("sequence-length", of("sequence-length"));
    const [, w, h] = /<svg[^>]* width="([\d.]+)" height="([\d.]+)"/.exec(svg)!;
    const { width, height, data } = pixels(await renderPng(svg, 2));
    expect(width).toBe(Math.ceil(2 * Number(w)));
    expect(height).toBe(Math.ceil(2 * Number(h)));
    expect(bright({ width, height, data })).toBeLessThan(0.99);
    // without its font resvg drops text silently: the title's strip must not be blank
    const strip = { width, height: 60, data: data.subarray(0, width * 60 * 4) };
    expect(bright(strip)).toBeLessThan(0.999);
  });
});

describe("axes", () => {
  it("hold their data and have ticks inside", () => {
    for (const values of [[3e4, 5e9], [1e6], [1.1e6, 1.2e6], [0, 0], []])
      for (const axis of [logAxis(values), linearAxis(values)]) {
        const [low, high] = axis.domain;
        for (const value of values.filter((v) => v > 0)) {
          expect(value).toBeGreaterThanOrEqual(low);
          expect(value).toBeLessThanOrEqual(high);
        }
        expect(axis.ticks.length).toBeGreaterThanOrEqual(2);
        for (const tick of axis.ticks) expect(tick >= low && tick <= high).toBe(true);
      }
  });

  it("put the ends of their domain at the ends of the plot", () => {
    const axis = sizeAxis([512, 1024]);
    expect(axis.at(axis.domain[0], 100)).toBeCloseTo(0, 9);
    expect(axis.at(axis.domain[1], 100)).toBeCloseTo(100, 9);
  });
});

describe("styles", () => {
  it("tell every two known curves apart by colour, dash and marker", () => {
    for (const theme of [LIGHT, DARK]) {
      const styles = [
        ...curveStyles(
          FAMILIES.map(({ key }) => key),
          theme,
        ).values(),
      ];
      for (const pick of ["color", "shape", "dash"] as const)
        expect(new Set(styles.map((style) => String(style[pick]))).size).toBe(styles.length);
    }
  });
});

it("draws a panel although a curve lies above it as a whole", async () => {
  const rows = [16, 64, 256].flatMap((state) => [
    measured("ssd/chunked.cpu", 4096, state, 1e6, { suite: "state-size" }),
    measured("selective_scan/recurrent.cpu", 4096, state, 2e6, { suite: "state-size" }),
  ]);
  // 3 s beside milliseconds: clipped, its line would lie outside the picture
  const attention = measured("attention/tiled.cpu", 4096, undefined, 3e9, { suite: "state-size" });
  const scan = [16, 64].map((state) =>
    measured("selective_scan/scan.tfjs", 4096, state, 5e9, { suite: "state-size" }),
  );
  const chart = chartOf("state-size", [...rows, attention, ...scan])(
    syntheticRun(),
    [...rows, attention, ...scan],
    LIGHT,
  );
  const svg = await renderSvg(chart);
  expect(svg).toContain("Attention");
  expect((await renderPng(svg, 1)).length).toBeGreaterThan(1000);
});
