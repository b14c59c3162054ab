/** NaN and infinities: how far they go beyond the outputs that read them. `verify` holds each implementation to what it declares. */
import type { Options } from "./prepared.js";

/**
 * What a form cannot keep from outputs that do not read it: a factor of 0 in front of what is not finite gives NaN. Without any of these
 * an implementation is exact: what an output does not read never shows in it.
 */
export interface Spread {
  /**
   * Tokens that are summed together, some with a factor of 0: as many as the option `chunk`, so many, or all of a row. Each of them may
   * show what is not finite in another, in the heads and channels that read it.
   */
  readonly tokens?: "chunk" | "row" | number;
  /** A border of documents, or a decay of exactly 0, is such a factor: what is not finite before it goes on behind it. */
  readonly borders?: true;
}

/** Of an implementation, or of each of its makes that is not exact. */
export type NonFinite = Spread | { readonly makes: Readonly<Record<string, Spread>> };

const EXACT: Spread = {};

export function spreadOf(declared: NonFinite | undefined, { make }: Options): Spread {
  if (!declared) return EXACT;
  return "makes" in declared ? (declared.makes[make ?? ""] ?? EXACT) : declared;
}

/** Tokens of a block; undefined where none shares anything with an earlier one. */
export function blockLength({ tokens }: Spread, { chunk }: Options): number | undefined {
  if (tokens === "row") return Number.POSITIVE_INFINITY;
  return tokens === "chunk" ? chunk : tokens;
}

/** `tokens of its chunk; over borders and resets`, or `nothing else`. */
export function describeSpread({ tokens, borders }: Spread): string {
  const words = [
    tokens === undefined
      ? ""
      : typeof tokens === "number"
        ? `tokens of its block of ${tokens}`
        : `tokens of its ${tokens}`,
    borders ? "tokens behind borders and resets" : "",
  ].filter(Boolean);
  return words.join("; ") || "nothing else";
}
