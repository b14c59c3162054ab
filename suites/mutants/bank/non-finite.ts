/** Bugs that only values at the ends of a format show: NaN, a reset, a step of 0, a zero with a sign. */
import { type Patch, patchesOf } from "./patch.js";

export const nonFinite: readonly Patch[] = [
  ...patchesOf("ssd/quadratic.cpu", "ssd/quadratic.cpu.ts", [
    [
      "mask-is-a-factor",
      "tokens above the diagonal are multiplied by a mask of 0 in place of being left out",
      "addWeightedRows(y, i, from === 0 ? x : x.subarray(from * cols), weights, t + 1 - from, cols);",
      "weights.fill(0, t + 1 - from); addWeightedRows(y, i, x.subarray(from * cols), weights, length - from, cols);",
    ],
  ]),
  ...patchesOf("ssd/recurrent.cpu", "ssd/cpu/steps.ts", [
    [
      "border-is-a-factor",
      "where a document begins, the state is multiplied by 0 in place of being cleared",
      "if (a === 0) S.fill(0);",
      "if (a === 0) for (let i = 0; i < S.length; i++) S[i] *= a;",
    ],
  ]),
  ...patchesOf("ssd/recurrent.cpu", "ssd/recurrent.cpu.ts", [
    [
      "log-decay-clamped",
      "log decays are clamped at -40, so that nothing infinite is seen: a reset keeps a trace of the past",
      "const a = Math.exp(logA[token]);",
      "const a = Math.exp(Math.max(logA[token], -40));",
    ],
    [
      "step-of-zero-is-missing",
      "a step of 0 is taken for none at all, which stands for 1",
      "const step = dt ? dt[token] : 1;",
      "const step = dt?.[token] || 1;",
    ],
  ]),
  ...patchesOf("rms_norm_gated/fused.cpu", "rms_norm_gated/fused.cpu.ts", [
    [
      "nan-becomes-zero",
      "a default for missing values swallows NaN",
      "Y.set(values, first);",
      "Y.set(values.map((value) => value || 0), first);",
    ],
  ]),
  ...patchesOf("ssd/recurrent.wasm", "ssd/wasm/recurrent.as.ts", [
    [
      "reset-is-a-factor",
      "where a document begins, the state is multiplied by 0 in place of being cleared",
      "if (load<f32>(decay) == 0) memory.fill(",
      "if (load<f32>(decay) < 0) memory.fill(",
    ],
  ]),
  ...patchesOf("causal_conv1d/direct.wasm", "causal_conv1d/wasm/direct.as.ts", [
    [
      "ids-by-their-bits",
      "ids of documents are compared by their bits: 0 and -0 are two documents",
      "load<f32>(ids + (<usize>(t - back - 1) << 2))) == id) back++;",
      "load<f32>(ids + (<usize>(t - back - 1) << 2))) == id && (t - back - 1 < 0 || " +
        "load<i32>(ids + (<usize>(t - back - 1) << 2)) == reinterpret<i32>(id))) back++;",
    ],
  ]),
  ...patchesOf("ssd/recurrent.native", "ssd/native/recurrent.c", [
    [
      "reset-is-a-factor-of-vectors",
      "a decay of 0 multiplies the state in place of dropping it",
      "lives[t] = kept[t] != (Vec){0};",
      "lives[t] = kept[t] == kept[t];",
    ],
  ]),
];
