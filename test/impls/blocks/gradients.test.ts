/** The truth of a block's gradients is what its own truth does along them: differences of the forward reference, in float64. */
import { describe, expect, it } from "vitest";
import { attentionBlock } from "../../../impls/attention_block/index.js";
import { attentionBlockGrad } from "../../../impls/attention_block_grad/index.js";
import { mamba1Block } from "../../../impls/mamba1_block/index.js";
import { mamba1BlockGrad } from "../../../impls/mamba1_block_grad/index.js";
import { mamba2Block } from "../../../impls/mamba2_block/index.js";
import { mamba2BlockGrad } from "../../../impls/mamba2_block_grad/index.js";
import { type AnyOperator, dimsFrom, type Problem, randomProblem } from "../../../impls/operator.js";
import { swigluBlock } from "../../../impls/swiglu_block/index.js";
import { swigluBlockGrad } from "../../../impls/swiglu_block_grad/index.js";
import { matrixShape, readerOf } from "../../../impls/tensor.js";
import { allLanes } from "../truth.js";

const SIZES = {
  ...{ batch: 2, length: 7, context: 7, modelDim: 6, inner: 10, heads: 4, groups: 2, headDim: 2, state: 3 },
  ...{ width: 3, rank: 2 },
};
const LAYER = ["preNorm", "inBias", "outBias", "convBias"];

interface Case {
  readonly block: AnyOperator;
  readonly gradient: AnyOperator;
  readonly with?: readonly string[];
  readonly settings?: Readonly<Record<string, number | boolean>>;
  readonly layouts?: Readonly<Record<string, readonly string[]>>;
}

const mamba2 = { block: mamba2Block, gradient: mamba2BlockGrad };
const CASES: Readonly<Record<string, Case>> = {
  "mamba-2 with all its weights": {
    ...mamba2,
    with: [...LAYER, "normWeight", "initialState"],
    layouts: { D: ["heads", "headDim"], initialState: ["heads", "headDim", "state"] },
  },
  "mamba-2, norm before the gate, limited steps": {
    ...mamba2,
    with: ["normWeight", "initialState"],
    settings: { normBeforeGate: true, normGroups: 4, dtMin: 0.01, dtMax: 0.1 },
  },
  "mamba-2, sequential, elu + 1": { ...mamba2, with: ["xProj"], settings: { features: 3 } },
  "mamba-2, multi-query, identity": { ...mamba2, settings: { pattern: 1, features: 1 } },
  "mamba-2, multi-key, relu": { ...mamba2, settings: { pattern: 2, features: 2 } },
  "mamba-1": { block: mamba1Block, gradient: mamba1BlockGrad, with: LAYER },
  attention: { block: attentionBlock, gradient: attentionBlockGrad, with: LAYER },
  swiglu: { block: swigluBlock, gradient: swigluBlockGrad, with: LAYER },
};

/** In float64, with values that can be changed. */
function problemOf({ gradient, with: names = [], settings = {}, layouts = {} }: Case): Problem {
  const wanted = names.filter((name) => name in gradient.inputs);
  const dims = dimsFrom(gradient, SIZES, wanted, settings);
  const drawn = randomProblem(gradient, { dims, settings, layouts, seed: 5, with: wanted as never });
  const inputs = Object.entries(drawn.inputs).map(([name, source]) => {
    const { rows, cols } = matrixShape(source!);
    const reader = readerOf(source!, "f32");
    const data = Float64Array.from({ length: rows * cols }, (_, i) =>
      reader.at(Math.floor(i / cols), i % cols),
    );
    return [name, { kind: "given", axes: source!.axes, shape: source!.shape, data }];
  });
  return { ...drawn, dtype: "f64", inputs: Object.fromEntries(inputs) };
}

/** sum(Y dY) by the block's own truth. */
function loss(block: AnyOperator, problem: Problem): number {
  const inputs = Object.entries(problem.inputs).filter(([name]) => name in block.inputs);
  const settings = { ...block.settings, ...problem.settings };
  const own = { ...problem, operator: block.name, inputs: Object.fromEntries(inputs), settings };
  const { dY } = problem.inputs;
  if (dY?.kind !== "given") throw new Error("dY must be given");
  let [sum, at] = [0, 0];
  for (const { outputs } of block.reference(own, allLanes(block, own)))
    for (const value of outputs.Y.value) sum += value * dY.data[at++];
  return sum;
}

describe.each(Object.entries(CASES))("%s", (_name, of) => {
  const problem = problemOf(of);
  const [{ outputs }] = of.gradient.reference(problem, [{ kind: "element", index: 0 }]);

  it.each(Object.keys(problem.inputs).filter((name) => name !== "dY"))("d%s", (name) => {
    const source = problem.inputs[name]!;
    if (source.kind !== "given") throw new Error("inputs must be given");
    const direction = source.data.map((_, i) => Math.sin(11 * i + 1));
    const step = 2 ** -12;
    const at = (far: number) => {
      const data = source.data.map((value, i) => value + far * step * direction[i]);
      return loss(of.block, { ...problem, inputs: { ...problem.inputs, [name]: { ...source, data } } });
    };
    // differences of fourth order
    const measured = (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * step);
    const gradient = (outputs as Record<string, { readonly value: Float64Array }>)[`d${name}`].value;
    const claimed = gradient.reduce((sum, g, i) => sum + g * direction[i], 0);
    const size = Math.sqrt(gradient.reduce((sum, g) => sum + g * g, 0));
    expect(gradient.length).toBe(source.data.length);
    // float64 keeps 1e-16 of a loss of size one, which the step divides
    expect(Math.abs(measured - claimed)).toBeLessThan(1e-8 * size + 1e-12);
  });
});
