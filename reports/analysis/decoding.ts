/** Rows of decode steps as curves over the tokens before them, and over sequences together: one curve an operator, its fastest kernel. */
import type { Row } from "../rows/row.js";
import { type Curve, faster, type Group, groupsOf } from "./curves.js";
import { groupBy } from "./series.js";

/** By what the figure calls the maps that these are steps of, so that a curve looks the same. */
const MAPS: Readonly<Record<string, { readonly key: string; readonly name: string }>> = {
  ssd_decode: { key: "ssd", name: "SSD" },
  selective_scan_decode: { key: "scan", name: "Scan (Mamba-1)" },
  attention_decode: { key: "attention", name: "Attention" },
};

export interface StepCurve {
  readonly family: { readonly key: string; readonly name: string };
  readonly curve: Curve;
}

export interface StepGroup {
  readonly group: Group;
  readonly curves: readonly StepCurve[];
}

/** Groups with a curve, of more than one point, along the axis. */
export function stepGroups(rows: readonly Row[], xKey: "context" | "batch"): StepGroup[] {
  return groupsOf(rows, xKey).flatMap((group) => {
    const drawn = group.curves.filter(({ points }) => points.length > 0);
    const byFamily = groupBy(
      drawn.map((curve) => ({ curve, family: mapOf(curve) })),
      ({ family }) => family.key,
    );
    const curves = [...byFamily.values()].map((rivals) =>
      rivals.reduce((a, b) => (faster(a.curve, b.curve) === a.curve ? a : b)),
    );
    return curves.some(({ curve }) => curve.points.length > 1) ? [{ group, curves }] : [];
  });
}

/** A user's own kernel is a curve of its own. */
function mapOf({ family, rows }: Curve): StepCurve["family"] {
  return (family.own ? undefined : MAPS[rows[0].operator]) ?? family;
}

/** Bytes that a sequence keeps from one token to the next: a state in f32, or the keys and values of the tokens before. */
export function keptBytes({ state, context = 0, heads, headDim, ...row }: Row): number {
  if (state !== undefined) return 4 * heads * headDim * state;
  const { groups = heads, headDimV = headDim, dtype } = row;
  return context * groups * (headDim + headDimV) * (dtype === "f32" ? 4 : 2);
}
