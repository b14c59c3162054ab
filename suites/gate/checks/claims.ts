/**
 * Ratios between implementations of the same run against the committed expectations of `reports/baselines/claims.json`. A claim fails
 * only when every pairing of the two implementations' medians contradicts it, and not every pairing of the base's does.
 */
import { readFileSync } from "node:fs";
import { z } from "zod";
import type { Check } from "../../../reports/gate/verdict.js";
import type { GateCase } from "../cases.js";
import type { Sides } from "../lab.js";
import type { TimedCase } from "./growth.js";

const claimsSchema = z.object({
  version: z.literal(1),
  source: z.string(),
  ratios: z.array(
    z.object({
      claim: z.string(),
      faster: z.string(),
      slower: z.string(),
      /** Dimensions of the one size it speaks of. */
      at: z.record(z.string(), z.number()),
      atLeast: z.number().positive(),
    }),
  ),
  crossovers: z.array(
    z.object({ claim: z.string(), faster: z.string(), slower: z.string(), from: z.number() }),
  ),
});
export type Claims = z.infer<typeof claimsSchema>;

export const NO_CLAIMS: Claims = { version: 1, source: "", ratios: [], crossovers: [] };

/** @throws when the file is missing or not of this form */
export function readClaims(file: string | URL): Claims {
  return claimsSchema.parse(JSON.parse(readFileSync(file, "utf8")));
}

interface Claim {
  readonly claim: string;
  readonly faster: string;
  readonly slower: string;
  readonly atLeast: number;
  /** Whether it speaks of a problem of this size; a dimension that an operator lacks does not count against it. */
  speaksOf(dims: Readonly<Record<string, number>>): boolean;
}

const DEFAULT_STATE = 64;

function allClaims({ ratios, crossovers }: Claims): Claim[] {
  return [
    ...ratios.map(({ at, ...said }) => ({
      ...said,
      speaksOf: (dims: Readonly<Record<string, number>>) =>
        Object.entries(at).every(([key, value]) => dims[key] === undefined || dims[key] === value),
    })),
    ...crossovers.map(({ from, ...said }) => ({
      ...said,
      atLeast: 1,
      speaksOf: ({ length, state = DEFAULT_STATE }: Readonly<Record<string, number>>) =>
        length >= from && state === DEFAULT_STATE,
    })),
  ];
}

/** Names that some claim sets against one of these. */
export function companionsOf(claims: Claims, names: ReadonlySet<string>): Set<string> {
  return new Set(
    allClaims(claims).flatMap(({ faster, slower }) => {
      if (names.has(faster)) return [slower];
      return names.has(slower) ? [faster] : [];
    }),
  );
}

/** Whether some claim needs the time of this case. */
export function isClaimed(claims: Claims, { name, problem }: GateCase): boolean {
  return allClaims(claims).some(
    ({ faster, slower, speaksOf }) => (name === faster || name === slower) && speaksOf(problem.dims),
  );
}

export function claimChecks(claims: Claims, timed: readonly TimedCase[]): Check[] {
  return allClaims(claims).flatMap((claim): Check[] => {
    const of = (name: string) =>
      timed.filter(
        ({ gated, times }) =>
          gated.name === name &&
          claim.speaksOf(gated.problem.dims) &&
          times.head.length * times.base.length > 0,
      );
    const pairs = of(claim.faster).flatMap((fast) =>
      of(claim.slower).flatMap((slow) =>
        fast.gated.problem.dims.length === slow.gated.problem.dims.length ? [{ fast, slow }] : [],
      ),
    );
    return pairs.map(({ fast, slow }) => {
      const { best, least } = spread(fast.times.head, slow.times.head);
      const base = spread(fast.times.base, slow.times.base);
      const status = best >= claim.atLeast ? "pass" : base.best < claim.atLeast ? "known" : "fail";
      const detail =
        `${claim.slower} takes ${least.toFixed(2)} to ${best.toFixed(2)} times as long ` +
        `at length ${fast.gated.problem.dims.length}, expected at least ${claim.atLeast}`;
      return { name: "claims", what: claim.claim, status, detail };
    });
  });
}

/** Largest and smallest ratio that two sets of medians allow. */
function spread(fast: Sides<number[]>["head"], slow: readonly number[]): { best: number; least: number } {
  return {
    best: Math.max(...slow) / Math.min(...fast),
    least: Math.min(...slow) / Math.max(...fast),
  };
}
