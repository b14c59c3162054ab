/** The chart of head patterns and feature maps: bars of one kernel, Mamba's own among both, no words over another. */
import { expect, it } from "vitest";
import { headGroups } from "../../../../reports/analysis/blocks/heads.js";
import { chartOf } from "../../../../reports/charts/index.js";
import { ChartLog, renderSvg } from "../../../../reports/charts/render.js";
import type { Measured } from "../../../../reports/rows/row.js";
import { syntheticRun } from "../../fixtures.js";
import { measuredRow } from "../../rows.js";
import { overlapping, wordsOf } from "../../svg.js";

const row = (engine: string, ms: number, more: Partial<Measured> = {}) => {
  const { pattern, features, groups = 1 } = more;
  const keys = [pattern && ` pattern=${pattern}`, features && ` features=${features}`]
    .filter(Boolean)
    .join("");
  return measuredRow({
    ...{ suite: "heads", operator: "mamba2_block", form: "chunked", engine, heads: 4, groups, modelDim: 64 },
    id: `mamba2_block/chunked.${engine} dtype=f32 batch=1 length=512 heads=4 groups=${groups} modelDim=64${keys}`,
    ...{ medianNs: ms * 1e6, ci95LowNs: ms * 0.9e6, ci95HighNs: ms * 1.2e6, parameters: 1e5 * (1 + groups) },
    ...more,
  });
};
const kinds: readonly Partial<Measured>[] = [
  ...[{ groups: 4 }, { features: "relu" }, { pattern: "multi-key" }, {}],
  ...[{ features: "identity" }, { pattern: "multi-query" }],
];
const all = (engine: string, ms: number) => kinds.map((kind, i) => row(engine, ms + i, kind));
const names = (group: ReturnType<typeof headGroups>[number], of: "patterns" | "features") =>
  group[of].map(({ name }) => name);

it("orders patterns by what heads share, and counts Mamba's own among the maps", () => {
  const [group] = headGroups(all("cpu", 3));
  expect(names(group, "patterns")).toEqual(["multi-value", "multi-query", "multi-key", "multi-head"]);
  expect(names(group, "features")).toEqual(["silu", "relu", "identity"]);
});

it("stands by the fastest of those that ran most", () => {
  const some = [row("wasm", 0.1), row("wasm", 0.1, { features: "relu" })];
  const [group] = headGroups([...all("cpu", 3), ...some, ...all("native", 1)]);
  expect(new Set([...group.patterns, ...group.features].map(({ row: { engine } }) => engine))).toEqual(
    new Set(["native"]),
  );
});

it("draws time and parameters of both, or says that nothing was measured", async () => {
  const spec = (rows: readonly Measured[]) => chartOf("heads", rows)(syntheticRun(), rows);
  const text = JSON.stringify(spec(all("cpu", 3)));
  for (const words of ["Time of a layer by head pattern", "Its parameters by feature map of B and C", "0.5M"])
    expect(text).toContain(words);
  const log = new ChartLog();
  const words = wordsOf(await renderSvg(spec(all("cpu", 3)), log));
  expect(words.length).toBeGreaterThan(20);
  expect(overlapping(words)).toEqual([]);
  expect(log.messages).toEqual([]);
  expect(JSON.stringify(spec([]))).toContain("No layer was measured: the table says why.");
});
