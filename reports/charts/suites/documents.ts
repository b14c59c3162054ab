/** Time of packed rows over that of the same rows as one sequence, over the number of documents; a panel a way to pack. */
import type { TopLevelSpec } from "vega-lite";
import { type PackedCurve, packedCurves } from "../../analysis/packing.js";
import { groupBy } from "../../analysis/series.js";
import { formatNumber } from "../../format.js";
import type { Row, RunRecord } from "../../rows/row.js";
import { origin } from "../caption.js";
import { figure } from "../figure.js";
import type { DrawnCurve, Layer, Quantity } from "../panel/drawn.js";
import { withEvenRule } from "../panel/even.js";
import { panel } from "../panel/panel.js";
import { logAxis, ratioAxis, sizeAxis } from "../scale.js";
import { LIGHT, type Theme } from "../theme.js";

const WIDTH = 650;
const PANEL = { width: 460, height: 230 } as const;

const times = (ratio: number) => `${formatNumber(ratio, 3)}x`;

const RATIO: Quantity = {
  field: "ratio",
  title: "Time packed / time unpacked",
  tick: times,
  text: times,
  interval: (low, high) => `${times(low)} to ${times(high)}`,
};

const CUTS: Readonly<Record<string, string>> = {
  even: "documents of equal length",
  skewed: "one document of half the row, the others equal",
};

export function documentsChart(run: RunRecord, rows: readonly Row[], theme: Theme = LIGHT): TopLevelSpec {
  const curves = packedCurves(rows);
  const families = [...new Set(curves.map(({ family }) => family.key))];
  const panels = [...groupBy(curves, panelKey).values()];
  const how =
    "Median time of a packed row over that of the same tokens as one sequence; at 1x packing costs nothing. " +
    "Bands: 95% intervals of the ratio from those of both medians (MOVER on the log scale).";
  const names = [...new Set(curves.map(({ family, name }) => `${family.name} = ${name}`))];
  return figure(
    panels.map((members) => packedPanel(members, families, theme)),
    [
      panels.length === 0
        ? "No packed row was measured beside the same row unpacked: the table says why."
        : how,
      ...(names.length > 0 ? [`Curves: ${names.join("; ")}.`] : []),
      origin(run, rows),
    ],
    WIDTH,
    theme,
  );
}

/** Attention does less work on short documents: on one axis with it nobody could see what others lose. */
function panelKey({ packing, unpacked: { device, dtype }, family }: PackedCurve): string {
  return `${packing} ${family.key === "attention"} ${device} ${dtype}`;
}

function packedPanel(curves: readonly PackedCurve[], families: readonly string[], theme: Theme): Layer {
  const [{ packing, unpacked }] = curves;
  const { device, dtype, batch, length, heads, headDim, state } = unpacked;
  const points = curves.flatMap((curve) => curve.points);
  const ends = points.flatMap(({ low, high }) => [low, high]);
  const spread = Math.max(...ends) / Math.min(...ends);
  const layer = panel(curves.map(drawn), {
    ...PANEL,
    title: `Packing: ${CUTS[packing] ?? packing}`,
    subtitle: [
      [
        device,
        dtype,
        `batch ${batch}`,
        `${length} tokens`,
        `${heads} heads x ${headDim}`,
        state && `N = ${state}`,
      ]
        .filter(Boolean)
        .join(" · "),
    ],
    xTitle: "Documents in a row",
    x: sizeAxis(points.map(({ documents }) => documents)),
    y: spread > 4 ? logAxis([1, ...ends]) : ratioAxis(ends),
    quantity: RATIO,
    theme,
    families,
    labels: "full",
  });
  return withEvenRule(layer, PANEL.width, theme);
}

function drawn({ family, name, points }: PackedCurve): DrawnCurve {
  return {
    key: name,
    family: family.key,
    name: family.name,
    detail: name.split(" ")[0],
    points: points.map(({ documents, ratio, low, high, row }) => ({
      ...{ x: documents, value: ratio, low, high, measured: true, segment: 0, joined: true, about: row.id },
    })),
  };
}
