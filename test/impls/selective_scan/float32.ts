/** The selective scan with every operation rounded to float32: what kernels on other engines do (see ../ssd/float32.ts). */
import { f32Rounding } from "../../../impls/bound.js";
import { implementation } from "../../../impls/implementation.js";
import { selectiveScan } from "../../../impls/selective_scan/operator.js";
import { nearest } from "../../../suites/simulation/arithmetic.js";
import { eachChannel, recurrent } from "../../../suites/simulation/forms/selective-scan.js";

const float32 = nearest(24);

export const recurrentFloat32 = implementation(selectiveScan, "cpu", {
  form: "recurrent",
  source: "float32 for the test of the bound",
  rounding: () => f32Rounding(0),
  prepare(engine, problem) {
    const inputs = engine.inputs(selectiveScan, problem);
    const outputs = engine.outputs(selectiveScan, problem);
    return engine.prepared(selectiveScan, problem, outputs, () =>
      eachChannel(problem, inputs, outputs, float32, recurrent),
    );
  },
});
