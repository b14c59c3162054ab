/** What the operator, its reference and its kernels read of a problem. */
import type { Problem } from "../../operator.js";

/** Longest chunk of any form: the bound takes sums over a chunk's pairs of tokens for so many times one over its tokens. */
export const LONGEST_CHUNK = 64;

/** What multiplies q: the setting, or 1 / sqrt(state) where that is 0. */
export function queryScale({ dims, settings }: Pick<Problem, "dims" | "settings">): number {
  return (settings.scale as number) || 1 / Math.sqrt(dims.state);
}

/** Whether every key channel has a decay of its own. */
export function hasChannelDecays({ inputs }: Pick<Problem, "inputs">): boolean {
  return inputs.logA?.axes.includes("state") === true;
}
