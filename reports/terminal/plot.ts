/** A log-log chart in plain characters: a letter a curve, small letters where it was extrapolated. */
import { type Curve, measuredOf } from "../analysis/curves.js";
import { formatDuration, formatSize } from "../format.js";

export interface TerminalOptions {
  /** Columns; lines are never longer, but it is taken to be at least 40. */
  readonly width: number;
  readonly color: boolean;
}

const ROWS = 14;
const LABEL = 9;
const NARROWEST = 30;
const WIDEST = 78;
const COLOURS = [34, 33, 35, 32, 36, 31];
const PLAIN = "\u001b[0m";

/** No lines where fewer than two sizes have a time. */
export function plot(curves: readonly Curve[], { width, color }: TerminalOptions): string[] {
  const points = curves.flatMap((curve) =>
    curve.points.filter(({ x, ns }) => (x === undefined || x > 0) && ns > 0),
  );
  const sizes = points.flatMap(({ x }) => x ?? []);
  const [left, right] = [Math.min(...sizes), Math.max(...sizes)];
  if (!(right > left)) return [];
  const columns = Math.min(WIDEST, Math.max(NARROWEST, width)) - LABEL - 2;
  const times = points.map(({ ns }) => ns);
  const [low, high] = [Math.min(...times), Math.max(...times)];
  const at = (x: number) => Math.round((Math.log(x / left) / Math.log(right / left)) * (columns - 1));
  const up = (ns: number) =>
    high > low ? ROWS - 1 - Math.round((Math.log(ns / low) / Math.log(high / low)) * (ROWS - 1)) : ROWS - 1;
  const grid = Array.from({ length: ROWS }, () => Array.from({ length: columns }, () => " "));
  const letters = lettersOf(curves);
  const every = [...new Set(sizes)];
  const colours = new Map(curves.map((curve, i) => [curve, COLOURS[i % COLOURS.length]]));
  // SSD last: on top
  for (const curve of curves.toSorted((a, b) => Number(isSsd(a)) - Number(isSsd(b)))) {
    const letter = letters.get(curve)!;
    const paint = (text: string) => (color ? `\u001b[${colours.get(curve)}m${text}${PLAIN}` : text);
    for (const { x, ns, measured } of curve.points) {
      // a curve without the axis is level
      const places = x === undefined ? every : [x];
      for (const place of places)
        if (place > 0 && ns > 0) grid[up(ns)][at(place)] = paint(measured ? letter : letter.toLowerCase());
    }
  }
  const label = (row: number) => {
    if (row === 0) return formatDuration(high);
    if (row === ROWS - 1) return formatDuration(low);
    return row === ROWS >> 1 ? formatDuration(Math.sqrt(low * high)) : "";
  };
  const middle = formatSize(right);
  return [
    ...grid.map((cells, row) => `${label(row).padStart(LABEL)} |${cells.join("").trimEnd()}`),
    `${" ".repeat(LABEL)} +${"-".repeat(columns)}`,
    `${" ".repeat(LABEL + 2)}${formatSize(left).padEnd(columns - middle.length)}${middle}`,
    ...key(curves, letters, Math.min(WIDEST, Math.max(NARROWEST, width))),
  ];
}

function isSsd({ family }: Curve): boolean {
  return family.key === "ssd";
}

const KNOWN: Readonly<Record<string, string>> = {
  attention: "A",
  convolution: "C",
  "tensor-scan": "T",
  scan: "M",
  ssd: "S",
  recurrence: "R",
};

/** Capitals, so that the small ones are free for extrapolated points. */
function lettersOf(curves: readonly Curve[]): Map<Curve, string> {
  const taken = new Set(curves.flatMap(({ family }) => KNOWN[family.key] ?? []));
  return new Map(
    curves.map((curve) => {
      const { key, name } = curve.family;
      const wanted = [...name.toUpperCase().replace(/[^A-Z]/g, ""), ..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"];
      const letter = KNOWN[key] ?? wanted.find((one) => !taken.has(one)) ?? "*";
      taken.add(letter);
      return [curve, letter];
    }),
  );
}

function key(curves: readonly Curve[], letters: ReadonlyMap<Curve, string>, width: number): string[] {
  const words = curves.map((curve) => `${letters.get(curve)} ${curve.family.name}`);
  const guess = curves.some((curve) => curve.points.length > measuredOf(curve).length);
  const all = guess ? [...words, "small letters: extrapolated"] : words;
  const lines: string[] = [];
  for (const word of all) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 3 + word.length <= width)
      lines[lines.length - 1] = `${last}   ${word}`;
    else lines.push(word.slice(0, width));
  }
  return lines;
}
