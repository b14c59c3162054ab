/** An attention block on the cpu engine: FlashAttention's form over the tokens of a sequence, the decoding kernel over a cache. */

import { attention, attentionScale } from "../attention/operator.js";
import { tiledCpu as map } from "../attention/tiled.cpu.js";
import { materialisedCpu as step } from "../attention_decode/materialised.cpu.js";
import { takeColumns } from "../blocks/cpu/columns.js";
import { hostFront } from "../blocks/cpu/front.js";
import { multiply } from "../blocks/cpu/product.js";
import { stageOf, stageProblem } from "../blocks/cpu/stage.js";
import type { CpuEngine } from "../engines/cpu.js";
import { implementation } from "../implementation.js";
import type { Problem } from "../operator.js";
import { type AttentionBlock, attentionBlock } from "./operator.js";
import { turnsOf } from "./reference/rotary.js";

/** What is attended to: the tokens themselves, or a cache and the token. */
function mapDims({ dims: { batch, length, context, heads, groups, headDim } }: Problem<AttentionBlock>) {
  return { batch, length, context, heads, groups, headDim, headDimV: headDim };
}

export const tiledCpu = implementation(attentionBlock, "cpu", {
  form: "tiled",
  source: `arXiv 1706.03762, section 3.2, grouped heads of arXiv 2305.13245, positions of arXiv 2104.09864; around ${map.source}`,
  rounding: (problem, chosen) =>
    map.rounding(stageProblem(attention, { dims: mapDims(problem), inputs: {} }), chosen),
  async prepare(engine, problem) {
    const { batch, length, context, modelDim, heads, groups, headDim, inner, projected } = problem.dims;
    const inputs = engine.inputs(attentionBlock, problem);
    const outputs = engine.outputs(attentionBlock, problem);
    const front = await hostFront(engine, problem.dims, inputs.u, inputs.preNorm, problem.settings.eps);
    const tokens = batch * length;
    const row = new Float32Array(tokens * projected);
    const [Q, y] = [new Float32Array(tokens * inner), new Float32Array(tokens * inner)];
    const attend = await attended(engine, problem, Q, inputs, outputs, y);
    const { rotary } = problem.settings;
    const first = inputs.keys ? context : 0;
    const turn = rotary === 0 ? () => {} : turner(turnsOf(first, length, headDim, rotary), length);

    return engine.prepared(attentionBlock, problem, outputs, () => {
      // 1. project
      front.run();
      multiply({ W: inputs.inProj, columns: modelDim, bias: inputs.inBias }, front.v, row);
      takeColumns(row, { start: 0, width: inner, stride: projected }, Q);
      takeColumns(row, { start: inner, width: groups * headDim, stride: projected }, outputs.newKeys);
      takeColumns(
        row,
        { start: inner + groups * headDim, width: groups * headDim, stride: projected },
        outputs.newValues,
      );
      // 4. positions, then attention
      turn(Q, heads, headDim);
      turn(outputs.newKeys, groups, headDim);
      attend();
      // 6. project
      const { residual } = front;
      multiply({ W: inputs.outProj, columns: inner, bias: inputs.outBias, residual }, y, outputs.Y);
    });
  },
});

/** @param Y (batch, length, heads, headDim) */
function attended(
  engine: CpuEngine,
  problem: Problem<AttentionBlock>,
  Q: Float32Array,
  { keys, values }: { readonly keys: Float32Array | undefined; readonly values: Float32Array | undefined },
  { newKeys, newValues }: { readonly newKeys: Float32Array; readonly newValues: Float32Array },
  Y: Float32Array,
): Promise<() => void> {
  const dims = mapDims(problem);
  const scale = attentionScale(problem);
  if (!keys || !values)
    return stageOf(engine, map, {
      ...{ dims, settings: { causal: true, scale } },
      inputs: { Q, K: newKeys, V: newValues },
      outputs: { Y },
    });
  return stageOf(engine, step, {
    ...{ dims, settings: { scale } },
    inputs: { Q, K: keys, V: values, k: newKeys, v: newValues },
    outputs: { Y },
  });
}

/** Turns every pair of channels of heads that lie side by side in a token's row, in place. */
function turner({ cos, sin }: ReturnType<typeof turnsOf>, length: number) {
  // rounded once: kernels elsewhere have tables of float32
  const [cosines, sines] = [Float32Array.from(cos), Float32Array.from(sin)];
  return (rows: Float32Array, heads: number, headDim: number) => {
    const half = Math.floor(headDim / 2);
    for (let first = 0, head = 0; first < rows.length; first += headDim, head++) {
      const t = Math.floor(head / heads) % length;
      for (let i = 0; i < half; i++) {
        const [c, s] = [cosines[t * half + i], sines[t * half + i]];
        const [a, b] = [rows[first + i], rows[first + half + i]];
        rows[first + i] = c * a - s * b;
        rows[first + half + i] = s * a + c * b;
      }
    }
  };
}
