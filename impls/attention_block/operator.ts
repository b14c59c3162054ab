/** A causal attention block with grouped heads and rotary positions. Equations and the bound: README.md. */
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

export const attentionBlock = defineOperator({
  name: "attention_block",
  // context: tokens in the cache; as many as length where there is none. inner is heads headDim, projected (heads + 2 groups) headDim
  dims: ["batch", "length", "context", "modelDim", "heads", "groups", "headDim", "inner", "projected"],
  inputs: {
    u: blockInput,
    preNorm: preNormInput,
    // rows: queries, keys, values
    inProj: inProjInput,
    inBias: inBiasInput,
    outProj: outProjInput,
    outBias: outBiasInput,
    // both or neither: what `newKeys` and `newValues` were of the tokens before, keys with their positions
    keys: { axes: ["batch", "context", "groups", "headDim"], optional: true, random: "signed" },
    values: { axes: ["batch", "context", "groups", "headDim"], optional: true, random: "coherent" },
  },
  outputs: {
    Y: ["batch", "length", "modelDim"],
    newKeys: ["batch", "length", "groups", "headDim"],
    newValues: ["batch", "length", "groups", "headDim"],
  },
  /** scale 0 stands for 1 / sqrt(headDim). rotary: the base of the angles; 0: no positions. */
  settings: { scale: 0 as number, rotary: 10000 as number, eps: 1e-5 as number },
  laneAxes: ["batch", "length"],
  // every token of a sequence is projected once, and a lane its own again; half of the keys are seen, for two products
  laneCost: ({ dims: { context, modelDim, inner, projected } }) =>
    2 * projected * columnsOf(modelDim) + modelDim * columnsOf(inner) + context * inner,
  timed: "norm, projections, positions, attention; new keys and values written, the cache read where it lies",
  reference(problem, lanes) {
    return reference(this, problem, lanes);
  },
  // the products; a multiply-add for each channel of q . k and of p v over the pairs that see each other
  cost(problem) {
    const { batch, length, context, modelDim, inner, projected } = problem.dims;
    const seen = problem.inputs.keys ? context + 1 : (length + 1) / 2;
    const flops =
      productFlops(batch * length, projected, modelDim) +
      productFlops(batch * length, modelDim, inner) +
      4 * batch * length * seen * inner;
    return blockCost(this, problem, flops);
  },
  derived: ({ dims, with: names }) => {
    const { length, context, heads, groups, headDim } = dims;
    const cached = names.includes("keys");
    return {
      ...(cached ? { length: 1, context } : { context: length }),
      inner: heads * headDim,
      projected: (heads + 2 * groups) * headDim,
    };
  },
  invalid: ({ dims, inputs, settings }) => {
    const { length, context, heads, groups, headDim } = dims;
    if (heads % groups !== 0) return `groups must divide heads, got groups=${groups} heads=${heads}`;
    if ((inputs.keys === undefined) !== (inputs.values === undefined)) return "keys and values come together";
    if (inputs.keys && length !== 1) return `a cache takes one token at a time, got length=${length}`;
    if (!inputs.keys && context !== length)
      return `context must equal length where there is no cache, got context=${context} length=${length}`;
    if (!(settings.rotary === 0 || settings.rotary >= 1))
      return `rotary must be 0 or at least 1, got ${settings.rotary}`;
    if (!(settings.eps > 0)) return `eps must be above 0, got ${settings.eps}`;
    return contradiction(dims, { inner: heads * headDim, projected: (heads + 2 * groups) * headDim });
  },
});

export type AttentionBlock = typeof attentionBlock;
