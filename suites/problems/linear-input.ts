/** The inputs that an operator is linear in, all together, and what scales with them. Gradients are linear in the cotangents. */
import type { AnyOperator } from "../../impls/operator.js";

const LINEAR: Readonly<Record<string, readonly string[]>> = {
  ssd: ["X"],
  selective_scan: ["u"],
  attention: ["V"],
  masked_attention: ["V"],
  convolution: ["u"],
  causal_conv1d: ["X"],
  ssd_grad: ["dY"],
  selective_scan_grad: ["dY"],
  attention_grad: ["dY"],
  mamba2_block_grad: ["dY"],
  mamba1_block_grad: ["dY"],
  attention_block_grad: ["dY"],
  swiglu_block_grad: ["dY"],
  ssd_decode: ["X"],
  selective_scan_decode: ["u"],
  attention_decode: ["V", "v"],
};

/** What an operator is linear in together with that input, where the problem has it. */
const companionOf = (name: string) => (name.endsWith("_grad") ? "dFinalState" : "initialState");

/** Of problems for laws of linear maps: a short filter is one without bias and SiLU, gradients are one without Y. */
export const linearSpecs = {
  ordinary: true,
  work: 20_000,
  settings: { silu: false, training: false },
  without: ["bias"],
} as const;

/** X, u, V or dY; with the initial state, or dFinalState, where there is one, the map is linear in both together. None of a norm. */
export function linearInputs({ name }: AnyOperator, present: Readonly<Record<string, unknown>>): string[] {
  if (!(name in LINEAR)) return [];
  const companion = companionOf(name);
  return present[companion] ? [...LINEAR[name], companion] : [...LINEAR[name]];
}
