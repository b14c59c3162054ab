/** A Mamba-2 block forward and backward on the cpu engine, around a form of its sequence map. */

import type { WaysOf } from "../../blocks/cpu/gradients/both-ways.js";
import { convolutionStep } from "../../blocks/cpu/gradients/convolution.js";
import {
  CURVES,
  curveStep,
  gateStep,
  putStep,
  SILU,
  spreadStep,
  takeStep,
} from "../../blocks/cpu/gradients/elementwise.js";
import { Frame, type Named, type Ways } from "../../blocks/cpu/gradients/frame.js";
import { normStep } from "../../blocks/cpu/gradients/norm.js";
import { productStep } from "../../blocks/cpu/gradients/product.js";
import type { Pair } from "../../blocks/cpu/gradients/tape.js";
import type { CpuEngine } from "../../engines/cpu.js";
import { partsOf } from "../../mamba2_block/operator.js";
import type { Problem } from "../../operator.js";
import type { Mamba2BlockGrad } from "../operator.js";
import { slopedFeature } from "../reference/features.js";
import { type Forms, mapStep } from "./map.js";

/** Both ways of a problem around these forms of the map. */
export function waysAround(forms: Forms): WaysOf<Mamba2BlockGrad> {
  return (engine, problem, inputs, outputs) => waysOf(forms, engine, problem, inputs, outputs);
}

async function waysOf(
  forms: Forms,
  engine: CpuEngine,
  problem: Problem<Mamba2BlockGrad>,
  inputs: Named,
  outputs: Named,
): Promise<Ways> {
  const { batch, length, modelDim, inner, groups, channels, projected, width } = problem.dims;
  const { settings } = problem;
  const { mlp, z: mapped } = partsOf(problem.dims, settings);
  const sizes = { modelDim, tokens: batch * length, eps: settings.eps };
  const frame = new Frame(inputs, outputs, sizes);
  const { tape } = frame;
  const column = (start: number, width: number) => ({ start, width, stride: projected });
  // 1. project
  const row = frame.begin(projected);
  const [z, raw, convolved] = [mapped, channels, channels].map((numbers) => frame.perToken(numbers));
  tape.add(takeStep(row, column(2 * mlp, mapped), z), takeStep(row, column(2 * mlp + mapped, channels), raw));
  // 2. convolve
  const { convWeight, convBias } = inputs;
  const taps = {
    weight: convWeight!,
    dWeight: outputs.dconvWeight!,
    bias: convBias,
    dBias: outputs.dconvBias,
  };
  tape.add(convolutionStep({ length, channels, width, ...taps }, raw, convolved));
  // 3. select, 4. map
  const map = select(frame, problem, row, convolved);
  const y = frame.perToken(mapped);
  tape.add(await mapStep(forms, engine, problem, inputs, outputs, map, y));
  // 5. gate and norm, the MLP in front
  const gated = frame.perToken(mapped);
  const size = mapped / (settings.normGroups || groups);
  const { normWeight } = inputs;
  if (normWeight) {
    const weights = { weight: normWeight, dWeight: outputs.dnormWeight! };
    const order = { gate: z, gateLast: settings.normBeforeGate };
    tape.add(normStep({ ...weights, ...order, size, eps: settings.eps }, y, gated));
  } else tape.add(gateStep(z, y, gated));
  const rows = frame.perToken(inner);
  if (mlp > 0) {
    const [z0, x0, side] = [mlp, mlp, mlp].map((numbers) => frame.perToken(numbers));
    tape.add(takeStep(row, column(0, mlp), z0), takeStep(row, column(mlp, mlp), x0));
    tape.add(gateStep(z0, x0, side), putStep(side, { start: 0, width: mlp, stride: inner }, rows));
  }
  tape.add(putStep(gated, { start: mlp, width: mapped, stride: inner }, rows));
  // 6. project
  return frame.end(rows, inner);
}

/** x, B, C for each head or group of the map, and dt, from what lies behind the convolution. */
function select(frame: Frame, problem: Problem<Mamba2BlockGrad>, row: Pair, convolved: Pair) {
  const { tape } = frame;
  const { heads, groups, headDim, state, channels, projected, selected } = problem.dims;
  const parts = partsOf(problem.dims, problem.settings);
  const mapGroups = problem.settings.pattern === 0 ? groups : heads;
  const rawX = frame.perToken(parts.x);
  const x = frame.perToken(parts.x);
  tape.add(
    takeStep(convolved, { start: 0, width: parts.x, stride: channels }, rawX),
    curveStep(SILU, rawX, x),
  );
  const chosen = frame.inputs.xProj && frame.perToken(selected);
  if (chosen) tape.add(productStep(frame.weighted("xProj", channels), x, chosen));
  const [from, stride, first] = chosen ? [chosen, selected, 0] : [convolved, channels, parts.x];
  const [steps, stepStride] = chosen ? [chosen, selected] : [row, projected];
  const [X, dt] = [frame.perToken(parts.z), frame.perToken(heads)];
  tape.add(spreadStep(x, { start: 0, width: parts.x, stride: parts.x }, headDim, heads, X));
  tape.add(takeStep(steps, { start: stepStride - heads, width: heads, stride: stepStride }, dt));
  const shared = (start: number, width: number) => {
    const [raw, spread] = [frame.perToken(mapGroups * state), frame.perToken(mapGroups * state)];
    tape.add(spreadStep(from, { start, width, stride }, state, mapGroups, raw));
    tape.add(curveStep(CURVES[slopedFeature(problem.settings)], raw, spread));
    return spread;
  };
  return { X, B: shared(first, parts.B), C: shared(first + parts.B, parts.C), dt };
}
