/** Which rows belong together: the axis of a suite, and the rows of one implementation along it. */
import { type IdKey, keyWords, parseCaseId } from "../rows/case-id.js";
import type { Row } from "../rows/row.js";

/** An axis: a numeric key of the rows. */
export type XKey = Extract<
  IdKey,
  "length" | "state" | "batch" | "heads" | "headDim" | "chunk" | "threads" | "context"
>;

const X_KEYS: readonly XKey[] = [
  "length",
  "state",
  "batch",
  "heads",
  "headDim",
  "chunk",
  "threads",
  "context",
];

/** What a suite's name promises. */
const PROMISED: Readonly<Record<string, XKey>> = {
  "sequence-length": "length",
  "state-size": "state",
  models: "heads",
  decode: "context",
  chunks: "chunk",
};

/** The axis of a suite: the key that its name promises, else the one with most values. */
export function xKeyOf(suite: string, rows: readonly Row[]): XKey {
  if (Object.hasOwn(PROMISED, suite)) return PROMISED[suite];
  const distinct = (key: XKey) => new Set(rows.flatMap((row) => row[key] ?? [])).size;
  return X_KEYS.reduce((best, key) => (distinct(key) > distinct(best) ? key : best));
}

/** The case id without the axis, plus the device by name: two machines never share a curve. */
export function seriesKey(row: Row, ...axes: readonly IdKey[]): string {
  return `${curveName(row, ...axes)} on ${row.device}`;
}

/** The case id without these keys: the same on every machine. */
export function curveName({ id }: Row, ...without: readonly IdKey[]): string {
  const { name, keys } = parseCaseId(id);
  const dropped: readonly string[] = without;
  return [name, ...keyWords([...keys].filter(([key]) => !dropped.includes(key)))].join(" ");
}

/**
 * Rows by series. An implementation that chooses its chunk by size is one series: chunks part a curve only where one size was run
 * with several.
 */
export function seriesOf(rows: readonly Row[], xKey: XKey): Map<string, Row[]> {
  const series = new Map<string, Row[]>();
  const family = (row: Row) => seriesKey(row, xKey, "chunk");
  for (const [key, members] of groupBy(rows, family)) {
    const chunks = new Map<number | undefined, number | undefined>();
    const isOne = members.every((row) => {
      const x = row[xKey];
      if (!chunks.has(x)) chunks.set(x, row.chunk);
      return chunks.get(x) === row.chunk;
    });
    if (xKey === "chunk" || isOne) series.set(key, members);
    else for (const [own, some] of groupBy(members, (row) => seriesKey(row, xKey))) series.set(own, some);
  }
  return series;
}

/** Chunk lengths of a series, e.g. "12" or "12 or 24"; undefined where there is none. */
export function chunksOf(rows: readonly Row[]): string | undefined {
  const chunks = [...new Set(rows.flatMap(({ chunk }) => chunk ?? []))].sort((a, b) => a - b);
  return chunks.length === 0 ? undefined : chunks.join(" or ");
}

export function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const name = key(item);
    const group = groups.get(name);
    if (group) group.push(item);
    else groups.set(name, [item]);
  }
  return groups;
}
