/** The one place that scales base units for people. Rows, specs and CSV keep base units. */

const UNITS = [
  { ns: 1, unit: "ns" },
  { ns: 1e3, unit: "us" },
  { ns: 1e6, unit: "ms" },
  { ns: 1e9, unit: "s" },
] as const;

const formats = new Map<string, Intl.NumberFormat>();

/** Building one takes far longer than using it. */
function format(minimumSignificantDigits: number, maximumSignificantDigits: number): Intl.NumberFormat {
  const key = `${minimumSignificantDigits} ${maximumSignificantDigits}`;
  const known = formats.get(key);
  if (known) return known;
  const made = new Intl.NumberFormat("en-US", { minimumSignificantDigits, maximumSignificantDigits });
  formats.set(key, made);
  return made;
}

/** Significant digits without an exponent or trailing zeros: 0.0123, 1.2, 123, 1,230. */
export function formatNumber(value: number, digits = 3): string {
  return isPlain(value) ? format(1, digits).format(value) : odd(value, digits);
}

/** With trailing zeros: 1.20 says that the third digit was measured. */
function exactly(value: number, digits: number): string {
  return isPlain(value) ? format(digits, digits).format(value) : odd(value, digits);
}

/** Beyond this, and below, a number of all its digits is no longer read. */
function isPlain(value: number): boolean {
  const magnitude = Math.abs(value);
  return magnitude < 1e15 && (magnitude >= 1e-9 || value === 0);
}

function odd(value: number, digits: number): string {
  return Number.isFinite(value) ? value.toExponential(digits - 1) : String(value);
}

/** A duration in the unit that leaves one to three digits before the point: "2.13 ms". */
export function formatDuration(ns: number): string {
  const magnitude = Math.abs(ns);
  const { ns: scale, unit } = UNITS.findLast((u) => magnitude >= u.ns * 0.9995) ?? UNITS[0];
  return ns === 0 ? `0 ${unit}` : `${exactly(ns / scale, 3)} ${unit}`;
}

/** Two ends of an interval in the unit of the larger: "2.10 to 2.16 ms" reads without arithmetic. */
export function formatInterval(lowNs: number, highNs: number): string {
  const { ns: scale, unit } = UNITS.findLast((u) => Math.abs(highNs) >= u.ns * 0.9995) ?? UNITS[0];
  const digits = Math.abs(highNs - lowNs) < 0.005 * Math.abs(highNs) ? 4 : 3;
  return `${exactly(lowNs / scale, digits)} to ${exactly(highNs / scale, digits)} ${unit}`;
}

/** A tick of an axis whose title says ms. */
export function formatMilliseconds(ns: number): string {
  return formatNumber(ns / 1e6, 6);
}

/** A length as the papers write it: 512, 4K, 512K (K = 1024); other numbers plainly. */
export function formatSize(count: number): string {
  if (count >= 1024 && count % 1024 === 0) {
    return count >= 1024 ** 2 && count % 1024 ** 2 === 0 ? `${count / 1024 ** 2}M` : `${count / 1024}K`;
  }
  return String(count);
}

/** A ratio of two times: "4.37x". */
export function formatRatio(ratio: number): string {
  // an interval of a clock too coarse to bound it
  return ratio === Number.POSITIVE_INFINITY ? "no end" : `${exactly(ratio, 3)}x`;
}

const BINARY = ["B", "KiB", "MiB", "GiB", "TiB"];

export function formatBytes(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(BINARY.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${formatNumber(bytes / 1024 ** power)} ${BINARY[power]}`;
}

const DECIMAL = ["", "k", "M", "G", "T", "P"];

/** A rate: formatRate(4.5e10, "FLOP/s") is "45 GFLOP/s". */
export function formatRate(perS: number, unit: string): string {
  const power = perS < 1 ? 0 : Math.min(DECIMAL.length - 1, Math.floor(Math.log10(perS * (1 + 1e-12)) / 3));
  return `${formatNumber(perS / 1000 ** power)} ${DECIMAL[power]}${unit}`;
}

/** "1 case", "2 cases". */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** Cuts in the middle: both ends of an id or a device name tell it apart. */
export function shorten(text: string, length: number): string {
  if (text.length <= length) return text;
  if (length <= 1) return "…".slice(0, length);
  const head = Math.ceil((length - 1) * 0.6);
  return `${text.slice(0, head)}…${text.slice(text.length - (length - 1 - head))}`;
}
