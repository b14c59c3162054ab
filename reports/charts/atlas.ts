/** The error atlas: how near to its bound each implementation came, by length, state, chunk and kind of decay. */
import type { TopLevelSpec } from "vega-lite";
import { formatSize } from "../format.js";
import { type Block, figure } from "./figure.js";
import { FONT, LIGHT, type Theme } from "./theme.js";

/** The worst case of one implementation in one bin. */
export interface AtlasCell {
  readonly implementation: string;
  readonly axis: string;
  readonly bin: string;
  readonly cases: number;
  readonly worst: number;
  readonly token: string;
}

const CELL_PX = 19;
const TITLES: Readonly<Record<string, string>> = {
  length: "Length, up to",
  state: "State or head size, up to",
  chunk: "Chunk, up to",
  decay: "Decays",
};
const NAMES_PX = 210;

/** @param about what was run, for the caption. Undefined where nothing was. */
export function atlasChart(
  cells: readonly AtlasCell[],
  about: string,
  theme: Theme = LIGHT,
): TopLevelSpec | undefined {
  if (cells.length === 0) return undefined;
  const implementations = [...new Set(cells.map(({ implementation }) => implementation))];
  const axes = Object.keys(TITLES).filter((axis) => cells.some((cell) => cell.axis === axis));
  const panels = axes.map((axis, i) => panelOf(cells, axis, implementations, i === 0, theme));
  const bins = axes.map((axis) => binsOf(cells, axis).length).reduce((sum, count) => sum + count, 0);
  const how =
    "Colour: the largest error over its certified bound among the cases of a cell, 1 being the bound; " +
    "white: no case. Every element of every output is counted.";
  return figure(
    [{ spacing: 14, title: "How near to their bounds", hconcat: panels }],
    [how, about],
    NAMES_PX + bins * CELL_PX,
    theme,
  );
}

function binsOf(cells: readonly AtlasCell[], axis: string): string[] {
  const bins = [...new Set(cells.filter((cell) => cell.axis === axis).map(({ bin }) => bin))];
  return axis === "decay" ? bins.sort() : bins.sort((a, b) => Number(a) - Number(b));
}

function panelOf(
  cells: readonly AtlasCell[],
  axis: string,
  implementations: readonly string[],
  isNamed: boolean,
  theme: Theme,
): Block {
  const bins = binsOf(cells, axis);
  const label = (bin: string) => (axis === "decay" ? bin : formatSize(Number(bin)));
  const values = cells
    .filter((cell) => cell.axis === axis)
    .map((cell) => ({ ...cell, bin: label(cell.bin), says: saying(cell) }));
  return {
    width: bins.length * CELL_PX,
    height: implementations.length * CELL_PX,
    data: { values },
    mark: { type: "rect", aria: true },
    encoding: {
      x: {
        field: "bin",
        type: "nominal",
        scale: { domain: bins.map(label) },
        axis: { title: TITLES[axis], labelAngle: -90, ticks: false, domain: false },
      },
      y: {
        field: "implementation",
        type: "nominal",
        scale: { domain: [...implementations] },
        axis: isNamed
          ? {
              title: null,
              ticks: false,
              domain: false,
              labelFont: FONT,
              labelLimit: NAMES_PX,
              labelColor: theme.text,
            }
          : null,
      },
      color: {
        field: "worst",
        type: "quantitative",
        scale: { type: "log", domain: [1e-3, 1], clamp: true, scheme: "viridis" },
        legend: { title: "Error / bound", values: [0.001, 0.01, 0.1, 1], format: "~g" },
      },
      description: { field: "says" },
    },
  };
}

function saying({ implementation, axis, bin, worst, cases, token }: AtlasCell): string {
  return `${implementation}, ${axis} ${bin}: ${worst.toPrecision(3)} in ${cases} cases, worst ${token}`;
}
