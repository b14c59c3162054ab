/** Rows of whole layers as curves over length, or over the tokens before one: for each kind of layer its fastest kernel, and crossings. */
import type { Row } from "../../rows/row.js";
import { type Curve, faster, groupsOf, measuredOf, type Point } from "../curves.js";
import { groupBy } from "../series.js";

/** Families of the figure by the map inside, so that a curve looks the same. */
const LAYERS: Readonly<Record<string, { readonly key: string; readonly name: string }>> = {
  mamba2_block: { key: "ssd", name: "Mamba-2" },
  mamba1_block: { key: "scan", name: "Mamba-1" },
  attention_block: { key: "attention", name: "Attention" },
};

/** The same by their gradients: steps of training. */
const TRAINED: typeof LAYERS = Object.fromEntries(
  Object.entries(LAYERS).map(([name, layer]) => [`${name}_grad`, layer]),
);

export interface LayerCurve {
  readonly layer: { readonly key: string; readonly name: string };
  readonly curve: Curve;
}

/** Layers of one width on one device. */
export interface LayerGroup {
  readonly first: Row;
  readonly curves: readonly LayerCurve[];
}

/** Steps of training over length. */
export function trainedGroups(rows: readonly Row[]): LayerGroup[] {
  return layerGroups(rows, "length", TRAINED);
}

/**
 * @param xKey length: of a prompt; context: tokens before one that is decoded, which a state's layer does not depend on
 * @param layers names of operators
 */
export function layerGroups(
  rows: readonly Row[],
  xKey: "length" | "context",
  layers: typeof LAYERS = LAYERS,
): LayerGroup[] {
  const isStep = ({ length }: Row) => length === 1;
  const own = rows.filter((row) => row.operator in layers && isStep(row) === (xKey === "context"));
  const groups = groupBy(
    own,
    ({ device, dtype, batch, modelDim }) => `${device} ${dtype} ${batch} ${modelDim}`,
  );
  return [...groups.values()].flatMap((members) => {
    const curves = [...groupBy(members, ({ operator }) => operator)].flatMap(([operator, some]) => {
      // a prompt's context is its length: one axis
      const bare = xKey === "length" ? some.map(({ context: _, ...row }) => row as Row) : some;
      const rivals = groupsOf(bare, xKey).flatMap((group) =>
        group.curves.filter(({ points }) => points.length > 0),
      );
      return rivals.length === 0 ? [] : [{ layer: layers[operator], curve: rivals.reduce(faster) }];
    });
    return curves.length > 0 ? [{ first: members[0], curves }] : [];
  });
}

export interface Crossing {
  /** The layer that takes longer from here on, and the other. */
  readonly slower: string;
  readonly other: string;
  readonly x: number;
  readonly ns: number;
}

/**
 * Where one measured curve passes another, by straight lines through the logarithms of sizes. Sizes at which the intervals of both overlap
 * say nothing of who is faster: the line goes from the last size before them to the first behind.
 */
export function crossingsOf(curves: readonly LayerCurve[]): Crossing[] {
  return curves.flatMap((a, i) => curves.slice(i + 1).flatMap((b) => between(a, b)));
}

function between(a: LayerCurve, b: LayerCurve): Crossing[] {
  const others = new Map(measuredOf(b.curve).map((point) => [point.x, point]));
  const apart = measuredOf(a.curve).flatMap((point) => {
    const { x, ns } = point;
    const other = others.get(x);
    return x === undefined || other === undefined || overlap(point, other)
      ? []
      : [{ x, ns, gap: Math.log(ns / other.ns) }];
  });
  return apart.slice(1).flatMap((after, i) => {
    const before = apart[i];
    if (Math.sign(before.gap) === Math.sign(after.gap)) return [];
    const part = before.gap / (before.gap - after.gap);
    const along = (from: number, to: number) => from * (to / from) ** part;
    const [slower, other] = after.gap > 0 ? [a, b] : [b, a];
    const at = { x: along(before.x, after.x), ns: along(before.ns, after.ns) };
    return [{ slower: slower.layer.name, other: other.layer.name, ...at }];
  });
}

function overlap(a: Point, b: Point): boolean {
  return a.lowNs <= b.highNs && b.lowNs <= a.highNs;
}
