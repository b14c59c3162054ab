/** Bugs in the TypeScript kernels of ssd on the engine cpu, and in what they are made of. */
import { type Patch, patchesOf } from "./patch.js";

export const ssdOnCpu: readonly Patch[] = [
  ...patchesOf("ssd/recurrent.cpu", "ssd/recurrent.cpu.ts", [
    [
      "decay-of-the-token-before",
      "the decay index lags: a token's state is decayed by the token before it",
      "const a = Math.exp(logA[token]);",
      "const a = t === 0 ? 1 : Math.exp(logA[token - heads]);",
    ],
    [
      "last-channel-of-the-tail",
      "the loop over what four channels at a time leave over stops one too early",
      "for (; p < headDim; p++) {",
      "for (; p < headDim - 1; p++) {",
    ],
    [
      "groups-in-turns",
      "heads take the groups in turns, h % groups in place of blocks of heads",
      "const group = Math.floor(h / headsPerGroup);",
      "const group = h % groups;",
    ],
    [
      "batch-stride-of-groups",
      "the state's place is counted with groups for heads, which is right in the first batch only",
      "const first = (b * heads + h) * headDim * state;",
      "const first = (b * groups + h) * headDim * state;",
    ],
    [
      "twelve-bit-offset",
      "an offset too narrow for its tensor: twelve bits, where real kernels lose the 32nd",
      "const token = (b * length + t) * heads + h;",
      "const token = ((b * length + t) * heads + h) & 0xfff;",
    ],
    [
      "drifts-on-long-sequences",
      "wrong by one part in ten thousand from token 300 on, as where a table of positions ends",
      "const step = dt ? dt[token] : 1;",
      "const step = (dt ? dt[token] : 1) * (t < 300 ? 1 : 1.0001);",
    ],
    [
      "state-before-last-token",
      "the state that is handed on lacks the last token",
      "finalState.set(S, first);",
      "if (length === 1) finalState.set(S, first);",
    ],
  ]),
  ...patchesOf("ssd/recurrent.cpu", "ssd/cpu/steps.ts", [
    [
      "bias-behind-softplus",
      "the bias of the time step is added behind the softplus",
      "stepOf(dt[i] + (dtBias ? dtBias[h] : 0), settings)",
      "stepOf(dt[i], settings) + (dtBias ? dtBias[h] : 0)",
    ],
    [
      "documents-leak-at-chunks",
      "a document that begins with a chunk of eight tokens goes on from the one before it",
      "const anew = ids && beginsAnew(ids, b, length, t);",
      "const anew = ids && t % 8 !== 0 && beginsAnew(ids, b, length, t);",
    ],
    [
      "rate-without-step",
      "with one rate a head, the decay is exp(A) in place of exp(dt A)",
      "perHead ? steps![i] * logA[h]",
      "perHead ? logA[h]",
    ],
  ]),
  ...patchesOf("ssd/recurrent.cpu", "recurrence/step.ts", [
    [
      "softplus-linear-from-two",
      "the softplus is linear from 2 on in place of 20",
      "return v > 20 ? v : Math.log1p(Math.exp(v));",
      "return v > 2 ? v : Math.log1p(Math.exp(v));",
    ],
    [
      "softplus-without-log1p",
      "log(1 + exp(v)) in float32, which loses small steps",
      "return v > 20 ? v : Math.log1p(Math.exp(v));",
      "return v > 20 ? v : Math.log(Math.fround(1 + Math.exp(v)));",
    ],
    [
      "limits-only-together",
      "the limits of the step hold only where both are given",
      "return settings.dtMin > 0 || settings.dtMax > 0\n",
      "return settings.dtMin > 0 && settings.dtMax > 0\n",
    ],
  ]),
  ...patchesOf("ssd/recurrent.cpu", "documents.ts", [
    [
      "initial-state-of-any-document",
      "the row's initial state reaches a first document whose id is not 0",
      "return t === 0 ? documents.at(row, 0) !== 0 :",
      "return t === 0 ? false :",
    ],
  ]),
  ...patchesOf("ssd/recurrent.cpu", "recurrence/host-matrix.ts", [
    [
      "flushes-too-early",
      "states below 1e-5 are flushed to zero",
      "const NEGLIGIBLE = 1e-25;",
      "const NEGLIGIBLE = 1e-5;",
    ],
  ]),
  ...patchesOf("ssd/recurrent.cpu", "recurrence/epilogue.ts", [
    [
      "gate-without-its-input",
      "the gate is applied by its sigmoid alone",
      "Y[i] *= z[i] / (1 + Math.exp(-z[i]));",
      "Y[i] *= 1 / (1 + Math.exp(-z[i]));",
    ],
    [
      "skip-by-channel",
      "one D a head is read as one D a channel",
      "skip[channel] = D[Math.floor(channel / shared)];",
      "skip[channel] = D[channel % D.length];",
    ],
  ]),
  ...patchesOf("ssd/quadratic.cpu", "ssd/cpu/mask.ts", [
    ["inclusive-mask", "the mask's diagonal holds the token's own decay", "  mask[t] = 1;", "  mask[t] = a;"],
  ]),
  ...patchesOf("ssd/chunked.cpu", "ssd/chunked.cpu.ts", [
    [
      "last-chunk-adds-nothing",
      "the state behind the last, partial chunk lacks its tokens",
      "addOuterProducts(S, decay, x, chunkB, usedRows, cols, state);",
      "if (size === chunk) addOuterProducts(S, decay, x, chunkB, usedRows, cols, state);",
    ],
    [
      "whole-chunks-only",
      "the loop runs over floor(length / chunk) chunks",
      "for (let t0 = 0, size = 0; t0 < length; t0 += size) {",
      "for (let t0 = 0, size = 0; t0 + chunk <= length; t0 += size) {",
    ],
    [
      "past-decayed-too-little",
      "what came before a chunk is decayed to the token before the one that reads it",
      "        decay *= decays[q];\n        scaleRow(y, q, cols, decay);",
      "        scaleRow(y, q, cols, decay);\n        decay *= decays[q];",
    ],
    [
      "steps-of-the-next-token",
      "in the chunk's state a token is weighed by the mask of its neighbour",
      "scaleRow(x, q, cols, mask[q]);",
      "scaleRow(x, q, cols, mask[Math.min(q + 1, size - 1)]);",
    ],
  ]),
];
