/** Bugs in the C kernels of the engine native. */
import { type Patch, patchesOf } from "./patch.js";

export const native: readonly Patch[] = [
  ...patchesOf("ssd/recurrent.native", "ssd/native/recurrent.c", [
    [
      "scale-kept-after-decay",
      "a state that took its decays keeps the scale that stood for them",
      "scale = keeps ? after[TOKENS - 1] : 1;",
      "scale = after[TOKENS - 1];",
    ],
    [
      "scale-dropped",
      "a state that goes over to taking its decays loses its scale",
      "p.decays[t] = w->decays[first + t] * (t == 0 ? scale : 1);",
      "p.decays[t] = w->decays[first + t];",
    ],
  ]),
  ...patchesOf("ssd/recurrent.native", "ssd/native/sequence.h", [
    [
      "state-stored-unscaled",
      "the final state is stored without its scale",
      "store_state(a, b, slice_at(a, i), S + (i - first) * states, scales[i - first]);",
      "store_state(a, b, slice_at(a, i), S + (i - first) * states, 1);",
    ],
  ]),
  ...patchesOf("ssd/recurrent.native", "ssd/native/decode.h", [
    [
      "decode-starts-over",
      "the second token of a decode step goes on from the initial state",
      "0 : t > 0 ? a->finalState : a->initialState;",
      "0 : t > 1 ? a->finalState : a->initialState;",
    ],
  ]),
  ...patchesOf("ssd/chunked.native", "ssd/native/problem.h", [
    [
      "heads-of-groups-mixed",
      "heads take the groups in turns",
      "return (Slice){head, head / (a->heads / a->groups),",
      "return (Slice){head, head % a->groups,",
    ],
    [
      "gate-in-front-of-skip",
      "y silu(z) + D x in place of (y + D x) silu(z)",
      "  if (a->D) y = madd(load_some(a->D + skip, count), x, y);\n  if (a->z) y *= silu(load_some(a->z + at, count));\n",
      "  if (a->z) y *= silu(load_some(a->z + at, count));\n  if (a->D) y = madd(load_some(a->D + skip, count), x, y);\n",
    ],
  ]),
  ...patchesOf("ssd/chunked.native", "ssd/native/scores.h", [
    [
      "absent-tokens-decay",
      "tokens behind the end of the last chunk decay the state",
      "gather(a->logA + at, a->heads, count, 0, logs);",
      "gather(a->logA + at, a->heads, count, -1, logs);",
    ],
  ]),
  ...patchesOf("ssd/chunked.native", "ssd/native/chunked.c", [
    [
      "scores-of-the-first-group",
      "scores are made for the first group of a task only",
      "if (slice.group != before.group)\n    block_scores",
      "if (before.group < 0)\n    block_scores",
    ],
  ]),
  ...patchesOf("selective_scan/recurrent.native", "selective_scan/native/recurrent.c", [
    [
      "exponent-overflows",
      "exponents are not held at the ends of the format",
      "#define TAME 126.0f",
      "#define TAME 1e30f",
    ],
    [
      "second-half-of-held-states",
      "outputs of the states behind the first registers begin at zero again",
      "n ? load(k->rows->Y[t]) : splat(0)",
      "n < 0 ? load(k->rows->Y[t]) : splat(0)",
    ],
  ]),
  ...patchesOf("attention/tiled.native", "attention/native/tiled.c", [
    [
      "mask-one-too-wide",
      "the softmax counts one key more than the query sees",
      "only(load(row + z * LANES), from - z * LANES, to - z * LANES)",
      "only(load(row + z * LANES), from - z * LANES, to + 1 - z * LANES)",
    ],
    [
      "sums-not-raised",
      "the mass stays under the reference that was raised",
      "tile->sums[i] *= factor;",
      "(void)factor;",
    ],
  ]),
  ...patchesOf("causal_conv1d/direct.native", "causal_conv1d/native/direct.c", [
    [
      "state-over-a-border",
      "the state handed on holds inputs of another document",
      "*to++ = back <= kept ? from[c] : 0;",
      "*to++ = kept >= 0 ? from[c] : 0;",
    ],
  ]),
  ...patchesOf("rms_norm_gated/fused.native", "rms_norm_gated/native/fused.c", [
    [
      "eps-forgotten",
      "the norm forgets eps",
      "splat(1 / sqrtf(sum_of(sums) / (float)size + (float)a->eps))",
      "splat(1 / sqrtf(sum_of(sums) / (float)size))",
    ],
  ]),
  ...patchesOf("convolution/fft.native", "convolution/native/fft.c", [
    [
      "inverse-turns-forward",
      "the last level of an odd transform multiplies by its twiddle in place of dividing",
      "x[1] = over(minus(x[0], x[1]), twiddle(table, 1));",
      "x[1] = times(minus(x[0], x[1]), twiddle(table, 1));",
    ],
  ]),
];
