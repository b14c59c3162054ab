/** Millions of problems: blocks of one seed each, every block a `verify` of its own, and what they found together. */
import { z } from "zod";
import type { Failure } from "../replay.js";
import type { TableRow } from "../table.js";
import { LARGEST_SEED } from "../token.js";
import type { Cell } from "./atlas.js";
import { AXES, joined } from "./atlas.js";

/** Long enough that starting engines does not count, short enough that little is lost with one. */
const BLOCK_CASES = 1000;

export interface CampaignBlock {
  readonly index: number;
  readonly seed: number;
  readonly cases: number;
}

/** @throws when seeds would run out */
export function blocksOf(cases: number, seed: number): CampaignBlock[] {
  const count = Math.ceil(cases / BLOCK_CASES);
  if (seed + count - 1 > LARGEST_SEED)
    throw new Error(`${count} blocks from seed ${seed} on go beyond the largest seed, ${LARGEST_SEED}`);
  return Array.from({ length: count }, (_, index) => ({
    index,
    seed: seed + index,
    cases: Math.min(BLOCK_CASES, cases - index * BLOCK_CASES),
  }));
}

/** JSON has no infinities and no NaN: `verify --json` writes them as words. */
const number = z.union([z.number(), z.enum(["NaN", "Infinity", "-Infinity"]).transform(Number)]);
const cellSchema = z.object({
  implementation: z.string(),
  axis: z.enum(AXES),
  bin: z.string(),
  cases: z.number(),
  worst: number,
  token: z.string(),
});
const rowSchema = z.object({
  implementation: z.string(),
  problems: z.number(),
  worst: number,
  median: number,
  tightness: number,
  probableWorst: number,
  checks: z.number(),
  failed: z.number(),
  fitting: z.number().optional(),
});
const blockSchema = z.object({
  checks: z.number(),
  failed: z.number(),
  table: z.array(rowSchema),
  atlas: z.array(cellSchema),
  failures: z.array(
    z.object({ law: z.string(), target: z.string(), counterexample: z.array(z.string()), token: z.string() }),
  ),
  skips: z.record(z.string(), z.number()),
});
export type BlockResult = z.infer<typeof blockSchema>;

/** A block as `verify --json` wrote it; undefined where it is no such document. */
export function parseBlock(text: string): BlockResult | undefined {
  try {
    return blockSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

export interface CampaignResult {
  readonly checks: number;
  readonly failed: number;
  readonly table: readonly TableRow[];
  readonly atlas: readonly Cell[];
  /** The first of each law and implementation. */
  readonly failures: readonly Failure[];
  readonly skips: ReadonlyMap<string, number>;
}

/** Medians are the medians of the blocks' medians: single ratios are not kept. */
export function together(blocks: readonly BlockResult[]): CampaignResult {
  const rows = new Map<string, TableRow[]>();
  const skips = new Map<string, number>();
  const failures = new Map<string, Failure>();
  for (const block of blocks) {
    for (const { fitting, ...row } of block.table) {
      const same = rows.get(row.implementation) ?? [];
      rows.set(row.implementation, [...same, fitting === undefined ? row : { ...row, fitting }]);
    }
    for (const [why, times] of Object.entries(block.skips)) skips.set(why, (skips.get(why) ?? 0) + times);
    for (const failure of block.failures) {
      const key = `${failure.law} ${failure.target}`;
      if (!failures.has(key)) failures.set(key, failure);
    }
  }
  const sum = (of: (block: BlockResult) => number) => blocks.reduce((all, block) => all + of(block), 0);
  return {
    checks: sum(({ checks }) => checks),
    failed: sum(({ failed }) => failed),
    table: [...rows.values()].map(rowOf),
    atlas: joined(blocks.map(({ atlas }) => atlas)),
    failures: [...failures.values()],
    skips,
  };
}

function rowOf(parts: readonly TableRow[]): TableRow {
  const sum = (of: (row: TableRow) => number) => parts.reduce((all, row) => all + of(row), 0);
  const largest = (of: (row: TableRow) => number) => parts.reduce((most, row) => Math.max(most, of(row)), 0);
  const middle = (of: (row: TableRow) => number) => {
    const sorted = parts
      .map(of)
      .filter((value) => !Number.isNaN(value))
      .sort((a, b) => a - b);
    return sorted.length === 0 ? Number.NaN : sorted[sorted.length >> 1];
  };
  return {
    implementation: parts[0].implementation,
    problems: sum(({ problems }) => problems),
    worst: largest(({ worst }) => worst),
    median: middle(({ median }) => median),
    tightness: middle(({ tightness }) => tightness),
    probableWorst: largest(({ probableWorst }) => probableWorst),
    checks: sum(({ checks }) => checks),
    failed: sum(({ failed }) => failed),
    ...(parts[0].fitting === undefined ? {} : { fitting: sum(({ fitting = 0 }) => fitting) }),
  };
}
