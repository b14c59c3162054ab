/** Axes that we lay out ourselves: labels at line ends need pixels before Vega has drawn anything. */

export interface Axis {
  readonly kind: "log" | "linear";
  readonly domain: readonly [number, number];
  readonly ticks: readonly number[];
  /** What stands at a tick, where that is not the number. */
  name?(tick: number): string;
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

/** Log axis with every eighth power of two: bytes are counted by 1,024. */
export function bytesAxis(bytes: readonly number[]): Axis {
  const [first, last] = [Math.floor(Math.log2(Math.min(...bytes))), Math.ceil(Math.log2(Math.max(...bytes)))];
  return sizeAxis(Array.from({ length: Math.ceil((last - first) / 3) + 1 }, (_, i) => 2 ** (first + 3 * i)));
}

/** Log axis from one whole decade to another, with only decades as ticks. */
export function decadeAxis(values: readonly number[]): Axis {
  const finite = values.filter((value) => value > 0 && Number.isFinite(value));
  const low = Math.floor(Math.log10(Math.min(...finite) / 1.15));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...finite) * 1.15)));
  const ticks = Array.from({ length: high - low + 1 }, (_, i) => Number(`1e${low + i}`));
  return axis("log", [ticks[0], ticks[high - low]], ticks);
}

/** Ticks for ratios, closer about 1 the narrower they must be. */
const RATIO_TICKS = [
  [0.8, 0.9, 0.95, 1, 1.05, 1.1, 1.25],
  [0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.3, 1.4, 1.5],
  [0.5, 0.65, 0.8, 1, 1.25, 1.5, 2],
  [0.1, 0.25, 0.5, 1, 2, 4, 10],
];

/** Log axis about 1 that holds all values. */
export function ratioAxis(values: readonly number[]): Axis {
  const low = Math.min(0.97, ...values) / 1.02;
  const high = Math.max(1.03, ...values) * 1.02;
  const fits = (ticks: readonly number[]) => ticks[0] <= low && ticks.at(-1)! >= high;
  const ticks = RATIO_TICKS.find(fits);
  if (!ticks) return logAxis([1, ...values]);
  return axis(
    "log",
    [low, high],
    ticks.filter((tick) => tick >= low && tick <= high),
  );
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
