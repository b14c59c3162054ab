/** Sizes of a Mamba-2 block that follow from others, and where parts lie in its rows. */

/**
 * Who shares what (arXiv 2405.21060, section 7.2; attention's names with X, B, C for V, K, Q). multi-value is Mamba's: every head has its
 * own X, heads of a group share B and C. multi-query: its own C. multi-key: its own B. As many groups as heads: multi-head.
 */
export const PATTERNS = ["multi-value", "multi-query", "multi-key"] as const;
export type Pattern = (typeof PATTERNS)[number];

/** What is done to B and C behind the convolution (section 9.4.3); silu is Mamba's own. */
export const FEATURES = ["silu", "identity", "relu", "elu1"] as const;
export type Feature = (typeof FEATURES)[number];

export function patternOf({ pattern }: Asked): Pattern {
  return PATTERNS[pattern];
}

export function featureOf({ features }: { readonly features: number }): Feature {
  return FEATURES[features];
}

interface Asked {
  readonly pattern: number;
}

export interface Sizes {
  readonly past: number;
  /** What the convolution acts on: x, B and C side by side; with sequential projections x alone. */
  readonly channels: number;
  /** Rows of inProj. */
  readonly projected: number;
  /** Rows of xProj: B, C and dt. */
  readonly selected: number;
  /** Width of the gated MLP beside the map: 0 without one. */
  readonly mlp: number;
  /** Channels of x, numbers of B and of C a token. */
  readonly x: number;
  readonly b: number;
  readonly c: number;
}

export function sizesOf(
  dims: Readonly<Record<"inner" | "heads" | "groups" | "headDim" | "state" | "width", number>>,
  settings: Asked,
  sequential: boolean,
): Sizes {
  const { inner, heads, groups, headDim, state, width } = dims;
  const pattern = patternOf(settings);
  const mlp = inner - heads * headDim;
  const x = (pattern === "multi-value" ? heads : groups) * headDim;
  const b = (pattern === "multi-key" ? heads : groups) * state;
  const c = (pattern === "multi-query" ? heads : groups) * state;
  const selected = b + c + heads;
  return {
    ...{ past: width - 1, mlp, x, b, c, selected },
    channels: sequential ? x : x + b + c,
    projected: 2 * mlp + heads * headDim + x + (sequential ? 0 : selected),
  };
}
