/** A Mamba-1 block (arXiv 2312.00752, section 3.4 and figure 3). Equations and the bound: README.md. */
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

export const mamba1Block = defineOperator({
  name: "mamba1_block",
  // past is width - 1, projected 2 inner, selected rank + 2 state
  dims: [
    ...(["batch", "length", "modelDim", "inner", "state", "width", "rank"] as const),
    ...(["past", "projected", "selected"] as const),
  ],
  inputs: {
    u: blockInput,
    preNorm: preNormInput,
    // rows: x, z
    inProj: inProjInput,
    inBias: inBiasInput,
    convWeight: { axes: ["inner", "width"], f32: true, random: "coherent" },
    convBias: { axes: ["inner"], optional: true, f32: true, random: "coherent" },
    // rows: dt before its own projection, B, C
    xProj: { axes: ["selected", "inner"], random: "weight" },
    dtProj: { axes: ["inner", "rank"], random: "weight" },
    dtBias: { axes: ["inner"], f32: true, random: "stepBias" },
    // A = -exp(ALog)
    ALog: { axes: ["inner", "state"], f32: true, random: "logIndex" },
    D: { axes: ["inner"], f32: true, random: "coherent" },
    outProj: outProjInput,
    outBias: outBiasInput,
    initialConv: { axes: ["batch", "inner", "past"], optional: true, random: "coherent" },
    initialState: { axes: ["batch", "inner", "state"], optional: true, f32: true, random: "coherent" },
  },
  outputs: {
    Y: ["batch", "length", "modelDim"],
    finalState: ["batch", "inner", "state"],
    finalConv: ["batch", "inner", "past"],
  },
  settings: { eps: 1e-5 as number },
  laneAxes: ["batch"],
  laneCost: ({ dims: { length, modelDim, inner, state, projected, selected } }) =>
    length *
    (projected * columnsOf(modelDim) +
      modelDim * columnsOf(inner) +
      selected * columnsOf(inner) +
      6 * inner * state),
  timed: "norm, projections, convolution, steps, selective scan, gate; both states written",
  reference(problem, lanes) {
    return reference(this, problem, lanes);
  },
  // the products; 6 operations an element of the state; taps, SiLU, softplus, skip and gate as some operations a channel
  cost(problem) {
    const { batch, length, modelDim, inner, state, width, rank, projected, selected } = problem.dims;
    const tokens = batch * length;
    const flops =
      productFlops(tokens, projected, modelDim) +
      productFlops(tokens, selected, inner) +
      productFlops(tokens, inner, rank) +
      productFlops(tokens, modelDim, inner) +
      tokens * inner * (6 * state + 2 * width + 15);
    return blockCost(this, problem, flops);
  },
  derived: ({ dims: { width, inner, rank, state } }) => ({
    past: width - 1,
    projected: 2 * inner,
    selected: rank + 2 * state,
  }),
  invalid: ({ dims, settings: { eps } }) =>
    eps > 0
      ? contradiction(dims, {
          past: dims.width - 1,
          projected: 2 * dims.inner,
          selected: dims.rank + 2 * dims.state,
        })
      : `eps must be above 0, got ${eps}`,
});

export type Mamba1Block = typeof mamba1Block;
