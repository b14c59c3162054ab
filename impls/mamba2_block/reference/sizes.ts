/** Sizes of a Mamba-2 block that follow from others, and where parts lie in its rows. */

/**
 * Who shares what (arXiv 2405.21060, section 7.2; attention's names with X, B, C for V, K, Q). multi-value is Mamba's: every head has its
 * own X, heads of a group share B and C. multi-query: its own C. multi-key: its own B. As many groups as heads: multi-head.
 */
export const PATTERNS = ["multi-value", "multi-query", "multi-key"] as const;
export type Pattern = (typeof PATTERNS)[number];

/** What is done to B and C behind the convolution (section 9.4.3); silu is Mamba's own. The last two work on a group's numbers at once. */
export const FEATURES = ["silu", "identity", "relu", "elu1", "layer-norm", "random"] as const;
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

type Dims = Readonly<Record<"inner" | "heads" | "groups" | "headDim" | "state" | "width", number>>;

/** Numbers a token of each part of the block's rows. */
export interface Parts {
  /** Width of the gated MLP beside the map, of z0 and x0 each: 0 without one. */
  readonly mlp: number;
  /** heads x headDim, the official d_ssm. */
  readonly z: number;
  readonly x: number;
  readonly B: number;
  readonly C: number;
}

export function partsOf(dims: Dims, settings: Asked): Parts {
  const { inner, heads, groups, headDim, state } = dims;
  const pattern = patternOf(settings);
  return {
    mlp: inner - heads * headDim,
    z: heads * headDim,
    x: (pattern === "multi-value" ? heads : groups) * headDim,
    B: (pattern === "multi-key" ? heads : groups) * state,
    C: (pattern === "multi-query" ? heads : groups) * state,
  };
}

/** The dims that follow: what the convolution acts on, rows of inProj, rows of xProj. @param sequential has an xProj */
export function sizesOf(dims: Dims, settings: Asked, sequential: boolean) {
  const { mlp, z, x, B, C } = partsOf(dims, settings);
  const selected = B + C + dims.heads;
  return {
    past: dims.width - 1,
    channels: sequential ? x : x + B + C,
    projected: 2 * mlp + z + x + (sequential ? 0 : selected),
    selected,
  };
}
