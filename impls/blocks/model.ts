/**
 * A model: blocks one after another, each a layer (with a preNorm, so that its output is its input plus what it adds). Which block stands
 * where is a list, so that a hybrid is one, too (arXiv 2405.21060, section 9.2.3: one layer in ten attends).
 */
import { attentionBlock } from "../attention_block/operator.js";
import { reference as attentionReference } from "../attention_block/reference.js";
import { type Bounds, emptyBounds } from "../bound.js";
import { mamba1Block } from "../mamba1_block/operator.js";
import { reference as mamba1Reference } from "../mamba1_block/reference.js";
import { mamba2Block } from "../mamba2_block/operator.js";
import { reference as mamba2Reference } from "../mamba2_block/reference.js";
import {
  type AnyOperator,
  dimsFrom,
  isF32Output,
  type Lane,
  type LaneReference,
  outputNames,
  outputSize,
  type Problem,
  randomProblem,
} from "../operator.js";
import { swigluBlock } from "../swiglu_block/operator.js";
import { reference as swigluReference } from "../swiglu_block/reference.js";
import { elementCount } from "../tensor.js";

/** The blocks that a model may be made of. */
export const blocks: readonly AnyOperator[] = [mamba2Block, mamba1Block, attentionBlock, swigluBlock];

export interface Layer {
  readonly operator: AnyOperator;
  readonly problem: Problem;
}

/** A model's shape: sizes of all of its blocks by name, and which block is at each place. */
export interface Model {
  readonly sizes: Readonly<Record<string, number>>;
  readonly layers: readonly AnyOperator[];
}

/** Optional inputs that a layer has; those of another block are passed over. */
const OF_A_LAYER = ["preNorm", "convBias", "normWeight"];

/** Problems of a model's layers: parameters of the i-th come of the seed and i; the first one's input is drawn, others' come before. */
export function layersOf({ sizes, layers }: Model, seed: number): Layer[] {
  return layers.map((operator, i) => {
    const wanted = OF_A_LAYER.filter((name) => name in operator.inputs);
    const dims = dimsFrom(operator, sizes, wanted);
    const problem = randomProblem(operator, { dims, seed: seed + i, with: wanted as never });
    return { operator, problem: problem as Problem };
  });
}

/** A list of so many layers of which every n-th is another: the last of each n. */
export function hybrid(layers: number, usual: AnyOperator, every: number, other: AnyOperator): AnyOperator[] {
  return Array.from({ length: layers }, (_, i) => ((i + 1) % every === 0 ? other : usual));
}

/** Numbers in a block's parameters: what is neither its input nor a state. */
export function parametersOf({ operator, problem }: Layer): number {
  const own = Object.entries(problem.inputs).filter(
    ([name, source]) => source && !operator.inputs[name].axes.includes("batch"),
  );
  return own.reduce((sum, [, source]) => sum + elementCount(source!.shape), 0);
}

/** Bytes that a sequence keeps of all tokens up to now: states, or keys and values. */
export function keptBytesOf({ operator, problem }: Layer): number {
  const storage = problem.dtype === "f32" ? 4 : 2;
  const cached = Object.entries(problem.inputs).map(([name, source]) =>
    source && operator.inputs[name].axes.includes("context") ? elementCount(source.shape) * storage : 0,
  );
  const given = outputNames(operator, problem)
    .filter((name) => name !== "Y")
    .map(
      (name) => outputSize(operator, problem, name) * (isF32Output(operator, problem, name) ? 4 : storage),
    );
  return [...cached, ...given].reduce((sum, bytes) => sum + bytes, 0) / problem.dims.batch;
}

/** Float64 truth of the last layer's outputs, behind all layers before it. @param layers their inputs `u`, but the first, are not read */
export function modelTruth(layers: readonly Layer[]): LaneReference[] {
  let before: Bounds | undefined;
  let truth: LaneReference[] = [];
  for (const { operator, problem } of layers) {
    const lanes = elementLanes(operator, problem);
    truth = [...referenceOf(operator)(operator, problem, lanes, before)];
    before = together(truth, problem);
  }
  return truth;
}

type Reference = (
  operator: AnyOperator,
  problem: Problem,
  lanes: readonly Lane[],
  before?: Bounds,
) => Iterable<LaneReference<"Y">>;

function referenceOf({ name }: AnyOperator): Reference {
  const references: Readonly<Record<string, Reference>> = {
    [mamba2Block.name]: mamba2Reference,
    [mamba1Block.name]: mamba1Reference,
    [attentionBlock.name]: attentionReference,
    [swigluBlock.name]: swigluReference,
  };
  return references[name];
}

function elementLanes({ laneAxes }: AnyOperator, { dims }: Problem): Lane[] {
  const axes: readonly string[] = laneAxes;
  const total = axes.reduce((product, axis) => product * dims[axis], 1);
  return Array.from({ length: total }, (_, index) => ({ kind: "element", index }));
}

/** Y of all lanes in C order: lanes run over batch, or over batch and length. */
function together(lanes: readonly LaneReference[], { dims }: Problem): Bounds {
  const { batch, length, modelDim } = dims as Readonly<Record<string, number>>;
  const size = batch * length * modelDim;
  const all = {
    ...emptyBounds(size),
    squares: new Float64Array(size),
    storedSquares: new Float64Array(size),
  };
  for (const { lane, outputs } of lanes)
    for (const field of Object.keys(all) as (keyof typeof all)[])
      all[field]!.set(outputs.Y[field]!, lane.index * outputs.Y.value.length);
  return all;
}
