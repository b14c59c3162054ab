/** ssd as a walk over tokens (recurrence/cuda): one decay a token and head. */
import type { CudaEngine } from "../../engines/cuda.js";
import type { Problem } from "../../operator.js";
import type { Asked } from "../../recurrence/cuda/asked.js";
import { keptBytes } from "../../recurrence/cuda/documents.js";
import type { Cut } from "../../recurrence/cuda/plan.js";
import { addWalk } from "../../recurrence/cuda/prepare.js";
import { type Ssd, ssd } from "../operator.js";

export function askedOf({ dims, inputs, settings, dtype }: Problem<Ssd>): Asked {
  const step = inputs.dt !== undefined;
  const { softplus, dtMin, dtMax } = settings;
  return {
    ...{ dims, dtype, sharedDecay: true, constantB: false, constantC: false, step },
    rates: inputs.logA?.axes.length === 1,
    documents: inputs.documents !== undefined,
    gated: inputs.D !== undefined || inputs.z !== undefined,
    skip: inputs.D === undefined ? 0 : inputs.D.axes.length === 1 ? 1 : 2,
    z: inputs.z !== undefined,
    bias: inputs.dtBias !== undefined,
    initialState: inputs.initialState !== undefined,
    softplus: step && softplus,
    limits: step && (dtMin > 0 || dtMax > 0),
  };
}

export function prepareWalk(engine: CudaEngine, problem: Problem<Ssd>, cut: Cut) {
  const { dtMin, dtMax } = problem.settings;
  const stage = engine.stage(ssd, problem);
  const names = ["X", "dt", "logA", "B", "C", "D", "z", "dtBias", "initialState"] as const;
  const kept = keptBytes(problem);
  const tensors = {
    inputs: names.map((name) => stage.input(name)),
    kept: kept ? stage.upload("documents", kept) : 0n,
    Y: stage.output("Y"),
    finalState: stage.output("finalState", "f32"),
  };
  // a dtMax of 0 stands for none
  const limits = { least: dtMin, most: dtMax || Number.POSITIVE_INFINITY };
  const segments = addWalk(engine, stage, askedOf(problem), cut, tensors, limits);
  return stage.prepared({ segments });
}
