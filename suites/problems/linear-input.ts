/** The inputs that an operator is linear in, all of them together. */
import type { AnyOperator } from "../../impls/operator.js";

const LINEAR: Readonly<Record<string, readonly string[]>> = {
  ssd: ["X"],
  selective_scan: ["u"],
  attention: ["V"],
  masked_attention: ["V"],
  convolution: ["u"],
  causal_conv1d: ["X"],
  ssd_decode: ["X"],
  selective_scan_decode: ["u"],
  attention_decode: ["V", "v"],
};

/** Of problems for laws of linear maps: a short filter is one without bias and SiLU. */
export const linearSpecs = {
  ordinary: true,
  work: 20_000,
  settings: { silu: false },
  without: ["bias"],
} as const;

/** X, u or V; with the initial state, where there is one, the map is linear in both together. None of a norm. */
export function linearInputs({ name }: AnyOperator, present: Readonly<Record<string, unknown>>): string[] {
  if (!(name in LINEAR)) return [];
  return present.initialState ? [...LINEAR[name], "initialState"] : [...LINEAR[name]];
}
