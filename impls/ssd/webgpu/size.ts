import type { Problem } from "../../operator.js";
import type { Ssd } from "../operator.js";

/** What every kernel's `Size` says of one window of the problem. */
export function ssdSize(
  { dims, inputs }: Problem<Ssd>,
  { batches, tokens }: { readonly batches: number; readonly tokens: number },
) {
  const { heads, groups, headDim: head_dim, state } = dims;
  const d_per_head = inputs.D?.axes.length === 1 ? 1 : 0;
  return { batches, tokens, heads, groups, head_dim, state, d_per_head };
}
