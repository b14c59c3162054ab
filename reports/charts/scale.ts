/** Axes that we lay out ourselves: labels at line ends need pixels before Vega has drawn anything. */

export interface Axis {
  readonly kind: "log" | "linear";
  readonly domain: readonly [number, number];
  readonly ticks: readonly number[];
  /** Distance in pixels from the axis' start, for a plot that is `size` pixels long. */
  at(value: number, size: number): number;
}

/** Log axis over powers of two (lengths): every value a tick, a third of an octave of air; linear where a size is zero. */
export function sizeAxis(values: readonly number[]): Axis {
  if (values.some((value) => value <= 0)) return linearSizeAxis(values);
  const ticks = [...new Set(values)].sort((a, b) => a - b);
  const [low, high] = [ticks[0] ?? 1, ticks.at(-1) ?? 1];
  const air = low === high ? 2 : 2 ** 0.35;
  return axis("log", [low / air, high * air], ticks);
}

/** Linear axis from zero with the given values as its ticks, at their linear places. */
export function linearSizeAxis(values: readonly number[]): Axis {
  const ticks = [...new Set(values)].sort((a, b) => a - b);
  return axis("linear", [0, (ticks.at(-1) || 1) * 1.03], ticks);
}

/** Log axis over times: decades, or 1-2-5 steps where the data span less than two. */
export function logAxis(values: readonly number[]): Axis {
  const finite = values.filter((value) => value > 0 && Number.isFinite(value));
  if (finite.length === 0) return axis("log", [1e5, 1e8], [1e5, 1e6, 1e7, 1e8]);
  const low = finite.reduce((least, value) => Math.min(least, value)) / 1.15;
  const high = finite.reduce((most, value) => Math.max(most, value)) * 1.15;
  const steps: number[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
    for (const digit of [1, 2, 5]) steps.push(digit * 10 ** power);
  }
  const domain: [number, number] = [steps.findLast((s) => s <= low)!, steps.find((s) => s >= high)!];
  const inside = steps.filter((step) => step >= domain[0] && step <= domain[1]);
  const decades = inside.filter((step) => Math.abs(Math.log10(step) - Math.round(Math.log10(step))) < 1e-9);
  return axis("log", domain, decades.length >= 3 ? decades : inside);
}

/** Linear axis from zero, with four to seven round ticks. */
export function linearAxis(values: readonly number[]): Axis {
  const top = values.filter(Number.isFinite).reduce((most, value) => Math.max(most, value), 0) * 1.06 || 1;
  const rough = top / 7;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((digit) => digit * power).find((s) => s >= rough)!;
  const ticks = Array.from({ length: Math.floor(top / step) + 1 }, (_, i) => i * step);
  return axis("linear", [0, top], ticks);
}

function axis(kind: Axis["kind"], domain: readonly [number, number], ticks: readonly number[]): Axis {
  const f = kind === "log" ? Math.log : (value: number) => value;
  const [start, end] = domain.map(f);
  return { kind, domain, ticks, at: (value, size) => ((f(value) - start) / (end - start)) * size };
}
