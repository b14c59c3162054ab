/** Time of a layer over length with crossings marked, of one token over those before it, and what a sequence keeps; parameters by name. */
import type { TopLevelSpec } from "vega-lite";
import {
  type Crossing,
  crossingsOf,
  type LayerCurve,
  type LayerGroup,
  layerGroups,
  trainedGroups,
} from "../../analysis/blocks/layers.js";
import { formatNumber, formatSize } from "../../format.js";
import type { Row, RunRecord } from "../../rows/row.js";
import { origin } from "../caption.js";
import { figure } from "../figure.js";
import { type DrawnCurve, drawnTime, KEPT, type Layer, type PanelOptions, TIME } from "../panel/drawn.js";
import { panel } from "../panel/panel.js";
import { bytesAxis, logAxis, sizeAxis } from "../scale.js";
import { LIGHT, type Theme } from "../theme.js";

const WIDTH = 700;
const MAIN = { width: 480, height: 300 } as const;
const SMALL = { width: 220, height: 210 } as const;

export function blockChart(run: RunRecord, rows: readonly Row[], theme: Theme = LIGHT): TopLevelSpec {
  const prompts = layerGroups(rows, "length");
  const steps = layerGroups(rows, "context");
  const trained = trainedGroups(rows);
  const all = [...prompts, ...steps, ...trained].flatMap(({ curves }) => curves);
  const families = [...new Set(all.map(({ layer }) => layer.key))];
  const look = { theme, families };
  const small = [
    ...trained.map((group) => trainedPanel(group, look)),
    ...steps.map((group) => stepPanel(group, look)),
    ...prompts.map((group) => keptPanel(group, look)),
  ];
  return figure(
    [
      ...prompts.map((group) => promptPanel(group, look)),
      ...(small.length > 0 ? [{ spacing: 60, hconcat: small }] : []),
    ],
    caption(run, rows, prompts, all),
    WIDTH,
    theme,
  );
}

type Look = Pick<PanelOptions, "theme" | "families">;

function about({ device, dtype, batch, modelDim }: Row): string[] {
  return [[device, dtype, `batch ${batch}`, `width ${modelDim}`].join(" · ")];
}

function promptPanel({ first, curves }: LayerGroup, look: Look): Layer {
  const points = curves.flatMap(({ curve }) => curve.points);
  const layer = panel(
    curves.map((one) => ({
      ...named(one),
      detail: `${formatNumber(parametersOf(one) / 1e6, 3)}M parameters`,
    })),
    {
      ...{ ...look, ...MAIN, labels: "full", quantity: TIME },
      title: "Time of a layer over length",
      subtitle: about(first),
      xTitle: "Tokens (K = 1024)",
      x: sizeAxis(points.flatMap(({ x }) => x ?? [])),
      y: logAxis(points.flatMap(({ lowNs, highNs }) => [lowNs, highNs])),
    },
  );
  return withCrossings(layer, crossingsOf(curves), look.theme);
}

/** A ring where two curves cross, the length below it. */
function withCrossings(layer: Layer, crossings: readonly Crossing[], theme: Theme): Layer {
  if (crossings.length === 0) return layer;
  const data = { values: crossings.map(({ x, ns }) => ({ x, ns, words: formatSize(Math.round(x)) })) };
  const rings = {
    data,
    mark: {
      type: "point" as const,
      filled: false,
      size: 190,
      strokeWidth: 1.4,
      opacity: 1,
      color: theme.text,
    },
  };
  const words = {
    data,
    mark: { type: "text" as const, dy: 17, fontSize: 10, color: theme.text },
    encoding: { text: { field: "words" } },
  };
  return { ...layer, layer: [...layer.layer, rings, words] };
}

/** A step of a layer with a state costs the same after any number of tokens: a level line. */
function stepPanel({ first, curves }: LayerGroup, look: Look): Layer {
  const points = curves.flatMap(({ curve }) => curve.points);
  return panel(curves.map(named), {
    ...{ ...look, ...SMALL, labels: "names", quantity: TIME },
    title: "Time of a token",
    subtitle: [`batch ${first.batch}`],
    xTitle: "Tokens before it",
    x: sizeAxis(points.flatMap(({ x }) => x ?? [])),
    y: logAxis(points.flatMap(({ lowNs, highNs }) => [lowNs, highNs])),
  });
}

/** Forward and backward. */
function trainedPanel({ first, curves }: LayerGroup, look: Look): Layer {
  const points = curves.flatMap(({ curve }) => curve.points);
  return panel(curves.map(named), {
    ...{ ...look, ...SMALL, labels: "names", quantity: TIME },
    title: "Time of a step of training",
    subtitle: [`forward and backward, batch ${first.batch}`],
    xTitle: "Tokens",
    x: sizeAxis(points.flatMap(({ x }) => x ?? [])),
    y: logAxis(points.flatMap(({ lowNs, highNs }) => [lowNs, highNs])),
  });
}

function keptPanel({ first, curves }: LayerGroup, look: Look): Layer {
  const drawn = curves.map(
    (one): DrawnCurve => ({
      ...named(one),
      points: one.curve.rows.map(({ keptBytes: value = 0, length, id }) => {
        const exact = { value, low: value, high: value, measured: true };
        return { x: length, ...exact, segment: 0, joined: true, about: id };
      }),
    }),
  );
  const points = drawn.flatMap((curve) => curve.points);
  return panel(drawn, {
    ...{ ...look, ...SMALL, labels: "names", quantity: KEPT },
    title: "What a sequence keeps",
    subtitle: [first.dtype],
    xTitle: "Tokens",
    x: sizeAxis(points.flatMap(({ x }) => x ?? [])),
    y: bytesAxis(points.map(({ value }) => value)),
  });
}

function named({ layer, curve }: LayerCurve): DrawnCurve {
  return { ...drawnTime(curve), family: layer.key, name: layer.name };
}

function parametersOf({ curve }: LayerCurve): number {
  return curve.rows[0].parameters ?? 0;
}

function caption(
  run: RunRecord,
  rows: readonly Row[],
  prompts: readonly LayerGroup[],
  all: readonly LayerCurve[],
): string[] {
  const crossings = prompts.flatMap(({ curves }) => crossingsOf(curves));
  const passed = crossings.map(
    ({ slower, other, x }) => `${slower} takes longer than ${other} from about ${Math.round(x)} tokens on`,
  );
  const kernels = [...new Set(all.map(({ layer, curve }) => `${layer.name} = ${curve.implementation}`))];
  return [
    all.length === 0
      ? "No layer was measured: the table says why."
      : "Median time of a layer with its norm and residual; bands: 95% confidence interval of the median. Each kind of layer by its " +
        `fastest kernel. ${passed.length > 0 ? `Rings: ${passed.join("; ")}.` : "No curves cross between the lengths that were measured."}`,
    ...(kernels.length > 0 ? [`Curves: ${kernels.join("; ")}.`] : []),
    origin(run, rows),
  ];
}
