/** The scan form in tensor ops: the "Scan (PyTorch)" curve of the paper's figure 10, which materialises every state. */
import type { Tensor } from "@tensorflow/tfjs-core";
import { f32Rounding } from "../bound.js";
import type { Differentiable, TensorProgram } from "../engines/tfjs.js";
import { implementation, tooLarge } from "../implementation.js";
import { type Problem, shapeOf } from "../operator.js";
import {
  associativeScan,
  channelsTogether,
  SCAN_COPIES,
  scanRoundings,
} from "../recurrence/associative-scan.js";
import { gated, keptPast } from "../recurrence/gated.js";
import { type SelectiveScan, selectiveScan } from "./operator.js";

/** Channels of one group that are scanned together. */
function together({ dims }: Pick<Problem, "dims">): number {
  return channelsTogether((dims.heads * dims.headDim) / dims.groups, dims.length, dims.state);
}

function stateBytes(problem: Pick<Problem, "dims">): number {
  return 4 * problem.dims.length * problem.dims.state * together(problem);
}

export const scanTfjs = implementation(selectiveScan, "tfjs", {
  form: "scan",
  takes: ["documents"],
  source: "arXiv 2312.00752, section 3.3.2; Blelloch 1990 (impls/recurrence/associative-scan.ts)",
  // what a reset or a border hides is multiplied by 0
  nonFinite: { borders: true },
  rounding: ({ dims }) => f32Rounding(scanRoundings(dims.length)),
  unsupported: (problem) => tooLarge("the states of one channel (length x state)", stateBytes(problem)),
  prepare: (engine, problem) => engine.prepared(selectiveScan, problem, scanProgram(engine, problem)),
});

/** The same as a program, which is differentiable where the engine's `pieces` are. */
export function scanProgram(
  engine: Differentiable,
  problem: Problem<SelectiveScan>,
): TensorProgram<SelectiveScan, Record<string, never>> {
  const { tf, pieces } = engine;
  const { batch, length, heads, groups, headDim, state } = problem.dims;
  const width = together(problem);
  const blocks = (heads * headDim) / width;
  const constant = { B: problem.inputs.B!.axes[0] !== "batch", C: problem.inputs.C!.axes[0] !== "batch" };

  /**
   * @param u, delta (t, d) @param A (1, d, n) @param B, C (t, 1, n), or (1, d, n) when constant @param S0 (1, 1, dn)
   * @param kept (t, 1, 1), 0 where a document begins */
  const scanned = (
    u: Tensor,
    delta: Tensor,
    A: Tensor,
    B: Tensor,
    C: Tensor,
    S0: Tensor,
    kept: Tensor | undefined,
  ) => {
    const rows = (tensor: Tensor) => tf.reshape(tensor, [length, 1, width * state]);
    // 1. discretise: a = exp(delta A), b = delta B u
    const decays = tf.exp(tf.mul(tf.reshape(delta, [length, width, 1]), A));
    const a = kept ? tf.mul(decays, kept) : decays;
    const b = tf.mul(tf.reshape(tf.mul(delta, u), [length, width, 1]), B);
    // 2. all states
    const S = associativeScan(engine, rows(a), rows(b), S0);
    for (const tensor of [a, b]) tensor.dispose();
    // 3. read them out
    const Y = tf.sum(tf.mul(tf.reshape(S, [length, width, state]), C), 2);
    return { Y, S: tf.slice(S, [length - 1, 0, 0], [1, 1, width * state]) };
  };

  return {
    scratchBytes: (2 + SCAN_COPIES) * stateBytes(problem),
    compute({ u, delta, A, B, C, D, z, deltaBias, initialState, documents }) {
      const biased = deltaBias ? tf.add(delta, deltaBias) : delta;
      const steps = problem.settings.softplus ? tf.softplus(biased) : biased;
      // (b t d) -> a piece (t, columns) for each batch and block of channels
      const byColumns = (tensor: Tensor, parts: number) =>
        pieces(
          tf.reshape(tf.transpose(tf.reshape(tensor, [batch, length, parts, -1]), [0, 2, 1, 3]), [
            batch * parts,
            length,
            -1,
          ]),
        );
      const us = byColumns(u, blocks);
      const deltas = byColumns(steps, blocks);
      const perChannel = (tensor: Tensor) => pieces(tf.reshape(tensor, [blocks, 1, width, state]));
      const As = perChannel(A);
      const perGroup = (tensor: Tensor) =>
        byColumns(tensor, groups).map((columns) => tf.reshape(columns, [length, 1, state]));
      const Bs = constant.B ? perChannel(B) : perGroup(B);
      const Cs = constant.C ? perChannel(C) : perGroup(C);
      const shape = [batch * blocks, 1, 1, width * state];
      const starts = pieces(initialState ? tf.reshape(initialState, shape) : tf.zeros(shape));
      const kept = documents && pieces(tf.reshape(keptPast(tf, documents), [batch, length, 1, 1]));
      const parts = us.map((part, i) => {
        const block = i % blocks;
        const group = Math.floor((i * groups) / blocks);
        return tf.tidy(() =>
          scanned(
            part,
            deltas[i],
            As[block],
            Bs[constant.B ? block : group],
            Cs[constant.C ? block : group],
            starts[i],
            kept?.[Math.floor(i / blocks)],
          ),
        );
      });
      const byBlock = tf.reshape(tf.stack(parts.map(({ Y }) => Y)), [batch, blocks, length, width]);
      const Y = tf.reshape(tf.transpose(byBlock, [0, 2, 1, 3]), [batch, length, heads, headDim]);
      const finalState = tf.reshape(
        tf.concat(parts.map(({ S }) => S)),
        shapeOf(selectiveScan.outputs.finalState, problem.dims),
      );
      return { Y: gated(tf, Y, u, D, z), finalState };
    },
  };
}
