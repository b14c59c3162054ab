/** What packed documents cost: the time of a row cut into documents over the time of the same row as one sequence. */

import type { Row } from "../rows/row.js";
import { type Family, familyOf } from "./families.js";
import { curveName, groupBy } from "./series.js";
import { ratioInterval } from "./speedup.js";

type Measured = Extract<Row, { status: "measured" }>;

export interface PackedPoint {
  readonly documents: number;
  /** Time packed over time unpacked: 1 where packing costs nothing. */
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
  readonly row: Measured;
}

export interface PackedCurve {
  readonly family: Family;
  /** The implementation, with its options. */
  readonly name: string;
  /** even, skewed: how the row is cut. */
  readonly packing: string;
  readonly unpacked: Measured;
  /** In order of the number of documents. */
  readonly points: readonly PackedPoint[];
}

/** Of each family on a device and in a dtype the implementation that is fastest unpacked, a curve for each way to pack. */
export function packedCurves(rows: readonly Row[]): PackedCurve[] {
  const measured = rows.filter((row): row is Measured => row.status === "measured");
  const implementations = [
    ...groupBy(measured, (row) => `${curveName(row, "documents")} on ${row.device}`).values(),
  ];
  const whole = implementations.flatMap((members) => {
    const unpacked = members.find((row) => row.documents === undefined);
    return unpacked && members.length > 1 ? [{ unpacked, members }] : [];
  });
  const families = groupBy(whole, ({ unpacked: row }) => `${familyOf(row).key} ${row.device} ${row.dtype}`);
  return [...families.values()].flatMap((rivals) => {
    const { unpacked, members } = rivals.reduce((best, one) =>
      one.unpacked.medianNs < best.unpacked.medianNs ? one : best,
    );
    const packed = members.flatMap((row) => {
      const [, packing, count] = /^([a-z]+)-(\d+)$/.exec(row.documents ?? "") ?? [];
      return packing ? [{ packing, point: pointOf(unpacked, row, Number(count)) }] : [];
    });
    return [...groupBy(packed, ({ packing }) => packing)].map(([packing, cuts]) => ({
      family: familyOf(unpacked),
      name: curveName(
        unpacked,
        "batch",
        "length",
        "heads",
        "groups",
        "headDim",
        "state",
        "dtype",
        "documents",
      ),
      packing,
      unpacked,
      points: cuts.map(({ point }) => point).sort((a, b) => a.documents - b.documents),
    }));
  });
}

function pointOf(unpacked: Measured, row: Measured, documents: number): PackedPoint {
  const timed = ({ medianNs: ns, ci95LowNs: lowNs, ci95HighNs: highNs }: Measured) => ({ ns, lowNs, highNs });
  return { documents, row, ...ratioInterval(timed(unpacked), timed(row)) };
}
