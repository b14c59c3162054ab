/** What every form on the host begins with: a problem's tensors, and what stands before and behind the map. */
import type { CpuEngine } from "../../engines/cpu.js";
import type { Problem } from "../../operator.js";
import { type Mamba3, mamba3 } from "../operator.js";
import { epilogue } from "./epilogue.js";
import { Rotation } from "./rotation.js";
import { trapezoid } from "./trapezoid.js";

export function partsOf(engine: CpuEngine, problem: Problem<Mamba3>) {
  const inputs = engine.inputs(mamba3, problem);
  const outputs = engine.outputs(mamba3, problem);
  return {
    inputs,
    outputs,
    /** D and z, when all of Y is there. */
    finish: epilogue(problem, inputs, outputs.Y),
    /** The two weights of a token. */
    halves: trapezoid(inputs),
    rotation: new Rotation(problem, inputs),
  };
}
