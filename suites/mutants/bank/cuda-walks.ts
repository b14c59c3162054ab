/** Bugs in the CUDA C++ kernels beside ssd chunked: walks over tokens, attention, filters, norms, transforms. Only a card can kill them. */
import { type Patch, patchesOf } from "./patch.js";

export const cudaWalks: readonly Patch[] = [
  ...patchesOf("selective_scan/scan.cuda", "recurrence/cuda/walk.tokens.cu", [
    [
      "document-multiplied-away",
      "a document's first token keeps the state of the one before",
      "float before = fresh ? 0.0f : own.state[k][i];",
      "float before = own.state[k][i];",
    ],
    [
      "halves-swap-tokens",
      "the two halves of a warp put their sums under each other's token",
      "float a = (high ? y[2] : y[0])",
      "float a = (high ? y[0] : y[2])",
    ],
    [
      "columns-of-the-second-lane",
      "the upper half of a warp takes the columns of the lower half",
      "own.column = (warp % STATE_WARPS) * 4 * R + (lane >> 3) * R;",
      "own.column = (warp % STATE_WARPS) * 4 * R + ((lane >> 3) & 1) * R;",
    ],
  ]),
  ...patchesOf("selective_scan/scan.cuda", "recurrence/cuda/walk.kernels.cu", [
    [
      "segments-forget-their-decay",
      "the state before a segment passes through it undecayed",
      "fmaf(exp2_fast(total.x * rate), run, own)",
      "run + own",
    ],
  ]),
  ...patchesOf("ssd/recurrent.cuda", "recurrence/cuda/walk.problem.cu", [
    [
      "steps-clamped-from-below-only",
      "steps above the largest one pass",
      "step < p.leastStep ? p.leastStep : step > p.mostStep ? p.mostStep : step;",
      "step < p.leastStep ? p.leastStep : step;",
    ],
  ]),
  ...patchesOf("attention/tiled.cuda", "attention/cuda/tiled.softmax.cu", [
    [
      "mask-one-key-late",
      "a query sees the key behind its last one",
      "if (key < span.x || key >= span.y)",
      "if (key < span.x || key > span.y)",
    ],
    [
      "weights-not-shrunk",
      "sums of weights stay on the largest score of their own tile",
      "fmaf(rows.sum[half], shrink[half], sum)",
      "rows.sum[half] + sum",
    ],
    [
      "row-without-keys-divides",
      "a query that sees no key divides by zero",
      "share[half] = sum == 0.0f ? 0.0f : 1.0f / sum;",
      "share[half] = 1.0f / sum;",
    ],
  ]),
  ...patchesOf("convolution/fft.cuda", "convolution/cuda/fft.cu", [
    [
      "spectra-conjugated",
      "products of spectra take the kernel's conjugate: a correlation",
      "(x.x * k.x - x.y * k.y)",
      "(x.x * k.x + x.y * k.y)",
    ],
  ]),
  ...patchesOf("causal_conv1d/direct.cuda", "causal_conv1d/cuda/direct.cu", [
    [
      "taps-across-documents",
      "a tap reads the last tokens of the document before",
      "id_at(p, b, t) != id_at(p, b, t - 1)) valid = 0;",
      "id_at(p, b, t) != id_at(p, b, t - 1)) valid = PAST;",
    ],
  ]),
  ...patchesOf("rms_norm_gated/fused.cuda", "rms_norm_gated/cuda/fused.cu", [
    [
      "eps-beside-the-root",
      "eps is added to the root instead of under it",
      "1.0f / sqrtf(sum_of(squares) / p.channels + p.eps)",
      "1.0f / (sqrtf(sum_of(squares) / p.channels) + p.eps)",
    ],
  ]),
  ...patchesOf("attention_decode/tiled.cuda", "attention_decode/cuda/tiled.span.mma.cu", [
    [
      "values-of-the-other-half",
      "of a pair of channels each gets the other's values",
      "u32 rows[4] = {low_halves(v[0], v[1]), high_halves(v[0], v[1]),",
      "u32 rows[4] = {high_halves(v[0], v[1]), low_halves(v[0], v[1]),",
    ],
  ]),
  ...patchesOf("ssd_decode/recurrent.cuda", "recurrence/cuda/step.cu", [
    [
      "step-keeps-its-state",
      "the state of one token is added to without its decay",
      "state = fmaf(decay, state, in * B);",
      "state = fmaf(1.0f, state, in * B);",
    ],
  ]),
  ...patchesOf("rms_norm_gated/fused.cuda", "rms_norm_gated/cuda/fused.rows.cu", [
    [
      "rows-weighted-as-the-first-group",
      "every group is weighted as the first one",
      "int weight0 = (int)(row % p.groups) * p.channels;",
      "int weight0 = 0;",
    ],
  ]),
  ...patchesOf("ssd/chunked.cuda", "ssd/cuda/split.kernels.cu", [
    [
      "score-of-the-next-token",
      "scores of a chunk see the token behind their own",
      "score[i][k] *= from <= to ?",
      "score[i][k] *= from <= to + 1 ?",
    ],
  ]),
  ...patchesOf("attention_decode/tiled.cuda", "attention_decode/cuda/tiled.join.cu", [
    [
      "new-token-unseen",
      "the new token's own key takes no part in the sum of weights",
      "float mine = exp2_fast(own - top), all = mine;",
      "float mine = exp2_fast(own - top), all = 0.0f;",
    ],
  ]),
];
