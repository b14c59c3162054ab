/** The key of the small panels: its marks are those of the curves, also where a family was skipped and has no curve. */
import { expect, it } from "vitest";
import { chartOf } from "../../../reports/charts/index.js";
import { measured, skipped, syntheticRun } from "../fixtures.js";

interface Style {
  readonly family: string;
  readonly color: string;
}

/** Objects of a document that `pick` answers for, however deep they lie. */
function found<T>(document: unknown, pick: (value: Record<string, unknown>) => T | undefined): T[] {
  if (typeof document !== "object" || document === null) return [];
  const own = Array.isArray(document) ? undefined : pick(document as Record<string, unknown>);
  return [
    ...(own === undefined ? [] : [own]),
    ...Object.values(document).flatMap((value) => found(value, pick)),
  ];
}

it("has the colours of the curves, though a family between them was skipped", () => {
  const suite = "block-parts";
  const rows = ["cpu", "wasm"].flatMap((engine) => [
    ...["causal_conv1d/direct", "masked_attention/quadratic", "rms_norm_gated/fused"].flatMap((form) =>
      [512, 1024].map((length) => measured(`${form}.${engine}`, length, undefined, length * 1e3, { suite })),
    ),
    skipped(`masked_attention/linear.${engine}`, 512, undefined, 5e6, { suite }),
  ]);
  const chart = chartOf(suite, rows)(syntheticRun(), rows);
  const inCurves = found(chart, ({ field, scale }) =>
    field === "family" ? (scale as { domain: string[]; range: string[] }) : undefined,
  ).find(({ range }) => String(range[0]).startsWith("#"))!;
  const colours = new Map(inCurves.domain.map((family, i) => [family, inCurves.range[i]]));
  const inKey = found(chart, ({ name, color, dash }): Style | undefined =>
    dash && typeof name === "string" ? { family: name, color: String(color) } : undefined,
  );
  expect(Object.fromEntries(inKey.map(({ family, color }) => [family, color]))).toEqual({
    "Causal conv1d, direct": colours.get("causal_conv1d/direct"),
    "Masked attention, quadratic": colours.get("masked_attention/quadratic"),
    "Rms norm gated, fused": colours.get("rms_norm_gated/fused"),
  });
});
