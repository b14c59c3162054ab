/** Bugs in the AssemblyScript kernels of the engine wasm. */
import { type Patch, patchesOf } from "./patch.js";

export const wasm: readonly Patch[] = [
  ...patchesOf("ssd/recurrent.wasm", "ssd/wasm/recurrent.as.ts", [
    [
      "skip-takes-weighted-x",
      "the skip is D dt x in place of D x",
      "if (args.D) y = madd(D, v128.load(args.X + to), y);",
      "if (args.D) y = madd(D, v128.load(X + (<usize>q << 5) + (p << 2)), y);",
    ],
    [
      "tail-lanes-stored",
      "all four lanes of the last vector are stored: those behind the last channel run into the next token",
      "if (width - p >= 4) v128.store(args.Y + to, y);",
      "if (width > 0) v128.store(args.Y + to, y);",
    ],
    [
      "second-token-reads-first-b",
      "of two tokens taken at once, the second adds the first one's B",
      "b = v128.load32_splat(B1);",
      "b = v128.load32_splat(B);",
    ],
    [
      "odd-token-left-out",
      "what two tokens at a time leave over is not computed",
      "if (t < count) oneToken(",
      "if (t + 1 < count) oneToken(",
    ],
  ]),
  ...patchesOf("ssd/recurrent.wasm", "ssd/wasm/decode.as.ts", [
    [
      "decode-forgets-the-first-token",
      "the second token of a decode step goes on from the initial state",
      "!past ? 0 : t ? args.finalState + states",
      "!past ? 0 : t > 1 ? args.finalState + states",
    ],
  ]),
  ...patchesOf("ssd/quadratic.wasm", "ssd/wasm/quadratic.as.ts", [
    [
      "diagonal-decays",
      "inside a tile a token is decayed by itself",
      "if (q > s) sum +=",
      "if (q >= s) sum +=",
    ],
    [
      "initial-state-stands-still",
      "the initial state is decayed up to a tile and not inside it",
      "const a0 = exp(f32x4.add(f32x4.splat(before), pre0)),",
      "const a0 = exp(f32x4.splat(before)),",
    ],
    [
      "first-query-undecayed",
      "the first query of a tile is not decayed by its own token",
      "store<f32>(scratch + (q << 2), whole);",
      "store<f32>(scratch + (q << 2), q ? whole : 0);",
    ],
  ]),
  ...patchesOf("selective_scan/recurrent.wasm", "selective_scan/wasm/recurrent.as.ts", [
    [
      "slice-runs-into-the-next-group",
      "the last slice of a group takes channels of the next one, with the wrong B and C",
      "return min(args.width / args.groups - (slice % args.slices) * 8, 8);",
      "return min(args.width - channelOf(args, slice), 8);",
    ],
    [
      "borders-by-place-in-block",
      "the border of a document is looked up by the token's place in its block",
      "if (args.documents && anew(args, b, t0 + t)) memory.fill",
      "if (args.documents && anew(args, b, t)) memory.fill",
    ],
    [
      "exponent-wraps",
      "exponents are not held at the ends of the format: a strong decay wraps around",
      "const TAME: f32 = 126;",
      "const TAME: f32 = 1e9;",
    ],
  ]),
  ...patchesOf("selective_scan/recurrent.wasm", "selective_scan/wasm/arguments.as.ts", [
    [
      "bias-of-the-first-channels",
      "all channels take the first four's bias",
      "v128.load(args.deltaBias + channel)",
      "v128.load(args.deltaBias)",
    ],
  ]),
  ...patchesOf("attention/tiled.wasm", "attention/wasm/tiled.as.ts", [
    [
      "block-mass-not-rescaled",
      "the mass summed under a smaller maximum is kept as it is",
      "v128.store(lanes, madd(f0, v128.load(lanes, 32), v128.load(end)), 32);",
      "v128.store(lanes, f32x4.add(v128.load(lanes, 32), v128.load(end)), 32);",
    ],
    [
      "odd-key-unweighed",
      "the key that two at a time leave over keeps its score for a weight",
      "  if (p < end) {",
      "  if (p + 32 < end) {",
    ],
    [
      "tail-channel-unwritten",
      "the first channel behind the whole vectors is not written",
      "for (let e = whole; e < width; e++) {",
      "for (let e = whole + 1; e < width; e++) {",
    ],
    [
      "key-heads-in-turns",
      "heads take the key heads in turns",
      "b = task / runs / args.heads, g = h / (args.heads / args.groups);",
      "b = task / runs / args.heads, g = h % args.groups;",
    ],
  ]),
  ...patchesOf("convolution/fft.wasm", "convolution/wasm/fft.as.ts", [
    [
      "stale-tail-of-the-signal",
      "the padding of the signal holds what the sequence before left there",
      "memory.fill(to, 0, end - to);",
      "memory.fill(to, 0, 0);",
    ],
  ]),
  ...patchesOf("masked_attention/linear.wasm", "masked_attention/wasm/linear.as.ts", [
    [
      "second-token-forgets",
      "the second token of a sequence is taken for the first, which has nothing to decay",
      "if (t > 0) decay = ",
      "if (t > 1) decay = ",
    ],
  ]),
  ...patchesOf("masked_attention/quadratic.wasm", "masked_attention/wasm/quadratic.as.ts", [
    [
      "last-pair-of-four",
      "of four rows at once, the last pair below the diagonal takes its neighbour's decay",
      "lanes(0, 0, 1, a3)",
      "lanes(0, 0, 1, a2)",
    ],
  ]),
  ...patchesOf("causal_conv1d/direct.wasm", "causal_conv1d/wasm/direct.as.ts", [
    [
      "past-off-by-one",
      "the first tokens see the past a token too late",
      "const x = t < j ? v128.load(before + <usize>(past + t - j) * padded + at)",
      "const x = t < j ? v128.load(before + <usize>max(past + t - j - 1, 0) * padded + at)",
    ],
    [
      "filter-crosses-documents",
      "a tap too many is taken where a document begins",
      "if (!ids) return past;",
      "if (!ids || t % 16 == 0) return past;",
    ],
  ]),
  ...patchesOf("rms_norm_gated/fused.wasm", "rms_norm_gated/wasm/fused.as.ts", [
    [
      "tail-reads-a-neighbour",
      "the last vector of a group sums squares of the next one's values",
      "const x = rest >= 4 ? v128.load(X + at) : loadTail(X + at, rest);",
      "const x = v128.load(X + at);",
    ],
    [
      "gate-in-the-wrong-place",
      "the gate comes first where it belongs last, and the other way round",
      "const gateFirst = args.z != 0 && !args.normBeforeGate,",
      "const gateFirst = args.z != 0 && args.normBeforeGate != 0,",
    ],
    [
      "four-of-eight",
      "the second half of eight values at a time is not in the sum",
      "if (i + 4 >= size) break;",
      "if (i + 8 >= size) break;",
    ],
  ]),
];
