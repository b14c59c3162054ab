/** Bugs in what the engine cpu puts blocks together with: parts are right, and the whole is not. */
import { type Patch, patchesOf } from "./patch.js";

export const blocksOnCpu: readonly Patch[] = [
  ...patchesOf("mamba2_block/chunked.cpu", "mamba2_block/cpu/composed.ts", [
    [
      "block-mlp-halves-swapped",
      "the gated MLP beside the map gates with x0 and multiplies with z0",
      "silu(row[t * projected + i]) * row[t * projected + mlp + i]",
      "row[t * projected + i] * silu(row[t * projected + mlp + i])",
    ],
    [
      "block-conv-starts-from-zeros",
      "the convolution's last inputs of the tokens before are not handed on",
      "      initialState: inputs.initialConv,",
      "      initialState: undefined,",
    ],
    [
      "block-norm-in-one-group",
      "the norm takes its mean over all channels where groups of heads have their own",
      "groups: settings.normGroups || groups, headDim },",
      "groups: settings.normGroups || 1, headDim },",
    ],
    [
      "block-norm-before-gate",
      "norm and gate stand in the other order",
      "settings: { normBeforeGate: settings.normBeforeGate, eps: settings.eps },",
      "settings: { normBeforeGate: !settings.normBeforeGate, eps: settings.eps },",
    ],
    [
      "block-without-dt-bias",
      "the steps are made without their bias",
      "inputs: { X, logA: A, B, C, dt, dtBias, D, initialState, documents },",
      "inputs: { X, logA: A, B, C, dt, D, initialState, documents },",
    ],
    [
      "block-map-over-documents",
      "the convolution ends with a document, the state does not",
      "inputs: { X, logA: A, B, C, dt, dtBias, D, initialState, documents },",
      "inputs: { X, logA: A, B, C, dt, dtBias, D, initialState },",
    ],
    [
      "block-linear-rates",
      "A is taken for its own logarithm",
      "A[h] = -Math.exp(ALog[h]);",
      "A[h] = -ALog[h];",
    ],
    [
      "block-first-state-for-one",
      "the learnable initial state is given to the first sequence alone",
      "for (let b = 0; b < batch; b++)",
      "for (let b = 0; b < 1; b++)",
    ],
  ]),
  ...patchesOf("mamba2_block/chunked.cpu", "mamba2_block/cpu/features.ts", [
    [
      "block-layer-norm-keeps-mean",
      "a layer norm divides by the deviation and leaves the mean",
      "rows[i] = (rows[i] - mean) * factor;",
      "rows[i] = rows[i] * factor;",
    ],
    [
      "block-features-of-another-size",
      "random features are divided by their number instead of its root",
      "share * squares) / root;",
      "share * squares) / state;",
    ],
    [
      "block-features-without-square",
      "random features leave out the square of what they are made of",
      "Math.exp(product[i] - share * squares)",
      "Math.exp(product[i])",
    ],
  ]),
  ...patchesOf("mamba2_block/recurrent.cpu", "blocks/cpu/product.ts", [
    [
      "product-last-rows-without-bias",
      "the rows that four at a time leave over get no bias",
      "put(r, sum);",
      "to[y + r] = sum + (residual ? residual[y + r] : 0);",
    ],
    [
      "product-last-column-dropped",
      "a row that is no multiple of four loses its last column",
      "for (let i = 0; i < columns; i++) sum +=",
      "for (let i = 0; i < columns - 1; i++) sum +=",
    ],
  ]),
  ...patchesOf("mamba1_block/recurrent.cpu", "mamba1_block/recurrent.cpu.ts", [
    [
      "block-b-for-c",
      "rows of xProj are read as dt, C, B",
      "takeColumns(chosen, { start: rank, width: state, stride: selected }, B);",
      "takeColumns(chosen, { start: rank, width: state, stride: selected }, C);",
    ],
  ]),
  ...patchesOf("attention_block/tiled.cpu", "attention_block/tiled.cpu.ts", [
    [
      "block-positions-from-zero",
      "a token behind a cache is turned as if it were the first",
      "const first = inputs.keys ? context : 0;",
      "const first = 0;",
    ],
    [
      "block-keys-unturned",
      "queries have positions and keys have none",
      "turn(outputs.newKeys, groups, headDim);",
      "",
    ],
  ]),
  ...patchesOf("swiglu_block/fused.cpu", "swiglu_block/fused.cpu.ts", [
    [
      "block-gate-and-up-swapped",
      "the first half of the rows is multiplied and the second gates",
      "silu(row[c]) * row[c + inner]",
      "row[c] * silu(row[c + inner])",
    ],
  ]),
];
