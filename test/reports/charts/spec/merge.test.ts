import { describe, expect, it } from "vitest";
import { drawWithoutComplaint, PageError } from "../../../../reports/charts/print/page.js";
import { type JsonObject, mergeSpec } from "../../../../reports/charts/spec/merge.js";

const panel = (title: string) => ({
  title,
  width: 100,
  height: 50,
  data: { values: [{ x: 1, y: 2 }] },
  encoding: {
    x: { field: "x", type: "quantitative" },
    y: { field: "y", type: "quantitative", axis: { grid: true, values: [1, 2] } },
  },
  layer: [{ mark: "point" }],
});
const caption = { data: { values: [{ words: "a" }] }, mark: "text", encoding: { text: { field: "words" } } };
const spec = {
  $schema: "https://vega.github.io/schema/vega-lite/v6.json",
  config: { background: "white", axis: { labelFontSize: 9 } },
  vconcat: [{ hconcat: [panel("a"), panel("b")] }, caption],
} as never;

type Merged = { config: JsonObject; vconcat: [{ hconcat: [JsonObject, JsonObject] }, JsonObject] };
const merged = (fragment: JsonObject) => mergeSpec(spec, fragment) as never as Merged;

describe("a fragment of Vega-Lite", () => {
  it("merges into the configuration, key by key", () => {
    const { config } = merged({ config: { axis: { grid: false } } });
    expect(config).toEqual({ background: "white", axis: { labelFontSize: 9, grid: false } });
  });

  it("goes into every panel, and not into the caption", () => {
    const { vconcat } = merged({
      encoding: { y: { title: "Milliseconds", axis: { grid: null } } },
      height: 80,
    });
    for (const one of vconcat[0].hconcat) {
      expect(one.height).toBe(80);
      expect(one.encoding).toMatchObject({
        y: { title: "Milliseconds", field: "y", axis: { values: [1, 2] } },
      });
      expect(JSON.stringify(one.encoding)).not.toContain("grid");
    }
    expect(vconcat[1]).toEqual(caption);
  });

  it("adds layers on top, and merges panels by place", () => {
    const rule = { mark: "rule", data: { values: [{}] } };
    const [first, second] = merged({ layer: [rule] }).vconcat[0].hconcat;
    expect(first.layer).toEqual([{ mark: "point" }, rule]);
    expect(second.layer).toEqual([{ mark: "point" }, rule]);
    const titled = merged({ vconcat: [{ hconcat: [null, { title: "only this" }] }] }).vconcat;
    expect(titled[0].hconcat.map(({ title }) => title)).toEqual(["a", "only this"]);
    expect(titled[1]).toEqual(caption);
  });

  it("does not change the chart that it is merged into", () => {
    const before = JSON.stringify(spec);
    merged({ config: { background: "black" }, layer: [{}], width: 5 });
    expect(JSON.stringify(spec)).toBe(before);
  });

  it("is drawn, or refused with what Vega-Lite says", async () => {
    expect(await drawWithoutComplaint(mergeSpec(spec, { title: "over all" }))).toContain("over all");
    const wrong = mergeSpec(spec, { layer: [{ mark: "no such mark" }] });
    await expect(drawWithoutComplaint(wrong)).rejects.toThrow(PageError);
  });
});
