import { implementation } from "../../../../impls/implementation.js";
import { ssd } from "../../../../impls/ssd/operator.js";
import { recurrentCpu } from "../../../../impls/ssd/recurrent.cpu.js";

/** Works on a copy that it made of one input when it was given them. */
export default implementation(ssd, "cpu", {
  form: "recurrent",
  source: "packs an input once",
  rounding: recurrentCpu.rounding,
  prepare(engine, problem) {
    const inputs: typeof engine.inputs = (operator, asked) => {
      const given = engine.inputs(operator, asked);
      return { ...given, X: (given as unknown as { X: Float32Array }).X.slice() };
    };
    return recurrentCpu.prepare({ ...engine, inputs }, problem, {});
  },
});
