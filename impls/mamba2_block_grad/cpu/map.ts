/** The sequence map inside of a Mamba-2 block, forward by ssd and backward by ssd_grad. */

import type { Named } from "../../blocks/cpu/gradients/frame.js";
import type { Pair, Step } from "../../blocks/cpu/gradients/tape.js";
import { stageOf } from "../../blocks/cpu/stage.js";
import type { CpuEngine } from "../../engines/cpu.js";
import type { Implementation } from "../../implementation.js";
import type { Problem } from "../../operator.js";
import type { Ssd } from "../../ssd/operator.js";
import type { SsdGrad } from "../../ssd_grad/operator.js";
import type { Mamba2BlockGrad } from "../operator.js";

/** One form of the map and of its gradient. */
export interface Forms {
  readonly map: Implementation<Ssd, "cpu">;
  readonly gradient: Implementation<SsdGrad, "cpu">;
}

/** What the map is given, and what is made of it for each token. */
export interface MapInputs {
  readonly X: Pair;
  readonly B: Pair;
  readonly C: Pair;
  readonly dt: Pair;
}

export async function mapStep(
  { map, gradient }: Forms,
  engine: CpuEngine,
  problem: Problem<Mamba2BlockGrad>,
  inputs: Named,
  outputs: Named,
  { X, B, C, dt }: MapInputs,
  Y: Pair,
): Promise<Step> {
  const { batch, length, heads, headDim, state } = problem.dims;
  const groups = problem.settings.pattern === 0 ? problem.dims.groups : heads;
  const { dtMin, dtMax } = problem.settings;
  const shape = {
    dims: { batch, length, heads, groups, headDim, state },
    settings: { softplus: true, dtMin, dtMax },
    layouts: { logA: ["heads"], D: problem.inputs.D!.axes },
  };
  const { ALog, dtBias, D, initialState: given } = inputs;
  const [A, dA] = [new Float32Array(heads), new Float32Array(heads)];
  const size = heads * headDim * state;
  const isShared = problem.inputs.initialState?.axes[0] === "heads";
  const initialState = given && (isShared ? new Float32Array(batch * size) : given);
  const dinitialState = given && (isShared ? new Float32Array(batch * size) : outputs.dinitialState);
  const values = { logA: A, dtBias: dtBias!, D, initialState };
  const taken = { ...values, X: X.value, B: B.value, C: C.value, dt: dt.value };
  const finalState = new Float32Array(batch * size);
  const forward = await stageOf(engine, map, {
    ...shape,
    inputs: taken,
    outputs: { Y: Y.value, finalState },
  });
  const made = { dX: X.grad, dB: B.grad, dC: C.grad, ddt: dt.grad };
  const backward = await stageOf(engine, gradient, {
    ...shape,
    inputs: { ...taken, dY: Y.grad },
    outputs: { ...made, dlogA: dA, dD: outputs.dD!, ddtBias: outputs.ddtBias!, dinitialState } as never,
  });
  return {
    forward() {
      for (let h = 0; h < heads; h++) A[h] = -Math.exp(ALog![h]);
      if (isShared) for (let b = 0; b < batch; b++) initialState!.set(given!, b * size);
      forward();
    },
    backward() {
      backward();
      // A = -exp(ALog) is its own slope
      for (let h = 0; h < heads; h++) outputs.dALog![h] = A[h] * dA[h];
      if (isShared) addBatches(dinitialState!, outputs.dinitialState!);
    },
  };
}

/** Sums over the batch, which is the outermost axis. */
function addBatches(from: Float32Array, to: Float32Array): void {
  for (let i = 0; i < to.length; i++) {
    let sum = 0;
    for (let at = i; at < from.length; at += to.length) sum += from[at];
    to[i] = sum;
  }
}
