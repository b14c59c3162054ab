import { expect, it } from "vitest";
import { atlasChart } from "../../../reports/charts/atlas.js";
import { ChartLog, renderSvg } from "../../../reports/charts/render.js";

const cell = (implementation: string, axis: string, bin: string, worst: number) => ({
  implementation,
  axis,
  bin,
  cases: 3,
  worst,
  token: "forms-agree.ssd.0.1",
});

it("has a row an implementation and a column a bin, sizes in their order", async () => {
  const cells = [
    cell("ssd/chunked.cpu", "length", "2048", 0.2),
    cell("ssd/chunked.cpu", "length", "16", 0.4),
    cell("ssd/recurrent.cpu", "length", "16", 0),
    cell("ssd/recurrent.cpu", "decay", "mixed", 0.01),
  ];
  const log = new ChartLog();
  const svg = await renderSvg(atlasChart(cells, "4 cases")!, log);
  expect(log.messages).toEqual([]);
  for (const text of ["ssd/chunked.cpu", "ssd/recurrent.cpu", "Length, up to", "Decays", "mixed", "4 cases"])
    expect(svg).toContain(`>${text}<`);
  expect(svg.indexOf(">16<")).toBeLessThan(svg.indexOf(">2K<"));
  expect(svg.match(/aria-label="ssd\/[^"]*in 3 cases, worst forms-agree\.ssd\.0\.1"/g)).toHaveLength(4);
});

it("is none without cells", () => {
  expect(atlasChart([], "nothing")).toBeUndefined();
});
