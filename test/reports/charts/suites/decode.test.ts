/** The chart of decoding has time and bytes beside each other, and says so where nothing was measured. */
import { expect, it } from "vitest";
import { chartOf } from "../../../../reports/charts/index.js";
import { syntheticRun } from "../../fixtures.js";
import { measuredRow } from "../../rows.js";

const row = (operator: string, context: number, batch: number, state: number | undefined) => {
  const sizes = { batch, heads: 1, groups: 1, headDim: 64, context };
  const keys = Object.entries(sizes).map(([key, value]) => `${key}=${value}`);
  const { state: _, ...base } = measuredRow({ suite: "decode", operator, length: 1 });
  const id = `${operator}/recurrent.cpu dtype=f32 ${keys.join(" ")}`;
  return { ...base, ...sizes, ...(state ? { state } : {}), id, form: "recurrent" } as ReturnType<
    typeof measuredRow
  >;
};
const rows = [512, 4096].flatMap((context) => [
  row("ssd_decode", context, 1, 64),
  row("attention_decode", context, 1, undefined),
]);
const spec = (shown: typeof rows) => JSON.stringify(chartOf("decode", shown)(syntheticRun(), shown));

it("draws what a sequence keeps beside the time of a token", () => {
  const text = spec([...rows, row("ssd_decode", 512, 8, 64)]);
  for (const words of ["Time of a token", "What a sequence keeps", "Time of a token of each sequence"])
    expect(text).toContain(words);
  // 512 tokens of keys and values, and the state
  for (const bytes of [512 * 128 * 4, 64 * 64 * 4]) expect(text).toContain(`"bytes":${bytes}`);
  expect(text).toContain("Curves: Attention = ");
});

it("says so where no step was measured at two sizes", () => {
  expect(spec(rows.slice(0, 1))).toContain("No step was measured at two sizes");
});
