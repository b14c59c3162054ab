/** What somebody may have meant. */

/** The one with the fewest letters to change; the first of several. */
export function nearest(wanted: string, known: readonly string[]): string {
  const far = known.map((one) => distance(wanted.toLowerCase(), one.toLowerCase()));
  return known[far.indexOf(Math.min(...far))];
}

/** By ratio, as sizes go. */
export function nearestNumber(wanted: number, known: readonly string[]): string {
  const far = known.map((one) => Math.abs(Math.log(Math.max(Number(one), 0.5) / Math.max(wanted, 0.5))));
  const numbers = far.map((one) => (Number.isNaN(one) ? Number.POSITIVE_INFINITY : one));
  return known[numbers.indexOf(Math.min(...numbers))];
}

/** Letters to insert, delete or replace, and neighbours to swap (optimal string alignment). */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = last[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(last[j] + 1, row[j - 1] + 1, replaced));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        row[j] = Math.min(row[j], before[j - 2] + 1);
    }
    [before, last] = [last, row];
  }
  return last[b.length];
}
