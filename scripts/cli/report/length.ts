/** Lengths as typesetters write them. */
const POINTS = { in: 72, mm: 72 / 25.4, cm: 72 / 2.54, pt: 1 } as const;

/** In points (1/72 in), to a thousandth; undefined for what is no length with a unit. */
export function inPoints(text: string): number | undefined {
  const [, number, unit] = /^(\d+(?:\.\d+)?) ?(in|mm|cm|pt)$/.exec(text.trim()) ?? [];
  if (unit === undefined) return undefined;
  return Math.round(1000 * Number(number) * POINTS[unit as keyof typeof POINTS]) / 1000;
}
