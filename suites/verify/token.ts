/** A replay token: law, operator, seed and fast-check's path to one case, e.g. `causality.ssd.7.12-0-3`. */

/** So many problems take hours; a number beyond it is a slip of the hand, and a token beyond it is nobody's. */
export const MOST_CASES = 100_000;
/** fast-check's seeds are 32-bit. */
export const LARGEST_SEED = 2 ** 31 - 1;
/** Of one step of shrinking, and of steps. */
const MOST_SHRINKS = 10_000;
const MOST_STEPS = 1000;

export interface Token {
  readonly law: string;
  readonly operator: string;
  readonly seed: number;
  /** fast-check's path, numbers joined by colons. */
  readonly path: string;
}

export function formatToken({ law, operator, seed, path }: Token): string {
  return [law, operator, seed, path.replaceAll(":", "-")].join(".");
}

/** @throws with the form a token has when this is none */
export function parseToken(text: string): Token {
  const match = /^([a-z0-9-]+)\.([a-z0-9_]+)\.(-?\d+)\.(\d+(?:-\d+)*)$/.exec(text);
  if (!match) throw new Error(`not a replay token: ${text}; it looks like forms-agree.ssd.7.12-0-3`);
  const [, law, operator, seed, path] = match;
  const [first, ...steps] = path.split("-").map(Number);
  // each number is a count of cases that have to be drawn before the one that is meant
  if (Math.abs(Number(seed)) > LARGEST_SEED)
    throw new Error(`not a replay token: its seed ${seed} has more than 31 bits`);
  if (first >= MOST_CASES)
    throw new Error(`not a replay token: case ${first} is beyond the ${MOST_CASES} that --cases takes`);
  if (steps.length > MOST_STEPS || steps.some((step) => step > MOST_SHRINKS))
    throw new Error(
      `not a replay token: its path has more than ${MOST_STEPS} steps, or one beyond ${MOST_SHRINKS}`,
    );
  return { law, operator, seed: Number(seed), path: path.replaceAll("-", ":") };
}
