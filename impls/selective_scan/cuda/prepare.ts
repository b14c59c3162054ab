/** The scan as a walk over tokens (recurrence/cuda): a decay for each element of the state. */
import type { CudaEngine } from "../../engines/cuda.js";
import type { Problem } from "../../operator.js";
import type { Asked } from "../../recurrence/cuda/asked.js";
import { keptBytes } from "../../recurrence/cuda/documents.js";
import type { Cut } from "../../recurrence/cuda/plan.js";
import { addWalk } from "../../recurrence/cuda/prepare.js";
import { type SelectiveScan, selectiveScan } from "../operator.js";

export function askedOf({ dims, inputs, settings, dtype }: Problem<SelectiveScan>): Asked {
  return {
    ...{ dims, dtype, sharedDecay: false, rates: false, step: true, limits: false },
    constantB: inputs.B?.axes[0] === "heads",
    constantC: inputs.C?.axes[0] === "heads",
    documents: inputs.documents !== undefined,
    gated: inputs.D !== undefined || inputs.z !== undefined,
    skip: inputs.D ? 2 : 0,
    z: inputs.z !== undefined,
    bias: inputs.deltaBias !== undefined,
    initialState: inputs.initialState !== undefined,
    softplus: settings.softplus,
  };
}

export function prepareScan(engine: CudaEngine, problem: Problem<SelectiveScan>, cut: Cut) {
  const stage = engine.stage(selectiveScan, problem);
  const names = ["u", "delta", "A", "B", "C", "D", "z", "deltaBias", "initialState"] as const;
  const kept = keptBytes(problem);
  const segments = addWalk(engine, stage, askedOf(problem), cut, {
    inputs: names.map((name) => stage.input(name)),
    kept: kept ? stage.upload("documents", kept) : 0n,
    Y: stage.output("Y"),
    finalState: stage.output("finalState", "f32"),
  });
  return stage.prepared({ segments });
}
