/** Rows of one layer's head patterns and feature maps: what each costs beside Mamba's own, by the fastest kernel that ran most of them. */
import type { Measured, Row } from "../../rows/row.js";
import { groupBy, seriesKey } from "../series.js";

export interface Variant {
  /** Of the pattern or the map, as ids have it. */
  readonly name: string;
  readonly row: Measured;
}

/** Layers of one width and length on one device, by one implementation. */
export interface HeadGroup {
  readonly first: Measured;
  readonly patterns: readonly Variant[];
  readonly features: readonly Variant[];
}

export function headGroups(rows: readonly Row[]): HeadGroup[] {
  const measured = rows.flatMap((row) => (row.status === "measured" ? [row] : []));
  const groups = groupBy(
    measured,
    ({ device, dtype, batch, modelDim, length }) => `${device} ${dtype} ${batch} ${modelDim} ${length}`,
  );
  return [...groups.values()].map((members) => {
    const rivals = [...groupBy(members, (row) => seriesKey(row, "groups", "pattern", "features")).values()];
    const chosen = rivals.reduce((best, other) => (stands(other, best) ? other : best));
    const isMap = ({ features }: Measured) => features !== undefined;
    // Mamba's own is one of both
    const own = chosen.filter((row) => patternOf(row) === "multi-value" && !isMap(row));
    return {
      first: chosen[0],
      patterns: chosen
        .filter((row) => !isMap(row))
        .map((row) => ({ name: patternOf(row), row }))
        .toSorted((a, b) => PATTERNS.indexOf(a.name) - PATTERNS.indexOf(b.name)),
      features: [
        ...own.map((row) => ({ name: "silu", row })),
        ...chosen.filter(isMap).map((row) => ({ name: row.features!, row })),
      ],
    };
  });
}

/** From one pair of B and C for all heads to one for each. */
const PATTERNS = ["multi-value", "multi-query", "multi-key", "multi-head"];

function patternOf({ pattern, groups, heads }: Measured): string {
  return pattern ?? (groups === heads && heads !== 1 ? "multi-head" : "multi-value");
}

/** Whether these rows stand for all rather than those. */
function stands(these: readonly Measured[], those: readonly Measured[]): boolean {
  if (these.length !== those.length) return these.length > those.length;
  const total = (rows: readonly Measured[]) => rows.reduce((sum, { medianNs }) => sum + medianNs, 0);
  return total(these) < total(those);
}
