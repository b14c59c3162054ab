/** Time and parameters of a layer by head pattern, and by feature map of B and C. */
import type { TopLevelSpec } from "vega-lite";
import { type HeadGroup, headGroups, type Variant } from "../../analysis/blocks/heads.js";
import { implementationLabel } from "../../analysis/names.js";
import { formatDuration, formatMilliseconds, formatNumber, formatSize } from "../../format.js";
import type { Row, RunRecord } from "../../rows/row.js";
import { origin } from "../caption.js";
import { figure } from "../figure.js";
import { type BarOptions, bars } from "../panel/bars.js";
import { linearAxis } from "../scale.js";
import { LIGHT, type Theme } from "../theme.js";

const WIDTH = 760;
const PANEL = { width: 270, family: "ssd" } as const;
/** What the number behind the longest bar needs, as a share of it. */
const AIR = 1.3;

export function headsChart(run: RunRecord, rows: readonly Row[], theme: Theme = LIGHT): TopLevelSpec {
  const groups = headGroups(rows);
  const blocks = groups.flatMap((group) =>
    [
      { title: "head pattern", variants: group.patterns },
      { title: "feature map of B and C", variants: group.features },
    ]
      .filter(({ variants }) => variants.length > 0)
      .map(({ title, variants }) => ({
        spacing: 40,
        hconcat: [timePanel(title, variants, group, theme), parametersPanel(title, variants, group, theme)],
      })),
  );
  return figure(blocks, caption(run, rows, groups), WIDTH, theme);
}

function timePanel(of: string, variants: readonly Variant[], { first }: HeadGroup, theme: Theme) {
  const { device, dtype, batch, modelDim, length, heads } = first;
  const shape = [`batch ${batch}`, `width ${modelDim}`, `${heads} heads`, `${formatSize(length)} tokens`];
  return bars(
    variants.map(({ name, row }) => ({
      ...{ name, value: row.medianNs, low: row.ci95LowNs, high: row.ci95HighNs },
      text: formatDuration(row.medianNs),
      case: row.id,
    })),
    {
      ...{ ...PANEL, theme, field: "ns", xTitle: "Time (ms)", tick: formatMilliseconds },
      title: `Time of a layer by ${of}`,
      subtitle: [[device, dtype].join(" · "), shape.join(" · ")],
      x: axisOf(variants.map(({ row }) => row.ci95HighNs)),
    },
  );
}

function parametersPanel(of: string, variants: readonly Variant[], { first }: HeadGroup, theme: Theme) {
  const count = ({ row }: Variant) => row.parameters ?? 0;
  const millions = (value: number) => (value === 0 ? "0" : `${formatNumber(value / 1e6, 3)}M`);
  return bars(
    variants.map((variant) => ({
      name: variant.name,
      value: count(variant),
      text: millions(count(variant)),
      case: variant.row.id,
    })),
    {
      ...{ ...PANEL, theme, field: "parameters", xTitle: "Parameters", tick: millions },
      title: `Its parameters by ${of}`,
      subtitle: [`N = ${first.state}`, ""],
      x: axisOf(variants.map(count)),
    },
  );
}

function axisOf(values: readonly number[]): BarOptions["x"] {
  return linearAxis([AIR * Math.max(...values)]);
}

function caption(run: RunRecord, rows: readonly Row[], groups: readonly HeadGroup[]): string[] {
  const kernels = groups.map(({ first }) => implementationLabel(first, undefined));
  return [
    groups.length === 0
      ? "No layer was measured: the table says why."
      : "Median time of a Mamba-2 layer with its norm and residual; bars' ends: 95% confidence interval of the median. multi-value with " +
        "silu is Mamba's own; multi-head has B and C for each head. By the fastest kernel that ran them all: " +
        `${[...new Set(kernels)].join("; ")}.`,
    origin(run, rows),
  ];
}
