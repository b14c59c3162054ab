/** Softmax attention with grouped heads, the map that ssd is held against. Equations, forms and the bound: README.md. */
import { documentsInput } from "../documents.js";
import { defineOperator, type Problem } from "../operator.js";
import { elementCount } from "../tensor.js";
import { isNarrowed, visibleKeys } from "./reference/visible.js";
import { reference } from "./reference.js";

export { attentionScale } from "./reference.js";

export const attention = defineOperator({
  name: "attention",
  dims: ["batch", "length", "context", "heads", "groups", "headDim", "headDimV"],
  inputs: {
    Q: { axes: ["batch", "length", "heads", "headDim"], random: "signed8" },
    K: { axes: ["batch", "context", "groups", "headDim"], random: "signed" },
    V: { axes: ["batch", "context", "groups", "headDimV"], random: "coherent" },
    documents: documentsInput,
  },
  outputs: { Y: ["batch", "length", "heads", "headDimV"] },
  /** scale 0 stands for 1 / sqrt(headDim); a kernel asks `attentionScale`. A window of w hides keys w and more places away; 0: none. */
  settings: { causal: true as boolean, scale: 0 as number, window: 0 as number },
  laneAxes: ["batch", "length", "heads"],
  laneCost: ({ dims }) => dims.context * (dims.headDim + dims.headDimV),
  timed: "scale, mask and softmax",
  reference(problem, lanes) {
    return reference(this, problem, lanes);
  },
  // one multiply-add for each channel of q . k and of p v, over the pairs that may see each other
  cost: (problem) => {
    const { dims, inputs, dtype } = problem;
    const { batch, length, heads, headDim, headDimV } = dims;
    const values = Object.values(inputs).reduce((sum, source) => sum + elementCount(source!.shape), 0);
    return {
      flops: 2 * heads * visiblePairs(problem) * (headDim + headDimV),
      bytes: (values + batch * length * heads * headDimV) * (dtype === "f32" ? 4 : 2),
    };
  },
  extras: ({ inputs, settings }) => [
    ...(inputs.documents ? ["documents"] : []),
    ...(settings.window > 0 ? ["window"] : []),
  ],
  invalid: ({ dims, inputs, settings }) => {
    if (dims.heads % dims.groups !== 0)
      return `groups must divide heads, got groups=${dims.groups} heads=${dims.heads}`;
    if (settings.causal && dims.length !== dims.context)
      return `causal needs context equal to length, got context=${dims.context} length=${dims.length}`;
    if (inputs.documents && dims.length !== dims.context)
      return `documents need context equal to length, got context=${dims.context} length=${dims.length}`;
    if (!Number.isInteger(settings.window) || settings.window < 0)
      return `window must be a whole number of at least 0, got ${settings.window}`;
    return Number.isFinite(settings.scale)
      ? undefined
      : `scale must be a finite number, got ${settings.scale}`;
  },
});

export type Attention = typeof attention;

/** Both extras: keys that a query does not see, though causality would let it. */
export const NARROWED = ["documents", "window"] as const;

type Narrowed = Pick<Problem, "dims" | "inputs" | "settings">;

/** Pairs of a query and a key that it sees, over all batches, of one head. */
export function visiblePairs(problem: Narrowed): number {
  const { batch, length, context } = problem.dims as Readonly<Record<string, number>>;
  if (!isNarrowed(problem))
    return batch * (problem.settings.causal ? (length * (length + 1)) / 2 : length * context);
  const { first, end } = visibleKeys(problem);
  return first.reduce((pairs, from, i) => pairs + end[i] - from, 0);
}

/** For softmaxes that know no row without keys: a sentence where a problem has one, or undefined. */
export function emptyRows(problem: Narrowed): string | undefined {
  if (!isNarrowed(problem)) return undefined;
  const { first, end } = visibleKeys(problem);
  const empty = first.filter((from, i) => from === end[i]).length;
  return empty > 0 ? `needs a key for every query, got ${empty} queries that see none` : undefined;
}
