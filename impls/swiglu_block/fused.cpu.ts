/** A gated MLP on the cpu engine: two products and what stands between them. */
import { silu } from "../blocks/cpu/columns.js";
import { hostFront } from "../blocks/cpu/front.js";
import { multiply } from "../blocks/cpu/product.js";
import { hostRounding } from "../bound.js";
import { implementation } from "../implementation.js";
import { swigluBlock } from "./operator.js";

export const fusedCpu = implementation(swigluBlock, "cpu", {
  form: "fused",
  source: "arXiv 2002.05202, equation (6) (FFN_SwiGLU)",
  rounding: () => hostRounding(0, 1),
  async prepare(engine, problem) {
    const { batch, length, modelDim, inner, projected } = problem.dims;
    const inputs = engine.inputs(swigluBlock, problem);
    const outputs = engine.outputs(swigluBlock, problem);
    const front = await hostFront(engine, problem.dims, inputs.u, inputs.preNorm, problem.settings.eps);
    const tokens = batch * length;
    const row = new Float32Array(tokens * projected);
    const gated = new Float32Array(tokens * inner);

    return engine.prepared(swigluBlock, problem, outputs, () => {
      // 1. project
      front.run();
      multiply({ W: inputs.inProj, columns: modelDim, bias: inputs.inBias }, front.v, row);
      // 5. gate
      for (let t = 0, i = 0; t < tokens; t++)
        for (let c = t * projected; c < t * projected + inner; c++)
          gated[i++] = silu(row[c]) * row[c + inner];
      // 6. project
      const { residual } = front;
      multiply({ W: inputs.outProj, columns: inner, bias: inputs.outBias, residual }, gated, outputs.Y);
    });
  },
});
