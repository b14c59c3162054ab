/** A replay token: law, operator, seed and fast-check's path to one case, e.g. `causality.ssd.7.12-0-3`. */

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
  return { law, operator, seed: Number(seed), path: path.replaceAll("-", ":") };
}
