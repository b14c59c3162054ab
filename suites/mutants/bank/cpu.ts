/** Bugs in the TypeScript kernels of the engine cpu, those of ssd aside (ssd-on-cpu.ts). */
import { type Patch, patchesOf } from "./patch.js";

export const cpu: readonly Patch[] = [
  ...patchesOf("selective_scan/recurrent.cpu", "selective_scan/recurrent.cpu.ts", [
    [
      "channels-in-turns",
      "channels take the groups in turns in place of blocks",
      "Math.floor(d / channelsPerGroup)",
      "(d % groups)",
    ],
    [
      "one-channel-forgets",
      "where a document begins, only the first of sixteen channels forgets",
      "if (ids && beginsAnew(ids, b, length, t)) S.fill(0);",
      "if (ids && beginsAnew(ids, b, length, t)) S.fill(0, 0, state);",
    ],
    [
      "initial-state-of-every-document",
      "every document starts from the row's initial state, which is the first one's",
      "if (ids && beginsAnew(ids, b, length, t)) S.fill(0);",
      "if (ids && beginsAnew(ids, b, length, t)) {\n" +
        "if (initialState) gatherRows(initialState, first, state, count, state, S, state); else S.fill(0); }",
    ],
    [
      "scan-state-in-float32",
      "the state is kept in float32, and declared as float64",
      "S[s + n] = value;",
      "S[s + n] = Math.fround(value);",
    ],
  ]),
  ...patchesOf("selective_scan/recurrent.cpu", "selective_scan/cpu/exp.ts", [
    [
      "short-exponential",
      "the exponential's polynomial ends two terms early",
      "const high = 1 / 24 + r * (1 / 120) + r2 * (1 / 720);",
      "const high = 0;",
    ],
  ]),
  ...patchesOf("attention/materialised.cpu", "attention/materialised.cpu.ts", [
    [
      "softmax-without-maximum",
      "the softmax does not subtract the largest score and overflows",
      "const weight = Math.exp(P[p] - max);",
      "const weight = Math.exp(P[p]);",
    ],
    [
      "sees-one-ahead",
      "every query sees one key more than it may",
      "const keys = (t: number) => end[b * length + t] - first[b * length + t];",
      "const keys = (t: number) => Math.min(context, end[b * length + t] + 1) - first[b * length + t];",
    ],
  ]),
  ...patchesOf("attention/materialised.cpu", "attention/cpu/products.ts", [
    [
      "last-score-stale",
      "the scores that four at a time leave over stop one too early: the last is an earlier row's",
      "for (; s < keys; s++) {",
      "for (; s < keys - 1; s++) {",
    ],
  ]),
  ...patchesOf("attention/tiled.cpu", "attention/tiled.cpu.ts", [
    [
      "values-not-rescaled",
      "a larger score in a later tile leaves the values summed before as they are",
      "if (rescale !== 1) for",
      "if (rescale > 1) for",
    ],
    [
      "mass-not-rescaled",
      "a larger score in a later tile leaves the mass summed before as it is",
      "let sum = sums[q] * rescale;",
      "let sum = sums[q];",
    ],
    [
      "keys-in-turns",
      "heads take the key heads in turns in place of blocks",
      "const group = Math.floor(h / (heads / groups));",
      "const group = h % groups;",
    ],
    [
      "scale-of-the-values",
      "scores are scaled by the width of the values",
      "const scale = attentionScale(problem);",
      "const scale = attentionScale({ ...problem, dims: { ...problem.dims, headDim: headDimV } });",
    ],
  ]),
  ...patchesOf("convolution/fft.cpu", "convolution/fft.cpu.ts", [
    [
      "stale-padding",
      "the signal's padding keeps what the transform of another channel left there",
      "          re.fill(0, length);\n",
      "",
    ],
    [
      "circular",
      "what wrapped around is added: a circular convolution, in which the end reaches the beginning",
      "Y[i] = re[t];",
      "Y[i] = re[t] + im[t];",
    ],
    [
      "conjugate-product",
      "the imaginary part of the spectra's product has a wrong sign",
      "im[k] = re[k] * kernelIm[k] + im[k] * kernelRe[k];",
      "im[k] = re[k] * kernelIm[k] - im[k] * kernelRe[k];",
    ],
  ]),
  ...patchesOf("convolution/recurrent.cpu", "convolution/recurrent.cpu.ts", [
    [
      "modes-of-the-channel-before",
      "a channel begins with the state that the one before it ended with",
      "          S.fill(0);\n",
      "          if (channel === 0) S.fill(0);\n",
    ],
  ]),
  ...patchesOf("masked_attention/quadratic.cpu", "masked_attention/quadratic.cpu.ts", [
    ["mask-row-inclusive", "the current token decays by itself", "  mask[t] = 1;", "  mask[t] = decay;"],
    [
      "diagonals-from-one",
      "diagonals of the mask are counted from 1",
      "j = h * length + t; s <= t; s++, j--) weights[s] *= diagonals[j];",
      "j = h * length + t; s <= t; s++, j--) weights[s] *= diagonals[Math.min(j + 1, diagonals.length - 1)];",
    ],
  ]),
  ...patchesOf("masked_attention/linear.cpu", "masked_attention/linear.cpu.ts", [
    [
      "mask-lags",
      "the linear order decays by the token before",
      "Math.exp((logA?.[row] ?? 0)",
      "Math.exp((logA?.[row - heads] ?? 0)",
    ],
  ]),
  ...patchesOf("masked_attention/fft.cpu", "masked_attention/fft.cpu.ts", [
    [
      "mask-of-head-zero",
      "every head takes the first head's mask",
      "fillDiagonal(maskRe, m, logGamma, h, 0, length);",
      "fillDiagonal(maskRe, m, logGamma, 0, 0, length);",
    ],
  ]),
  ...patchesOf("causal_conv1d/direct.cpu", "causal_conv1d/direct.cpu.ts", [
    [
      "past-in-reverse",
      "the tokens before the first one are read newest first",
      "t < back ? [before, past + t - back]",
      "t < back ? [before, back - t - 1]",
    ],
    [
      "first-tap-meets-the-present",
      "a convolution where the operator is a correlation: the taps are reversed",
      "addTap(sums, taps, (past - back) * channels, rows,",
      "addTap(sums, taps, back * channels, rows,",
    ],
    [
      "kept-over-a-border",
      "the state handed on holds inputs of another document",
      "= back > kept ? 0 : rows[row * channels + c];",
      "= rows[row * channels + c];",
    ],
    [
      "gelu-for-silu",
      "the activation is x sigmoid(1.702 x), GELU's stand-in",
      "return v / (1 + Math.exp(-v));",
      "return v / (1 + Math.exp(-1.702 * v));",
    ],
  ]),
  ...patchesOf("rms_norm_gated/fused.cpu", "rms_norm_gated/fused.cpu.ts", [
    [
      "weights-of-the-first-group",
      "every group takes the first group's weights",
      "const channel = first % channels;",
      "const channel = 0;",
    ],
    [
      "eps-outside-the-root",
      "1 / (sqrt(mean) + eps) in place of 1 / sqrt(mean + eps)",
      "Math.sqrt(meanSquare(values) + eps)",
      "(Math.sqrt(meanSquare(values)) + eps)",
    ],
    [
      "gate-at-both-ends",
      "the gate that comes last is applied first as well",
      "if (z && !normBeforeGate)",
      "if (z)",
    ],
  ]),
];
