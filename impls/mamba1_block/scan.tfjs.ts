/** The block in tensor ops around the scan that makes every state. */
import { columns, convolved, finished, linear, programOf, projected, silu } from "../blocks/tfjs/stages.js";
import { implementation } from "../implementation.js";
import { scanTfjs as map } from "../selective_scan/scan.tfjs.js";
import { scanProblem } from "./cpu/scan-problem.js";
import { mamba1Block } from "./operator.js";

export const scanTfjs = implementation(mamba1Block, "tfjs", {
  form: "scan",
  source: `arXiv 2312.00752, section 3.4 and figure 3, around ${map.source}`,
  nonFinite: map.nonFinite!,
  rounding: (problem) => map.rounding(scanProblem(problem), {}),
  unsupported: (problem) => map.unsupported?.(scanProblem(problem), {}),
  async prepare(engine, problem) {
    const { tf } = engine;
    const { batch, length, inner, state, rank } = problem.dims;
    const scan = await programOf(engine, map, scanProblem(problem));
    return engine.prepared(mamba1Block, problem, {
      ...(scan.constants && { constants: () => scan.constants!() }),
      scratchBytes: scan.scratchBytes + 4 * batch * length * 12 * inner,
      compute(inputs, constants) {
        // 1. project
        const rows = projected(tf, inputs, problem.settings.eps);
        // 2. convolve
        const raw = tf.reshape(columns(tf, rows, 0, inner), [batch, length, inner]);
        const { Y: sums, last } = convolved(tf, raw, inputs);
        const u = silu(tf, tf.reshape(sums, [-1, inner]));
        // 3. select
        const chosen = linear(tf, u, inputs.xProj);
        const of = (first: number, count: number) => columns(tf, chosen, first, count);
        const shaped = (value: typeof u) => tf.reshape(value, [batch, length, 1, -1]);
        // 4. map, with the gate
        const { Y, finalState } = scan.compute(
          {
            u: shaped(u),
            delta: shaped(linear(tf, of(0, rank), inputs.dtProj)),
            A: tf.reshape(tf.neg(tf.exp(inputs.ALog)), [1, inner, state]),
            B: shaped(of(rank, state)),
            C: shaped(of(rank + state, state)),
            D: tf.reshape(inputs.D, [1, inner]),
            z: shaped(columns(tf, rows, inner, inner)),
            deltaBias: tf.reshape(inputs.dtBias, [1, inner]),
            initialState: inputs.initialState && tf.reshape(inputs.initialState, [batch, 1, inner, state]),
          } as never,
          constants,
        );
        // 6. project
        return {
          Y: finished(tf, inputs, tf.reshape(Y, [-1, inner])),
          finalState: tf.reshape(finalState, [batch, inner, state]),
          finalConv: last,
        };
      },
    });
  },
});
