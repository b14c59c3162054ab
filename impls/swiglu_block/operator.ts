/** A gated MLP (SwiGLU, arXiv 2002.05202), the layer between attention layers. Equations and the bound: README.md. */
import { blockCost, columnsOf, productFlops } from "../blocks/cost.js";
import {
  blockInput,
  contradiction,
  inBiasInput,
  inProjInput,
  outBiasInput,
  outProjInput,
  preNormInput,
} from "../blocks/layer.js";
import { defineOperator } from "../operator.js";
import { reference } from "./reference.js";

export const swigluBlock = defineOperator({
  name: "swiglu_block",
  // projected is 2 inner
  dims: ["batch", "length", "modelDim", "inner", "projected"],
  inputs: {
    u: blockInput,
    preNorm: preNormInput,
    // rows: gate, up
    inProj: inProjInput,
    inBias: inBiasInput,
    outProj: outProjInput,
    outBias: outBiasInput,
  },
  outputs: { Y: ["batch", "length", "modelDim"] },
  settings: { eps: 1e-5 as number },
  laneAxes: ["batch", "length"],
  laneCost: ({ dims: { modelDim, inner } }) => 2 * inner * columnsOf(modelDim) + modelDim * columnsOf(inner),
  timed: "norm, both products, gate",
  reference(problem, lanes) {
    return reference(this, problem, lanes);
  },
  cost(problem) {
    const { batch, length, modelDim, inner, projected } = problem.dims;
    const tokens = batch * length;
    const flops =
      productFlops(tokens, projected, modelDim) + productFlops(tokens, modelDim, inner) + 5 * tokens * inner;
    return blockCost(this, problem, flops);
  },
  derived: ({ dims: { inner } }) => ({ projected: 2 * inner }),
  invalid: ({ dims, settings: { eps } }) =>
    eps > 0 ? contradiction(dims, { projected: 2 * dims.inner }) : `eps must be above 0, got ${eps}`,
});

export type SwigluBlock = typeof swigluBlock;
