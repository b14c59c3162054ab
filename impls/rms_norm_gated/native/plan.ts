/** The native kernel's arguments, for a problem or for a stage of a block. */
import type { Plan } from "../../engines/native.js";

/** Tokens a task takes. */
const SPAN = 32;

export function fusedPlan(
  { normBeforeGate, eps }: { readonly normBeforeGate: boolean; readonly eps: number },
  threads: number,
): Plan {
  return {
    kernel: new URL("./fused.c", import.meta.url),
    values: { normBeforeGate: normBeforeGate ? 1 : 0, eps, span: SPAN },
    threads,
    scratchBytes: 0,
  };
}
