/** What every form on the host begins with: a problem's tensors, and what stands before and behind the map. */
import type { CpuEngine } from "../../engines/cpu.js";
import type { Problem } from "../../operator.js";
import { type Ssd, ssd } from "../operator.js";
import { documentStates } from "./document-states.js";
import { epilogue } from "./epilogue.js";
import { tokenSteps } from "./steps.js";

export function partsOf(engine: CpuEngine, problem: Problem<Ssd>) {
  const inputs = engine.inputs(ssd, problem);
  const outputs = engine.outputs(ssd, problem);
  return {
    inputs,
    outputs,
    /** Decays and steps of every token, made by `make` at the beginning of a run. */
    ...tokenSteps(problem, inputs),
    /** States at the ends of documents, where the problem asks for them. */
    ends: documentStates(problem, inputs.documents, outputs.documentStates),
    /** D and z, when all of Y is there. */
    finish: epilogue(problem, inputs, outputs.Y),
  };
}
