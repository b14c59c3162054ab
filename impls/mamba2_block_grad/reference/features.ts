/** Feature maps whose gradients there are: those of single numbers, in the order of the block's own. */
export const SLOPED = ["silu", "identity", "relu", "elu1"] as const;

export function slopedFeature({ features }: { readonly features: number }): (typeof SLOPED)[number] {
  return SLOPED[features];
}
