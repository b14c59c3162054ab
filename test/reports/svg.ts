/** Where the words of an SVG of Vega stand: boxes in pixels of the picture, from the font's own widths. */
import { textWidth } from "../../reports/charts/font.js";

export interface Words {
  readonly text: string;
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
}

type Matrix = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

/** Height of a line over its baseline and below it, in shares of the font's size. */
const RISE = 0.74;
const FALL = 0.2;

interface Open {
  readonly matrix: Matrix;
  /** Of the text element, which its lines share. */
  readonly attributes: string;
  /** How far its lines have come down. */
  down: number;
}

/** Every line of every text element; one that is drawn twice (a halo below it) counts once. */
export function wordsOf(svg: string): Words[] {
  const found = new Map<string, Words>();
  const stack: Open[] = [{ matrix: [1, 0, 0, 1, 0, 0], attributes: "", down: 0 }];
  for (const [, close, name, attributes, empty, text] of svg.matchAll(
    /<(\/?)([a-zA-Z]+)([^>]*?)(\/?)>([^<]*)/g,
  )) {
    if (close) {
      stack.pop();
      continue;
    }
    const parent = stack.at(-1)!;
    const isLine = name === "tspan";
    if (isLine) parent.down += Number(/ dy="([^"]*)"/.exec(attributes)?.[1] ?? 0);
    const matrix = isLine
      ? times(parent.matrix, [1, 0, 0, 1, 0, parent.down])
      : times(parent.matrix, transformOf(attributes));
    const own = isLine ? parent.attributes : attributes;
    if (!empty) stack.push({ matrix, attributes: own, down: 0 });
    const words = text.replace(/&(\w+);/g, (whole, entity) => ENTITIES[entity] ?? whole).trim();
    if ((name !== "text" && !isLine) || words === "") continue;
    const box = boxOf(words, own, matrix);
    found.set(JSON.stringify(box), box);
  }
  return [...found.values()];
}

/** Width and height of the picture, and where it begins. */
export function pageOf(svg: string): { x: number; y: number; width: number; height: number } {
  const [x, y, width, height] = /viewBox="([^"]+)"/.exec(svg)![1].split(" ").map(Number);
  return { x, y, width, height };
}

export function overlapping(words: readonly Words[]): [string, string][] {
  return words.flatMap((a, i) =>
    words
      .slice(i + 1)
      .filter((b) => a.x1 < b.x2 && b.x1 < a.x2 && a.y1 < b.y2 && b.y1 < a.y2)
      .map((b): [string, string] => [a.text, b.text]),
  );
}

function boxOf(text: string, attributes: string, matrix: Matrix): Words {
  const of = (key: string) => new RegExp(` ${key}="([^"]*)"`).exec(attributes)?.[1];
  const size = Number.parseFloat(of("font-size") ?? "11");
  const width = textWidth(text, size, of("font-weight") === "bold");
  const anchor = of("text-anchor");
  const left = anchor === "end" ? -width : anchor === "middle" ? -width / 2 : 0;
  const corners = [
    [left, -RISE * size],
    [left + width, -RISE * size],
    [left, FALL * size],
    [left + width, FALL * size],
  ].map(([x, y]) => [matrix[0] * x + matrix[2] * y + matrix[4], matrix[1] * x + matrix[3] * y + matrix[5]]);
  const [xs, ys] = [corners.map(([x]) => x), corners.map(([, y]) => y)];
  return { text, x1: Math.min(...xs), x2: Math.max(...xs), y1: Math.min(...ys), y2: Math.max(...ys) };
}

function transformOf(attributes: string): Matrix {
  const whole = / transform="([^"]*)"/.exec(attributes)?.[1] ?? "";
  let matrix: Matrix = [1, 0, 0, 1, 0, 0];
  for (const [, kind, list] of whole.matchAll(/(\w+)\(([^)]*)\)/g)) {
    const [a, b = 0] = list.split(/[ ,]+/).map(Number);
    if (kind === "translate") matrix = times(matrix, [1, 0, 0, 1, a, b]);
    else if (kind === "rotate") {
      const [sin, cos] = [Math.sin((a * Math.PI) / 180), Math.cos((a * Math.PI) / 180)];
      matrix = times(matrix, [cos, sin, -sin, cos, 0, 0]);
    } else throw new Error(`unknown transform ${kind}`);
  }
  return matrix;
}

function times(a: Matrix, b: Matrix): Matrix {
  return [
    a[0] * b[0] + a[2] * b[1],
    a[1] * b[0] + a[3] * b[1],
    a[0] * b[2] + a[2] * b[3],
    a[1] * b[2] + a[3] * b[3],
    a[0] * b[4] + a[2] * b[5] + a[4],
    a[1] * b[4] + a[3] * b[5] + a[5],
  ];
}
