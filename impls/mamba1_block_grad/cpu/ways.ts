/** A Mamba-1 block forward and backward on the cpu engine, around the scan and its gradient. */
import { convolutionStep } from "../../blocks/cpu/gradients/convolution.js";
import { curveStep, SILU, takeStep } from "../../blocks/cpu/gradients/elementwise.js";
import { Frame, type Named, type Ways } from "../../blocks/cpu/gradients/frame.js";
import { productStep } from "../../blocks/cpu/gradients/product.js";
import type { Pair, Step } from "../../blocks/cpu/gradients/tape.js";
import { stageOf } from "../../blocks/cpu/stage.js";
import type { CpuEngine } from "../../engines/cpu.js";
import type { Problem } from "../../operator.js";
import { recurrentCpu as map } from "../../selective_scan/recurrent.cpu.js";
import { scanCpu as gradient } from "../../selective_scan_grad/scan.cpu.js";
import type { Mamba1BlockGrad } from "../operator.js";

export async function waysOf(
  engine: CpuEngine,
  problem: Problem<Mamba1BlockGrad>,
  inputs: Named,
  outputs: Named,
): Promise<Ways> {
  const { batch, length, modelDim, inner, state, width, rank, projected, selected } = problem.dims;
  const frame = new Frame(inputs, outputs, { modelDim, tokens: batch * length, eps: problem.settings.eps });
  const { tape } = frame;
  // 1. project
  const row = frame.begin(projected);
  const [raw, z, convolved, u, delta, y] = [0, 0, 0, 0, 0, 0].map(() => frame.perToken(inner));
  tape.add(takeStep(row, { start: 0, width: inner, stride: projected }, raw));
  tape.add(takeStep(row, { start: inner, width: inner, stride: projected }, z));
  // 2. convolve
  const { convWeight, convBias } = inputs;
  const taps = {
    weight: convWeight!,
    dWeight: outputs.dconvWeight!,
    bias: convBias,
    dBias: outputs.dconvBias,
  };
  tape.add(convolutionStep({ length, channels: inner, width, ...taps }, raw, convolved));
  tape.add(curveStep(SILU, convolved, u));
  // 3. select
  const chosen = frame.perToken(selected);
  tape.add(productStep(frame.weighted("xProj", inner), u, chosen));
  const [low, B, C] = [rank, state, state].map((numbers) => frame.perToken(numbers));
  tape.add(takeStep(chosen, { start: 0, width: rank, stride: selected }, low));
  tape.add(takeStep(chosen, { start: rank, width: state, stride: selected }, B));
  tape.add(takeStep(chosen, { start: rank + state, width: state, stride: selected }, C));
  tape.add(productStep(frame.weighted("dtProj", rank), low, delta));
  // 4. map, with its gate
  tape.add(await mapStep(engine, problem, inputs, outputs, { u, delta, B, C, z }, y));
  // 6. project
  return frame.end(y, inner);
}

type MapInputs = Readonly<Record<"u" | "delta" | "B" | "C" | "z", Pair>>;

async function mapStep(
  engine: CpuEngine,
  problem: Problem<Mamba1BlockGrad>,
  { ALog, D, dtBias: deltaBias }: Named,
  outputs: Named,
  { u, delta, B, C, z }: MapInputs,
  Y: Pair,
): Promise<Step> {
  const { batch, length, inner, state } = problem.dims;
  const shape = {
    // one channel a head, all in one group
    dims: { batch, length, heads: inner, groups: 1, headDim: 1, state },
    settings: { softplus: true },
  };
  const [A, dA] = [new Float32Array(inner * state), new Float32Array(inner * state)];
  const taken = {
    ...{ u: u.value, delta: delta.value, B: B.value, C: C.value, z: z.value },
    ...{ A, D, deltaBias },
  };
  const finalState = new Float32Array(batch * inner * state);
  const forward = await stageOf(engine, map, {
    ...shape,
    inputs: taken,
    outputs: { Y: Y.value, finalState },
  });
  // the scan gives u a gradient of its own; what is selected from u adds another
  const du = new Float32Array(u.grad.length);
  const backward = await stageOf(engine, gradient, {
    ...shape,
    inputs: { ...taken, dY: Y.grad },
    outputs: {
      ...{ du, ddelta: delta.grad, dA, dB: B.grad, dC: C.grad, dz: z.grad },
      ...{ dD: outputs.dD!, ddeltaBias: outputs.ddtBias! },
    } as never,
  });
  return {
    forward() {
      for (let i = 0; i < A.length; i++) A[i] = -Math.exp(ALog![i]);
      forward();
    },
    backward() {
      backward();
      for (let i = 0; i < du.length; i++) u.grad[i] += du[i];
      // A = -exp(ALog) is its own slope
      for (let i = 0; i < A.length; i++) outputs.dALog![i] = A[i] * dA[i];
    },
  };
}
