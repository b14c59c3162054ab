/** Bugs in mamba3, on the engines cpu, wasm and native. */
import { type Patch, patchesOf } from "./patch.js";

export const mamba3: readonly Patch[] = [
  ...patchesOf("mamba3/recurrent.cpu", "mamba3/cpu/rotation.ts", [
    [
      "bias-after-the-rotation",
      "a key's bias is added after its rotation and does not turn with it",
      "K[n] = k * cos - l * sin;\n      K[n + 1] = k * sin + l * cos;",
      "const b = h * state + n - at;\n      const [u, v] = [inputs.biasK[b], inputs.biasK[b + 1]];\n" +
        "      K[n] = (k - u) * cos - (l - v) * sin + u;\n      K[n + 1] = (k - u) * sin + (l - v) * cos + v;",
    ],
    [
      "angle-in-half-precision",
      "the running angle is rotated by as f16 has it",
      "const turns = this.#turns[j];",
      "const turns = Math.round(2 * Math.PI * this.#turns[j] * 512) / 512 / (2 * Math.PI);",
    ],
    [
      "angle-before-the-token",
      "a token is turned by the angle of the one before it",
      "const turns = this.#turns[j];",
      "const turns = wrapped(this.#turns[j] - turn);",
    ],
    [
      "angle-without-tanh",
      "the angle is taken as it is",
      "onGrid(Math.tanh(inputs.angles[",
      "onGrid((inputs.angles[",
    ],
  ]),
  ...patchesOf("mamba3/recurrent.cpu", "mamba3/cpu/trapezoid.ts", [
    [
      "lambda-of-the-wrong-token",
      "what the next token adds of a token is weighed by the token's own lambda and step",
      "(isLast ? 0 : late(token + heads))",
      "(isLast ? 0 : late(token))",
    ],
    [
      "last-token-added-twice",
      "the last token's later half is in the final state, and is handed on as well",
      "(isLast ? 0 : late(token + heads))",
      "late(isLast ? token : token + heads)",
    ],
  ]),
  ...patchesOf("mamba3/chunked.cpu", "mamba3/chunked.cpu.ts", [
    [
      "angle-not-carried",
      "the angle begins anew with every chunk",
      "      Q.fill(0, size * state);",
      "      rotation.begin(b, h);\n      Q.fill(0, size * state);",
    ],
    [
      "diagonal-not-corrected",
      "a token weighs in its own output as it does in later ones",
      "weights[q] = halves.own(token + q * heads) *",
      "weights[q] = later[q] *",
    ],
  ]),
  ...patchesOf("mamba3/chunked.wasm", "mamba3/wasm/turn.as.ts", [
    [
      "quarter-turns-one-way",
      "of four quarters of a turn the sine keeps its sign in the last",
      "const signS = i32x4.shl(v128.and(quarter, i32x4.splat(2)), 30);",
      "const signS = i32x4.shl(v128.and(i32x4.add(quarter, i32x4.splat(1)), i32x4.splat(2)), 30);",
    ],
    [
      "last-pairs-all-turned",
      "entries behind the last pair turn with what lies behind the angles",
      "i32x4.splat(pairs - j)",
      "i32x4.splat(4)",
    ],
  ]),
  ...patchesOf("mamba3/chunked.wasm", "mamba3/wasm/trapezoid.as.ts", [
    [
      "later-half-of-the-same-token",
      "what the next token adds of a token is weighed by the token's own lambda and step",
      "half(v128.load(args.dt + place + next), f32x4.neg(v128.load(args.trap + place + next)))",
      "half(v128.load(args.dt + place), f32x4.neg(v128.load(args.trap + place)))",
    ],
  ]),
  ...patchesOf("mamba3/chunked.native", "mamba3/native/chunked.c", [
    [
      "own-weights-forgotten",
      "a token weighs in its own output as it does in later ones",
      "  own_weights(a, row, count, slice.head, w);\n",
      "",
    ],
    [
      "angles-begin-anew-for-each-task",
      "the angles that a sequence starts from are left out",
      "a->initialAngles && j < a->pairs",
      "a->initialAngles && j < 0",
    ],
  ]),
  ...patchesOf("mamba3/chunked.native", "mamba3/native/turn.h", [
    [
      "pairs-turned-backwards",
      "pairs turn the other way round: queries and keys agree, and what is handed on does not",
      "signs[i] = i % 2 ? 1 : -1;",
      "signs[i] = i % 2 ? -1 : 1;",
    ],
  ]),
  ...patchesOf("mamba3/chunked.wasm", "ssd/wasm/weights.as.ts", [
    [
      "own-weight-of-the-first-column",
      "a token's own weight lands in the first column of its tile",
      "i * (i + 1) * 96 + s * 32 + (s % ROWS) * 4",
      "i * (i + 1) * 96 + (s % ROWS) * 4",
    ],
  ]),
];
