/**
 * The speed claims of the Mamba-2 paper against this run. A claim holds when the whole 95% interval meets it, does not hold when the
 * whole interval misses it, and is not measured here when a size or a curve is missing or the interval lies on both sides.
 */
import { formatRatio, formatSize } from "../format.js";
import type { Row } from "../rows/row.js";
import { bestCurves, type Curve, type Group, groupsOf } from "./curves.js";
import { growthOf } from "./growth.js";
import { type Ratio, ratioInterval, speedups } from "./speedup.js";

export type ClaimVerdict = "holds" | "does not hold" | "not measured here";

export interface ClaimResult {
  readonly claim: string;
  /** Where the paper says it. */
  readonly source: string;
  readonly verdict: ClaimVerdict;
  /** Words for the table; empty where nothing was measured. */
  readonly measured: string;
  readonly interval: string;
  /** On what, or why not. */
  readonly note: string;
}

interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

interface Finding {
  readonly found: Interval;
  readonly note: string;
  readonly unit: "x" | "exponent";
}

interface Claim {
  readonly claim: string;
  readonly source: string;
  /** What the measured number must be. */
  readonly atLeast?: number;
  readonly atMost?: number;
  /** A sentence where it cannot be said. */
  measure(rows: Panels): Finding | string;
}

/** Whether a run asked what the claims are about: of other suites they would only say that nothing was measured. */
export function asksThePaper(rows: readonly Row[]): boolean {
  return rows.some(({ suite }) => suite === "sequence-length" || suite === "state-size");
}

/** The groups that the claims are about: the ones with most curves. */
interface Panels {
  readonly length: Group | undefined;
  readonly state: Group | undefined;
}

const CLAIMS: readonly Claim[] = [
  {
    claim: "SSD is at least 2x as fast as the Mamba-1 scan (the paper: 2 to 8x)",
    source: "section 1; section 9.3, Figure 10",
    atLeast: 2,
    measure: ({ length }) => atLargest(length, "scan"),
  },
  {
    claim: "SSD is faster than attention at 2K tokens",
    source: "section 1; section 9.3, Figure 10 left",
    atLeast: 1,
    measure: ({ length }) => at(length, "attention", 2048),
  },
  {
    claim: "SSD is at least 6x as fast as attention at 16K tokens",
    source: "section 1",
    atLeast: 6,
    measure: ({ length }) => at(length, "attention", 16384),
  },
  {
    claim: "SSD's time grows in proportion to length (exponent at most 1.1)",
    source: "section 6",
    atMost: 1.1,
    measure: ({ length }) => growth(length, "ssd"),
  },
  {
    claim: "Attention's time grows with the square of length (exponent at least 1.8)",
    source: "section 9.3, Figure 10 left",
    atLeast: 1.8,
    measure: ({ length }) => growth(length, "attention"),
  },
  {
    claim: "SSD takes an 8x larger state, 16 to 128, with minimal slowdown (at most 2x the time)",
    source: "section 1; section 9.3, Figure 10 right",
    atMost: 2,
    measure: ({ state }) => slowdown(state, "ssd", 16, 128),
  },
  {
    claim: "The Mamba-1 scan's time grows in proportion to the state, 16 to 128 (at least 4x the time)",
    source: "section 9.3, Figure 10 right",
    atLeast: 4,
    measure: ({ state }) => slowdown(state, "scan", 16, 128),
  },
  {
    claim: "SSD is at least 7x as fast as the Mamba-1 scan at state 64",
    source: "Figure 10 right, read off the picture",
    atLeast: 7,
    measure: ({ state }) => at(state, "scan", 64),
  },
  {
    claim: "SSD is at least 11x as fast as the Mamba-1 scan at state 256",
    source: "Figure 10 right, read off the picture",
    atLeast: 11,
    measure: ({ state }) => at(state, "scan", 256),
  },
];

