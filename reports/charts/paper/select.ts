/** Which curves a figure shows: families by their fastest implementation, anything else as a part of the case id. */
import { bestCurves, type Curve, type Group } from "../../analysis/curves.js";
import { FAMILIES, type Family, familyOf } from "../../analysis/families.js";
import type { Row } from "../../rows/row.js";
import type { DrawnCurve } from "../panel/drawn.js";
import { drawnTime } from "../panel/drawn.js";

/** A wish that no row meets, in one sentence. */
export class NoSuchCurve extends Error {
  override readonly name = "NoSuchCurve";
}

/** The words of one `--curves`: all must occur. */
function wordsOf(wish: string): string[] {
  return wish.toLowerCase().split(/\s+/).filter(Boolean);
}

function namesFamily(wish: string, { key, name }: Family): boolean {
  const word = wish.toLowerCase();
  return word === key.toLowerCase() || word === name.toLowerCase();
}

function fits(wish: string, row: Row): boolean {
  const id = `${row.id} on ${row.device}`.toLowerCase();
  return namesFamily(wish, familyOf(row)) || wordsOf(wish).every((word) => id.includes(word));
}

/** A word that is a family's name means the family, not every id with these letters in it. */
function isFamily(wish: string, rows: readonly Row[]): boolean {
  const known = FAMILIES.some((family) => namesFamily(wish, family));
  return known || rows.some((row) => namesFamily(wish, familyOf(row)));
}

/** The rows that some wish asks for; all of them without a wish. @throws NoSuchCurve */
export function keepCurves(rows: readonly Row[], wishes: readonly string[]): Row[] {
  if (wishes.length === 0) return [...rows];
  const asked = wishes.map((wish) => {
    const found = isFamily(wish, rows)
      ? rows.filter((row) => namesFamily(wish, familyOf(row)))
      : rows.filter((row) => fits(wish, row));
    if (found.length > 0) return found;
    const known = [...new Set(rows.map((row) => familyOf(row).key))].join(", ");
    throw new NoSuchCurve(`no curve is "${wish}": there are ${known}, or give a part of a case id`);
  });
  const kept = new Set(asked.flat());
  return rows.filter((row) => kept.has(row));
}

/**
 * The curves of a panel in the order of the wishes. A family gives its best; other wishes give every implementation they match, each
 * with a style of its own.
 * @param usual families without a wish; users' own kernels are always among them
 */
export function chosenCurves(
  group: Group,
  wishes: readonly string[],
  usual: readonly string[] | undefined,
): DrawnCurve[] {
  const best = bestCurves(group);
  if (wishes.length === 0) {
    const isUsual = ({ family }: Curve) => !usual || usual.includes(family.key) || family.own === true;
    return best.filter(isUsual).map(drawnTime);
  }
  const all = group.curves.filter(({ points }) => points.length > 0);
  const chosen = wishes.flatMap((wish) => {
    const family = all.filter((curve) => namesFamily(wish, curve.family));
    if (family.length === 0) return all.filter((curve) => fits(wish, curve.rows[0]));
    // a family of the small panels has no best curve
    return best
      .filter((curve) => family.includes(curve))
      .concat(best.some((c) => family.includes(c)) ? [] : family);
  });
  return distinct([...new Set(chosen)]);
}

/** Where a family has several curves, they are named by what they are, and all but the first get a style of their own. */
function distinct(curves: readonly Curve[]): DrawnCurve[] {
  return curves.map((curve, i) => {
    const drawn = drawnTime(curve);
    const same = (other: Curve) => other.family.key === curve.family.key;
    if (curves.filter(same).length === 1) return drawn;
    const place = curves.slice(0, i).filter(same).length;
    return {
      ...drawn,
      name: `${curve.rows[0].operator}/${curve.implementation}`,
      family: place === 0 ? drawn.family : `${drawn.family} ${place}`,
    };
  });
}
