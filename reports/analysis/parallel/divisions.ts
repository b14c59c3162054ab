/**
 * One problem on several processes: how many times as fast as on one, and how fast a small model reckons it to be. Its constants are the
 * run's own: the time on one process, and the latency and rate of a message between two.
 */
import type { Row } from "../../rows/row.js";
import { curveName, groupBy } from "../series.js";

type Timed = Extract<Row, { status: "measured" }>;

export interface Point {
  readonly row: Timed;
  readonly ranks: number;
  /** Time on one process over time on these. */
  readonly speedup: number;
  /** Share of the time that went into calls; undefined where no clock saw it. */
  readonly share: number | undefined;
  /** What the model says; undefined where the run did not measure a link. */
  readonly reckonedNs: number | undefined;
}

export interface Division {
  /** The case without its ranks. */
  readonly key: string;
  readonly one: Timed;
  /** By ranks, one first. */
  readonly points: readonly Point[];
}

export interface Link {
  readonly latencyNs: number;
  readonly bytesPerS: number;
}

/** Cases that one process has run too, by problem and way of dividing it. */
export function divisionsOf(rows: readonly Row[]): Division[] {
  const timed = rows.filter((row): row is Timed => row.status === "measured" && row.ranks !== undefined);
  const problems = groupBy(timed, (row) => curveName(row, "ranks", "passing"));
  return [...problems.values()].flatMap((members) => {
    const one = members.find(({ ranks }) => ranks === 1);
    if (!one) return [];
    const two = members.filter(({ ranks }) => ranks === 2);
    const more = members.filter(({ ranks }) => ranks! > 2);
    const larger = [...groupBy(more, ({ passing = "" }) => passing).values()];
    return (larger.length > 0 ? larger : [[]]).map((way) => {
      const all = [one, ...two, ...way].sort((a, b) => a.ranks! - b.ranks!);
      const key = [curveName(one, "ranks", "passing"), way[0]?.passing].filter(Boolean).join(" passing=");
      return { key, one, points: all.map((row) => pointOf(row, one)) };
    });
  });
}

function pointOf(row: Timed, one: Timed): Point {
  const share = row.details?.communicationShare;
  const link = linkOf(row);
  return {
    row,
    ranks: row.ranks!,
    speedup: one.medianNs / row.medianNs,
    share: row.ranks === 1 ? 0 : typeof share === "number" ? share : undefined,
    reckonedNs: row.ranks === 1 ? one.medianNs : link && reckoned(row, one.medianNs, link, placesOf(row)),
  };
}

/** What a message between two ranks of this row's run took. */
export function linkOf({ details }: Row): Link | undefined {
  const { latencyNs, linkBytesPerS: bytesPerS } = details ?? {};
  return typeof latencyNs === "number" && typeof bytesPerS === "number"
    ? { latencyNs, bytesPerS }
    : undefined;
}

/** Cores or GPUs that ranks share. */
function placesOf({ details, ranks = 1 }: Row): number {
  const { cores, devices } = details ?? {};
  return typeof cores === "number" ? cores : typeof devices === "number" ? devices : ranks;
}

/**
 * The model: work divides among as many ranks as there are places; of messages those on the longest path count, each a latency and its
 * bytes; a sum over N ranks goes round twice, in N parts.
 * @param oneNs time on one process @param places cores or GPUs, on one host or several
 */
export function reckoned(row: Row, oneNs: number, { latencyNs, bytesPerS }: Link, places: number): number {
  const { ranks = 1, passing, details } = row;
  const number = (name: string) => Number(details?.[name] ?? 0);
  const [messages, sums] = [number("messages"), number("sums")];
  const onPath = messages === 0 ? 0 : passing === "tree" ? Math.ceil(Math.log2(ranks)) : ranks - 1;
  const each = messages === 0 ? 0 : number("messageBytes") / messages;
  const time = (calls: number, bytes: number) => calls * latencyNs + (bytes / bytesPerS) * 1e9;
  return (
    oneNs / Math.min(ranks, places) +
    time(onPath, onPath * each) +
    time(2 * (ranks - 1) * sums, (2 * (ranks - 1) * number("summedBytes")) / ranks)
  );
}
