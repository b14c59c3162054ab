/** Bugs in gradients and decode steps, the plain kernels of the engine cpu. */
import { type Patch, patchesOf } from "./patch.js";

export const passes: readonly Patch[] = [
  ...patchesOf("ssd_grad/recurrent.cpu", "ssd_grad/recurrent.cpu.ts", [
    [
      "final-cotangent-dropped",
      "the gradient of the final state is left out",
      "[R, dFinalState] as const]",
      "[R, undefined] as const]",
    ],
    [
      "decay-meets-new-state",
      "the gradient of a decay takes the state behind its token in place of the one in front of it",
      "inner += r * before[i];",
      "inner += r * after[i];",
    ],
  ]),
  ...patchesOf("selective_scan_grad/scan.cpu", "selective_scan_grad/scan.cpu.ts", [
    [
      "adjoint-crosses-documents",
      "the gradient of the state crosses the border of a document on its way back",
      "R[n] = decays[n] === 0 ? 0 : decays[n] * r;",
      "R[n] = (decays[n] === 0 ? 1 : decays[n]) * r;",
    ],
    [
      "cotangent-a-token-late",
      "a token takes the cotangent of the one before it",
      "const dy = z ? dY[i] * z[i] * sigmoid : dY[i];",
      "const dy = z ? dY[i] * z[i] * sigmoid : dY[Math.max(0, i - width)];",
    ],
    [
      "step-without-decay-path",
      "the gradient of delta has no path through the decay",
      "dStep += A[d * state + n] * dl;",
      "dStep += 0 * dl;",
    ],
  ]),
  ...patchesOf("attention_grad/tiled.cpu", "attention_grad/tiled.cpu.ts", [
    [
      "row-term-missing",
      "the gradient of the softmax lacks D, the row's mean of dP",
      "const dLogit = scale * p * (values[s] - D[i]);",
      "const dLogit = scale * p * values[s];",
    ],
    [
      "mean-not-rescaled",
      "D stays under the maximum that a later tile has raised",
      "      D[i] *= rescale;\n",
      "",
    ],
  ]),
  ...patchesOf("attention_decode/materialised.cpu", "attention_decode/materialised.cpu.ts", [
    [
      "own-token-not-normalised",
      "the new token's weight is not divided by their sum",
      "for (let s = 0; s <= kept; s++) P[s] /= sum;",
      "for (let s = 0; s < kept; s++) P[s] /= sum;",
    ],
    [
      "cache-of-first-group",
      "every head reads the first group's keys and values from the cache",
      "[(b * context + first) * groups + group, b * groups + group]",
      "[(b * context + first) * groups, b * groups + group]",
    ],
  ]),
  ...patchesOf("ssd_decode/recurrent.cpu", "ssd/recurrent.cpu.ts", [
    [
      "state-of-first-head",
      "the state that a head leaves lies where the first head's belongs",
      "finalState.set(S, first);",
      "finalState.set(S, b * heads * headDim * state);",
    ],
  ]),
  ...patchesOf("ssd/chunked.cpu", "ssd/chunked.cpu.ts", [
    [
      "partial-chunk-not-in-state",
      "tokens of a last chunk that is not full are missing in the state",
      "addOuterProducts(S, decay, x, chunkB, usedRows, cols, state);",
      "if (size === chunk) addOuterProducts(S, decay, x, chunkB, usedRows, cols, state);",
    ],
  ]),
];
