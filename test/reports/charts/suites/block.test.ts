/** The chart of whole layers: three panels, rings where curves cross, no words outside or over another. */
import { expect, it } from "vitest";
import { chartOf } from "../../../../reports/charts/index.js";
import { ChartLog, renderSvg } from "../../../../reports/charts/render.js";
import { syntheticRun } from "../../fixtures.js";
import { measuredRow } from "../../rows.js";
import { overlapping, wordsOf } from "../../svg.js";

const row = (operator: string, length: number, ms: number, context?: number) => {
  const id = `${operator}/x.cpu dtype=f32 batch=1 length=${length} modelDim=64${context ? ` context=${context}` : ""}`;
  const [medianNs, ci95LowNs, ci95HighNs] = [ms, 0.99 * ms, 1.01 * ms].map((time) => time * 1e6);
  const sizes = {
    modelDim: 64,
    parameters: 1.5e6,
    keptBytes: 4096 * (operator === "attention_block" ? length : 1),
  };
  return measuredRow({
    ...{ suite: "block", operator, id, length, medianNs, ci95LowNs, ci95HighNs, ...sizes },
    ...(context ? { context } : {}),
  });
};
const lengths = [256, 512, 1024, 2048];
const rows = lengths.flatMap((length, i) => [
  row("mamba2_block", length, 2 ** i),
  row("attention_block", length, 0.5 * 4 ** i),
  row("attention_block", 1, 0.1 * 2 ** i, length),
]);
const specOf = (shown: typeof rows) => chartOf("block", shown)(syntheticRun(), shown);

it("draws time over length, of a token, and what a sequence keeps, with a ring where one passes another", async () => {
  const text = JSON.stringify(specOf(rows));
  for (const words of [
    "Time of a layer over length",
    "Time of a token",
    "What a sequence keeps",
    "1.5M parameters",
  ])
    expect(text).toContain(words);
  expect(text).toContain("Rings: Attention takes longer than Mamba-2 from about 512 tokens on.");
  const log = new ChartLog();
  expect(overlapping(wordsOf(await renderSvg(specOf(rows), log)))).toEqual([]);
  expect(log.messages).toEqual([]);
});

it("says so where curves do not cross, and where nothing was measured", () => {
  const apart = rows.filter(({ operator }) => operator === "mamba2_block");
  expect(JSON.stringify(specOf(apart))).toContain("No curves cross between the lengths that were measured.");
  expect(JSON.stringify(specOf([]))).toContain("No layer was measured: the table says why.");
});
