/** Bugs in gated_delta, on the engines cpu, wasm and native. */
import { type Patch, patchesOf } from "./patch.js";

export const gatedDelta: readonly Patch[] = [
  ...patchesOf("gated_delta/recurrent.cpu", "gated_delta/recurrent.cpu.ts", [
    [
      "prediction-before-the-decay",
      "what a key predicts is read from the state before it decays",
      "      S[first + n] *= a[n];\n      predicted += S[first + n] * k[n];",
      "      predicted += S[first + n] * k[n];\n      S[first + n] *= a[n];",
    ],
    [
      "query-before-the-correction",
      "a query reads the state that its token has not corrected",
      "      S[first + n] += added * k[n];\n      y += S[first + n] * q[n];",
      "      y += S[first + n] * q[n];\n      S[first + n] += added * k[n];",
    ],
    [
      "step-on-the-value-alone",
      "beta weighs the value and not what is predicted",
      "const added = beta * (V[p] - predicted);",
      "const added = beta * V[p] - predicted;",
    ],
  ]),
  ...patchesOf("gated_delta/recurrent.cpu", "gated_delta/cpu/decays.ts", [
    [
      "first-channel-decays-all",
      "every key channel decays as the first one",
      "Math.exp(logA[token * state + n])",
      "Math.exp(logA[token * state])",
    ],
  ]),
  ...patchesOf("gated_delta/chunked.cpu", "gated_delta/chunked.cpu.ts", [
    [
      "beta-outside-the-inverse",
      "a step weighs what the system gives, not its right side: earlier tokens are taken away without their steps",
      "        addWeightedRows(u, t, u, weights, t, cols);\n        scaleRow(u, t, cols, step);",
      "        scaleRow(u, t, cols, step);\n        addWeightedRows(u, t, u, weights, t, cols);",
    ],
    [
      "wrong-sign-in-the-inverse",
      "earlier tokens of the chunk are added to what is predicted",
      "weights[s] = -pairs.keys[t * rows + s]",
      "weights[s] = pairs.keys[t * rows + s]",
    ],
    [
      "state-not-carried",
      "the state begins anew with every chunk",
      "      pairs.decayState(S);",
      "      S.fill(0);",
    ],
    [
      "prediction-of-the-state-forgotten",
      "a chunk corrects what its own tokens wrote, and not what lies in the state",
      "u[t * cols + p] -= predicted[t * cols + p]",
      "u[t * cols + p] -= 0 * predicted[t * cols + p]",
    ],
  ]),
  ...patchesOf("gated_delta/chunked.cpu", "gated_delta/cpu/pairs.ts", [
    [
      "decay-exclusive",
      "what lies between two tokens does not decay by the later one",
      "        keys[t * rows + s] *= mask[s];",
      "        keys[t * rows + s] *= s < t ? mask[s] / a : 1;",
    ],
    [
      "keys-decay-to-their-own-end",
      "keys enter the state behind a chunk as they were at their own token",
      "toEnd[i] *= mask[s]",
      "toEnd[i] *= 1",
    ],
    [
      "own-key-decays",
      "with a decay a key channel a token's key has decayed when its own query meets it",
      "if (s < t) toEnd[i] =",
      "if (s <= t) toEnd[i] =",
    ],
  ]),
  ...patchesOf("gated_delta/chunked.wasm", "gated_delta/wasm/chunked.as.ts", [
    [
      "decay-before-the-last-token",
      "the state behind a chunk lacks the decay of its last token",
      "<usize>(count - 1) << 2",
      "<usize>max(count - 2, 0) << 2",
    ],
    [
      "added-by-weights-in-the-state",
      "later tokens of a chunk see what earlier ones add as it is at the chunk's end",
      "v128.store(predicted + place, u0); v128.store(predicted + place, u1, 16);",
      "v128.store(predicted + place, f32x4.mul(weight, u0)); v128.store(predicted + place, f32x4.mul(weight, u1), 16);",
    ],
  ]),
  ...patchesOf("gated_delta/recurrent.wasm", "gated_delta/wasm/layout.as.ts", [
    [
      "keys-of-heads-in-turns",
      "heads take their keys and queries in turns, not in blocks",
      "h / (args.heads / args.groups)",
      "h % args.groups",
    ],
  ]),
  ...patchesOf("gated_delta/chunked.native", "gated_delta/native/solve.h", [
    [
      "scale-of-the-state-twice",
      "what a scaled state predicts is not brought to its size",
      "before = splat(-scale * m->start[token])",
      "before = splat(-m->start[token])",
    ],
    ["own-value-unread", "a query does not see what its own token writes", "madd(own, u[z], y[z])", "y[z]"],
  ]),
  ...patchesOf("gated_delta/chunked.native", "gated_delta/native/made.h", [
    [
      "products-of-the-first-head",
      "decays of pairs are those of the first head of a group",
      "a->logA[(row + t) * a->heads + slice.head] : 0;",
      "a->logA[(row + t) * a->heads + slice.group * (a->heads / a->groups)] : 0;",
    ],
  ]),
];
