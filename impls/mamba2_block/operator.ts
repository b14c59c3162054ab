/** A Mamba-2 block (arXiv 2405.21060, section 7 and figure 6). Equations, options and the bound: README.md. */
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
import { documentsInput } from "../documents.js";
import { defineOperator, type Problem } from "../operator.js";
import { FEATURES, featureOf, PATTERNS, partsOf, patternOf, sizesOf } from "./reference/sizes.js";
import { reference } from "./reference.js";

export { FEATURES, featureOf, PATTERNS, type Parts, partsOf, patternOf, sizesOf } from "./reference/sizes.js";

/** What a problem may have beyond Mamba's own block. */
export const EXTRAS = ["documents", "sequential projections", "head patterns", "feature maps"] as const;

export const mamba2Block = defineOperator({
  name: "mamba2_block",
  // of the last four, sizesOf says what they must be
  dims: [
    ...(["batch", "length", "modelDim", "inner", "heads", "groups", "headDim", "state", "width"] as const),
    ...(["past", "channels", "projected", "selected"] as const),
  ],
  inputs: {
    u: blockInput,
    preNorm: preNormInput,
    // rows: z0 and x0 of a gated MLP, z, x, B, C, dt; without B, C and dt where there is an xProj
    inProj: inProjInput,
    inBias: inBiasInput,
    // the last tap meets the current token
    convWeight: { axes: ["channels", "width"], f32: true, random: "coherent" },
    convBias: { axes: ["channels"], optional: true, f32: true, random: "coherent" },
    // sequential projections: B, C and dt come of x behind its convolution, as in Mamba-1
    xProj: { axes: ["selected", "channels"], optional: true, random: "weight" },
    dtBias: { axes: ["heads"], f32: true, random: "stepBias" },
    // A = -exp(ALog)
    ALog: { axes: ["heads"], f32: true, random: "logIndex" },
    D: { axes: ["heads"], alternatives: [["heads", "headDim"]], f32: true, random: "coherent" },
    // without it there is no norm: y silu(z)
    normWeight: { axes: ["heads", "headDim"], optional: true, f32: true, random: "coherent" },
    outProj: outProjInput,
    outBias: outBiasInput,
    // the last inputs of the convolution before the first token, oldest first
    initialConv: { axes: ["batch", "channels", "past"], optional: true, random: "coherent" },
    // (heads headDim state): learnable, the same for all sequences
    initialState: {
      axes: ["batch", "heads", "headDim", "state"],
      alternatives: [["heads", "headDim", "state"]],
      optional: true,
      f32: true,
      random: "coherent",
    },
    documents: documentsInput,
  },
  outputs: {
    Y: ["batch", "length", "modelDim"],
    finalState: ["batch", "heads", "headDim", "state"],
    finalConv: ["batch", "channels", "past"],
  },
  /**
   * Limits of dt, where a dtMax of 0 stands for none; order of norm and gate; groups of heads that are normed together, where 0 stands for
   * `groups`; head pattern and feature map of B and C as places in PATTERNS and FEATURES.
   */
  settings: {
    dtMin: 0 as number,
    dtMax: 0 as number,
    normBeforeGate: false as boolean,
    normGroups: 0 as number,
    pattern: 0 as number,
    features: 0 as number,
    eps: 1e-5 as number,
  },
  laneAxes: ["batch"],
  laneCost: (problem) => {
    const { length, modelDim, inner, heads, headDim, state, projected } = problem.dims;
    const products = projected * columnsOf(modelDim) + modelDim * columnsOf(inner) + randomProducts(problem);
    return length * (products + 2 * heads * headDim * state);
  },
  timed: "norms, projections, convolution, steps, sequence map, gate; both states written",
  reference(problem, lanes) {
    return reference(this, problem, lanes);
  },
  // the products; 4 operations an element of the state; taps; SiLU and norm as some operations a channel
  cost(problem) {
    const { batch, length, modelDim, inner, heads, headDim, state, width, channels, projected, selected } =
      problem.dims;
    const tokens = batch * length;
    const flops =
      productFlops(tokens, projected, modelDim) +
      productFlops(tokens, modelDim, inner) +
      (problem.inputs.xProj ? productFlops(tokens, selected, channels) : 0) +
      2 * tokens * randomProducts(problem) +
      tokens * (4 * heads * headDim * state + channels * (2 * width + 4) + 11 * inner);
    return blockCost(this, problem, flops);
  },
  extras: ({ inputs, settings }) => {
    const { pattern, features } = settings;
    const asked = [inputs.documents, inputs.xProj, pattern !== 0, features !== 0];
    return EXTRAS.filter((_, i) => asked[i]);
  },
  idKeys: ({ inputs, settings }) => ({
    ...(inputs.xProj ? { projections: "sequential" } : {}),
    ...(settings.pattern !== 0 ? { pattern: patternOf(settings) } : {}),
    ...(settings.features !== 0 ? { features: featureOf(settings) } : {}),
  }),
  derived: ({ dims, settings, with: names }) => {
    const inner = Math.max(dims.inner, dims.heads * dims.headDim);
    return { inner, ...sizesOf({ ...dims, inner }, settings, names.includes("xProj")) };
  },
  invalid: ({ dims, inputs, settings }) => {
    const { heads, groups, headDim, inner } = dims;
    const { normGroups, pattern, features, eps } = settings;
    if (heads % groups !== 0) return `groups must divide heads, got groups=${groups} heads=${heads}`;
    if (inner < heads * headDim)
      return `inner must be at least heads x headDim = ${heads * headDim}, got ${inner}`;
    if (heads % (normGroups || groups) !== 0)
      return `normGroups must divide heads, got normGroups=${normGroups} heads=${heads}`;
    if (PATTERNS[pattern] === undefined)
      return `pattern must be a place in ${PATTERNS.join(", ")}, got ${pattern}`;
    if (FEATURES[features] === undefined)
      return `features must be a place in ${FEATURES.join(", ")}, got ${features}`;
    if (!(eps > 0)) return `eps must be above 0, got ${eps}`;
    return contradiction(dims, sizesOf(dims, settings, inputs.xProj !== undefined));
  },
});

/** Multiply-adds of a token's random features. */
function randomProducts({ dims, settings }: Problem): number {
  const { B, C } = partsOf(dims as never, settings as never);
  return featureOf(settings as never) === "random" ? (B + C) * dims.state : 0;
}

export type Mamba2Block = typeof mamba2Block;