export function claimResults(rows: readonly Row[]): ClaimResult[] {
  const of = (suite: string) => rows.filter((row) => row.suite === suite);
  const panels = {
    length: groupsOf(of("sequence-length"), "length")[0],
    state: groupsOf(of("state-size"), "state")[0],
  };
  return CLAIMS.map((one) => judged(one, one.measure(panels)));
}

function judged(
  { claim, source, atLeast = 0, atMost = Number.POSITIVE_INFINITY }: Claim,
  found: Finding | string,
): ClaimResult {
  if (typeof found === "string")
    return { claim, source, verdict: "not measured here", measured: "", interval: "", note: found };
  const { value, low, high } = found.found;
  const say = (number: number) => (found.unit === "x" ? formatRatio(number) : number.toFixed(2));
  const isMet = low >= atLeast && high <= atMost;
  const isMissed = high < atLeast || low > atMost;
  const verdict = isMet ? "holds" : isMissed ? "does not hold" : "not measured here";
  const both = isMet || isMissed ? "" : "; the interval lies on both sides of the claim";
  const interval = `${say(low)} to ${say(high)}`;
  return { claim, source, verdict, measured: say(value), interval, note: `${found.note}${both}` };
}

const NAMES = { ssd: "SSD", scan: "the Mamba-1 scan", attention: "attention" } as const;
type Known = keyof typeof NAMES;

function curveOf(group: Group | undefined, family: Known): Curve | string {
  const curve = group && bestCurves(group).find(({ family: { key } }) => key === family);
  const measured = curve?.points.some((point) => point.measured);
  return curve && measured ? curve : `${NAMES[family]} was not measured`;
}

function ratiosOf(group: Group | undefined, other: Known): readonly Ratio[] | string {
  const [ssd, theirs] = [curveOf(group, "ssd"), curveOf(group, other)];
  if (typeof ssd === "string") return ssd;
  if (typeof theirs === "string") return theirs;
  const ratios = speedups(ssd, theirs);
  return ratios.length > 0 ? ratios : `SSD and ${NAMES[other]} share no measured size`;
}

function at(group: Group | undefined, other: Known, size: number): Finding | string {
  const ratios = ratiosOf(group, other);
  if (typeof ratios === "string") return ratios;
  const found = ratios.find(({ x }) => x === size);
  if (!found) return `SSD and ${NAMES[other]} were not both measured at ${formatSize(size)}`;
  return fromRatio(group!, found);
}

function atLargest(group: Group | undefined, other: Known): Finding | string {
  const ratios = ratiosOf(group, other);
  return typeof ratios === "string" ? ratios : fromRatio(group!, ratios.at(-1)!);
}

function fromRatio(group: Group, { x, ratio, low, high }: Ratio): Finding {
  const size = group.xKey === "length" ? `${formatSize(x)} tokens` : `state ${x}`;
  return { found: { value: ratio, low, high }, note: `at ${size}, ${where(group)}`, unit: "x" };
}

function growth(group: Group | undefined, family: Known): Finding | string {
  const curve = curveOf(group, family);
  if (typeof curve === "string") return curve;
  const fit = growthOf(curve);
  if (!fit) return `${NAMES[family]} was measured at fewer than three sizes`;
  const { exponent: value, low, high, from, to } = fit;
  const note = `${formatSize(from)} to ${formatSize(to)} tokens, ${where(group!)}`;
  return { found: { value, low, high }, note, unit: "exponent" };
}

function slowdown(group: Group | undefined, family: Known, from: number, to: number): Finding | string {
  const curve = curveOf(group, family);
  if (typeof curve === "string") return curve;
  const [small, large] = [from, to].map((size) =>
    curve.points.find(({ x, measured }) => measured && x === size),
  );
  if (!small || !large) return `${NAMES[family]} was not measured at states ${from} and ${to}`;
  const { ratio, ...ends } = ratioInterval(small, large);
  return {
    found: { value: ratio, ...ends },
    note: `time at state ${to} over state ${from}, ${where(group!)}`,
    unit: "x",
  };
}

function where({ device, dtype }: Group): string {
  return `${device}, ${dtype}`;
}
