/** A gated MLP forward and backward on the cpu engine. */
import { gateStep, takeStep } from "../../blocks/cpu/gradients/elementwise.js";
import { Frame, type Named, type Ways } from "../../blocks/cpu/gradients/frame.js";
import type { CpuEngine } from "../../engines/cpu.js";
import type { Problem } from "../../operator.js";
import type { SwigluBlockGrad } from "../operator.js";

export async function waysOf(
  _engine: CpuEngine,
  problem: Problem<SwigluBlockGrad>,
  inputs: Named,
  outputs: Named,
): Promise<Ways> {
  const { batch, length, modelDim, inner, projected } = problem.dims;
  const frame = new Frame(inputs, outputs, {
    modelDim,
    tokens: batch * length,
    eps: problem.settings.eps,
  });
  // 1. project
  const row = frame.begin(projected);
  const [gate, up, gated] = [0, 0, 0].map(() => frame.perToken(inner));
  frame.tape.add(takeStep(row, { start: 0, width: inner, stride: projected }, gate));
  frame.tape.add(takeStep(row, { start: inner, width: inner, stride: projected }, up));
  // 5. gate
  frame.tape.add(gateStep(gate, up, gated));
  // 6. project
  return frame.end(gated, inner);
}
