/** Where documents begin, as the CUDA kernels of recurrences read it. */
import { keptPast } from "../../documents.js";
import type { Problem } from "../../operator.js";

/** Bytes of a factor for each token's past, (batch length); undefined where the problem has no documents. */
export function keptBytes({ dims, inputs }: Problem): Uint8Array | undefined {
  if (!inputs.documents) return undefined;
  const { batch, length } = dims as Readonly<Record<string, number>>;
  const kept = keptPast(inputs.documents, { batch0: 0, batches: batch, token0: 0, tokens: length });
  return new Uint8Array(kept.buffer, kept.byteOffset, kept.byteLength);
}
