/** SSD's best curve against the best of every other family, within one group: same device, dtype, batch, heads. */
import { bestCurves, type Curve, type Group } from "./curves.js";
import { type Ratio, speedups } from "./speedup.js";

export interface Comparison {
  readonly other: Curve;
  readonly ratios: readonly Ratio[];
}

export function comparisons(group: Group): Comparison[] {
  const curves = bestCurves(group);
  const ssd = curves.find(({ family }) => family.key === "ssd");
  if (!ssd) return [];
  return curves
    .filter((other) => other !== ssd)
    .map((other) => ({ other, ratios: speedups(ssd, other) }))
    .filter(({ ratios }) => ratios.length > 0);
}
