/** Bugs in the WGSL kernels of the engine webgpu. */
import { type Patch, patchesOf } from "./patch.js";

export const webgpu: readonly Patch[] = [
  ...patchesOf("ssd/recurrent.webgpu", "ssd/webgpu/recurrent.wgsl", [
    [
      "staged-decay-lags",
      "of the decays in shared memory a token takes the one before its own",
      "let a = decays[i];",
      "let a = decays[max(i, 1u) - 1u];",
    ],
    [
      "padding-forgets",
      "tokens behind the end decay the state to nothing",
      "var decay = 1.0;",
      "var decay = 0.0;",
    ],
    [
      "initial-state-of-head-zero",
      "every head starts from the first one's initial state",
      "start = initialState[place + n];",
      "start = initialState[p * size.state + n];",
    ],
    [
      "last-lane-not-summed",
      "the sum over the lanes of a channel leaves out the last",
      "for (var k = 0u; k < LT; k++) { y += partial",
      "for (var k = 0u; k < max(LT - 1u, 1u); k++) { y += partial",
    ],
  ]),
  ...patchesOf("ssd/recurrent.webgpu", "ssd/webgpu/steps.wgsl", [
    [
      "bias-by-token",
      "the bias of the step is looked up by the token in place of the head",
      "step += dtBias[i % size.heads];",
      "step += dtBias[(i / size.heads) % size.heads];",
    ],
  ]),
  ...patchesOf("ssd/quadratic.webgpu", "ssd/webgpu/quadratic.wgsl", [
    [
      "difference-of-running-sums",
      "decays inside a tile are exponentials of differences of running sums",
      "for (var r = s + 1u; r <= q; r++) { sum += logs[r]; }",
      "sum = prefix[q] - prefix[s];",
    ],
    ["diagonal-left-out", "a token does not see itself", "} else if (s <= q) {", "} else if (s < q) {"],
    [
      "own-tile-counted-twice",
      "the decay between two tiles holds the target's own tile",
      "if (step > 0u) { between += tileTotal; }",
      "between += tileTotal;",
    ],
  ]),
  ...patchesOf("ssd/chunked.webgpu", "ssd/webgpu/chunked.output.wgsl", [
    [
      "blocks-not-carried",
      "the decay from the chunk's start begins anew with every block of 16",
      "fromStart[lane] = exp(sum + prefix[lane]);",
      "fromStart[lane] = exp(prefix[lane]);",
    ],
    [
      "columns-of-the-next-group",
      "columns behind the state are read from what lies behind it: the next group, or the next token",
      "if (t < last && n < size.state) {",
      "if (t < last) {",
    ],
  ]),
  ...patchesOf("attention/materialised.webgpu", "attention/webgpu/materialised.scores.wgsl", [
    [
      "causal-one-late",
      "the causal mask lets a query see the next key",
      "s <= size.token0 + t;",
      "s <= size.token0 + t + 1u;",
    ],
  ]),
  ...patchesOf("attention/materialised.webgpu", "attention/webgpu/materialised.softmax.wgsl", [
    [
      "no-barrier-behind-the-maximum",
      "the shared maximum is overwritten while others still read it",
      "  most = parts[0];\n  workgroupBarrier();\n",
      "  most = parts[0];\n",
    ],
    [
      "no-barrier-in-the-sum",
      "the halves of a sum are added without waiting for them",
      "    workgroupBarrier();\n    if (lane < half) { parts[lane] += parts[lane + half]; }",
      "    if (lane < half) { parts[lane] += parts[lane + half]; }",
    ],
  ]),
  ...patchesOf("attention/tiled.webgpu", "attention/webgpu/tiled.wgsl", [
    [
      "mass-keeps-its-maximum",
      "the mass is not rescaled to a new maximum",
      "mass[i] *= fade;",
      "mass[i] *= 1.0;",
    ],
    [
      "padded-keys-count",
      "keys behind the end, zeros in shared memory, take part in the softmax",
      "let seen = s < size.context && (size.causal == 0u || s <= t);",
      "let seen = size.causal == 0u || s <= t;",
    ],
    [
      "tile-ends-early",
      "the keys of a causal tile end where its queries begin",
      "end = min(size.context, size.token0 + q0 + TQ);",
      "end = min(size.context, size.token0 + q0);",
    ],
    [
      "sums-in-half-precision",
      "the weighted values are summed in the storage type f16",
      "y[at] = fma(p, v[j], y[at]);",
      "y[at] = quantizeToF16(fma(p, v[j], y[at]));",
    ],
  ]),
  ...patchesOf("selective_scan/scan.webgpu", "selective_scan/webgpu/scan.wgsl", [
    [
      "bias-of-the-first-group",
      "channels of the second group take the first one's bias",
      "step += deltaBias[g * group_channels + c];",
      "step += deltaBias[c];",
    ],
    [
      "last-step-twice",
      "what a lane reads of a step is its neighbour's",
      "let step = steps[i * PT + own];",
      "let step = steps[i * PT + own / 2u * 2u];",
    ],
  ]),
  ...patchesOf("causal_conv1d/direct.webgpu", "causal_conv1d/webgpu/direct.wgsl", [
    [
      "all-taps-always",
      "taps that reach another document are not left out",
      "j <= back); }",
      "j <= PAST); }",
    ],
  ]),
  ...patchesOf("causal_conv1d/direct.webgpu", "causal_conv1d/webgpu/direct.state.wgsl", [
    [
      "state-newest-first",
      "the state handed on is newest first",
      "x = input_at(id.z, last - i32(back), channel);",
      "x = input_at(id.z, last - i32(j), channel);",
    ],
  ]),
  ...patchesOf("rms_norm_gated/fused.webgpu", "rms_norm_gated/webgpu/fused.wgsl", [
    [
      "mean-over-all-groups",
      "the mean square is taken over the channels of all groups",
      "sums[0] / f32(size.channels)",
      "sums[0] / f32(size.channels * size.groups)",
    ],
    [
      "no-barrier-between-rows",
      "a row's sum is read while the next row's is written",
      "      if (thread < half) { sums[thread] += sums[thread + half]; }\n      workgroupBarrier();\n",
      "      if (thread < half) { sums[thread] += sums[thread + half]; }\n",
    ],
  ]),
];
