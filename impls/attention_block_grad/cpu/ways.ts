/** An attention block forward and backward on the cpu engine, around FlashAttention's form. */
import { attentionScale } from "../../attention/operator.js";
import { tiledCpu as map } from "../../attention/tiled.cpu.js";
import { turnsOf } from "../../attention_block/reference/rotary.js";
import { tiledCpu as gradient } from "../../attention_grad/tiled.cpu.js";
import { takeStep } from "../../blocks/cpu/gradients/elementwise.js";
import { Frame, type Named, type Ways } from "../../blocks/cpu/gradients/frame.js";
import type { Pair, Step } from "../../blocks/cpu/gradients/tape.js";
import { stageOf } from "../../blocks/cpu/stage.js";
import type { CpuEngine } from "../../engines/cpu.js";
import type { Problem } from "../../operator.js";
import type { AttentionBlockGrad } from "../operator.js";

export async function waysOf(
  engine: CpuEngine,
  problem: Problem<AttentionBlockGrad>,
  inputs: Named,
  outputs: Named,
): Promise<Ways> {
  const { batch, length, context, modelDim, heads, groups, headDim, inner, projected } = problem.dims;
  const { rotary, eps } = problem.settings;
  const frame = new Frame(inputs, outputs, { modelDim, tokens: batch * length, eps });
  const { tape } = frame;
  // 1. project
  const row = frame.begin(projected);
  const shared = groups * headDim;
  const [Q, K, V, y] = [inner, shared, shared, inner].map((numbers) => frame.perToken(numbers));
  tape.add(takeStep(row, { start: 0, width: inner, stride: projected }, Q));
  tape.add(takeStep(row, { start: inner, width: shared, stride: projected }, K));
  tape.add(takeStep(row, { start: inner + shared, width: shared, stride: projected }, V));
  // 4. positions, then attention
  if (rotary !== 0) {
    const turns = turnsOf(0, length, headDim, rotary);
    tape.add(turnStep(turns, length, heads, headDim, Q), turnStep(turns, length, groups, headDim, K));
  }
  const shape = {
    dims: { batch, length, context, heads, groups, headDim, headDimV: headDim },
    settings: { causal: true, scale: attentionScale(problem) },
  };
  const taken = { Q: Q.value, K: K.value, V: V.value };
  tape.add({
    forward: await stageOf(engine, map, { ...shape, inputs: taken, outputs: { Y: y.value } }),
    backward: await stageOf(engine, gradient, {
      ...shape,
      inputs: { ...taken, dY: y.grad },
      outputs: { dQ: Q.grad, dK: K.grad, dV: V.grad },
    }),
  });
  // 6. project
  return frame.end(y, inner);
}

/** Turns every pair of channels of heads that lie side by side in a token's row, in place; backward the other way. */
function turnStep(
  { cos, sin }: ReturnType<typeof turnsOf>,
  length: number,
  heads: number,
  headDim: number,
  of: Pair,
): Step {
  // rounded once: kernels elsewhere have tables of float32
  const [cosines, sines] = [Float32Array.from(cos), Float32Array.from(sin)];
  const half = Math.floor(headDim / 2);
  const turn = (rows: Float32Array, direction: number) => {
    for (let first = 0, head = 0; first < rows.length; first += headDim, head++) {
      const t = Math.floor(head / heads) % length;
      for (let i = 0; i < half; i++) {
        const [c, s] = [cosines[t * half + i], direction * sines[t * half + i]];
        const [a, b] = [rows[first + i], rows[first + half + i]];
        rows[first + i] = c * a - s * b;
        rows[first + half + i] = s * a + c * b;
      }
    }
  };
  return { forward: () => turn(of.value, 1), backward: () => turn(of.grad, -1) };
}
