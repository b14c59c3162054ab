/** Bugs in the way back through a block: its output is right, and what a model would learn from it is not. */
import { type Patch, patchesOf } from "./patch.js";

export const blocksBackward: readonly Patch[] = [
  ...patchesOf("mamba2_block_grad/chunked.cpu", "blocks/cpu/gradients/norm.ts", [
    [
      "backward-norm-without-mean",
      "a number is not told that it moves the mean of its group",
      "dOut[i] * weight[channel + i] - (along / size) * normed[i] * inverse)",
      "dOut[i] * weight[channel + i])",
    ],
    [
      "backward-norm-gate-without-slope",
      "the gate in front of a norm gets the norm's cotangent times silu instead of its slope",
      "dNormed[i] * from.value[start + i] * siluSlope(z!)",
      "dNormed[i] * from.value[start + i] * silu(z!)",
    ],
  ]),
  ...patchesOf("mamba2_block_grad/chunked.cpu", "mamba2_block_grad/cpu/ways.ts", [
    [
      "backward-gate-order",
      "norm and gate stand in the other order, forward and back",
      "gateLast: settings.normBeforeGate }",
      "gateLast: !settings.normBeforeGate }",
    ],
  ]),
  ...patchesOf("mamba2_block_grad/chunked.cpu", "mamba2_block_grad/cpu/map.ts", [
    [
      "backward-without-dt-bias",
      "the gradient of dt's bias is dropped",
      "ddtBias: outputs.ddtBias!",
      "ddtBias: outputs.ddtBias!.slice()",
    ],
    [
      "backward-rate-for-logarithm",
      "ALog is given the gradient of A",
      "outputs.dALog![h] = A[h] * dA[h];",
      "outputs.dALog![h] = dA[h];",
    ],
    [
      "backward-first-state-of-one",
      "a learnable initial state learns from the first sequence alone",
      "for (let at = i; at < from.length; at += to.length) sum += from[at];",
      "sum += from[i];",
    ],
  ]),
  ...patchesOf("mamba2_block_grad/recurrent.cpu", "blocks/cpu/gradients/elementwise.ts", [
    [
      "backward-last-of-group",
      "B, C or x that several heads share learn from the last of them alone",
      "visit((at, i) => {\n        from.grad[at] += to.grad[i];\n      }),",
      "visit((at, i) => {\n        from.grad[at] = to.grad[i];\n      }),",
    ],
  ]),
  ...patchesOf("mamba2_block_grad/recurrent.cpu", "blocks/cpu/gradients/convolution.ts", [
    [
      "backward-taps-over-sequences",
      "the convolution's taps reach into the sequence before",
      "Math.max(0, width - 1 - (row % length))",
      "Math.max(0, width - 1 - row)",
    ],
  ]),
  ...patchesOf("mamba1_block_grad/scan.cpu", "blocks/cpu/gradients/product.ts", [
    [
      "backward-scan-forgotten",
      "x learns through the steps, B and C that are selected from it, and no longer through the scan",
      "from.grad[i] += through[i];",
      "from.grad[i] = through[i];",
    ],
  ]),
  ...patchesOf("mamba1_block_grad/scan.cpu", "blocks/cpu/gradients/frame.ts", [
    [
      "backward-without-residual",
      "what goes around a layer does not come back",
      "this.#isLayer && u.grad.set(Y.grad)",
      "{}",
    ],
  ]),
  ...patchesOf("attention_block_grad/tiled.cpu", "attention_block_grad/cpu/ways.ts", [
    [
      "backward-turned-twice",
      "cotangents of queries and keys are turned forward instead of back",
      "backward: () => turn(of.grad, -1)",
      "backward: () => turn(of.grad, 1)",
    ],
  ]),
  ...patchesOf("mamba2_block_grad/chunked.native", "blocks/native/product.c", [
    [
      "backward-turned-weight-in-rows",
      "a weight that lies turned around is read as if its rows followed each other",
      "a->W + k * a->rowW + first, 4 * count",
      "a->W + k * a->columns + first, 4 * count",
    ],
  ]),
  ...patchesOf("mamba2_block_grad/chunked.native", "blocks/native/gradients/norm.c", [
    [
      "backward-last-run-forgotten",
      "a norm's weight does not learn from the last run of tokens",
      "for (int64_t i = 0; i < tasks_of(a); i++) total",
      "for (int64_t i = 0; i < tasks_of(a) - (tasks_of(a) > 1); i++) total",
    ],
  ]),
];
