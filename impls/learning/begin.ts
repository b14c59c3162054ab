/**
 * What the weights of a layer begin with, and which of them do not learn.
 *
 * | | as |
 * |---|---|
 * | products | torch's Linear: uniform, 1 / sqrt(fan-in); the one behind divided by sqrt(layers) (mamba_ssm's _init_weights) |
 * | convolution | torch's Conv1d: uniform, 1 / sqrt(width) |
 * | steps | mamba_ssm: softplus(dtBias) log-uniform from 0.001 to 0.1; dtProj uniform, 1 / sqrt(rank) |
 * | rates | mamba_ssm: Mamba-1 A = -1, ..., -N in each channel; Mamba-2 uniform from -1 to -16 |
 * | norms, D | 1 |
 */
import type { Problem } from "../operator.js";
import { hashAt, streamKeys } from "../random.js";
import { drawUniform, unit } from "./draws.js";

/** Linear attention is a block of Mamba-2 without decays and steps: A = 0, dt = 1. */
export type Kind = "mamba2" | "mamba1" | "attention" | "linear";

/** Where a layer stands. */
export interface Place {
  readonly seed: number;
  readonly layer: number;
  readonly layers: number;
}

type Weights = Readonly<Record<string, Float32Array>>;
type Dims = Readonly<Record<string, number>>;

const MATRICES = ["inProj", "outProj", "xProj", "dtProj", "convWeight"];

/** Whether a weight is pulled towards 0. */
export function isMatrix(name: string): boolean {
  return MATRICES.includes(name);
}

/** exp of this is 0, so that A is. */
const NO_RATE = -1e4;
/** softplus of this is 1. */
const STEP_OF_ONE = Math.log(Math.E - 1);
const STEPS = { least: 1e-3, most: 0.1 };
const LARGEST_RATE = 16;

export function beginning(kind: Kind, { dims: sizes }: Problem, weights: Weights, place: Place): void {
  const dims = sizes as Dims;
  const { modelDim, inner, width, channels, rank } = dims;
  const named = (name: string) => `layer ${place.layer} ${name}`;
  const uniform = (name: string, fanIn: number, scale = 1) => {
    if (weights[name]) drawUniform(weights[name], place.seed, named(name), scale / Math.sqrt(fanIn));
  };
  uniform("inProj", modelDim);
  uniform("outProj", inner, 1 / Math.sqrt(place.layers));
  uniform("convWeight", width);
  uniform("convBias", width);
  uniform("xProj", channels ?? inner);
  uniform("dtProj", rank);
  for (const name of ["preNorm", "normWeight", "D"]) weights[name]?.fill(1);
  if (kind === "attention") return;
  const units = (name: string) => {
    const keys = streamKeys(place.seed, named(name));
    return (i: number) => unit(hashAt(keys, 0, i));
  };
  const { least, most } = STEPS;
  const [stepAt, rateAt] = [units("dtBias"), units("ALog")];
  const { dtBias, ALog } = weights;
  if (kind === "linear") {
    dtBias.fill(STEP_OF_ONE);
    ALog.fill(NO_RATE);
    stepRows(weights.inProj, dims).fill(0);
    return;
  }
  for (let i = 0; i < dtBias.length; i++) {
    const step = least * (most / least) ** stepAt(i);
    // the inverse of softplus
    dtBias[i] = step + Math.log(-Math.expm1(-step));
  }
  for (let i = 0; i < ALog.length; i++)
    ALog[i] = Math.log(kind === "mamba1" ? 1 + (i % dims.state) : 1 + (LARGEST_RATE - 1) * rateAt(i));
}

/** Rows of the projection in front that make the steps: the last, one a head. */
function stepRows(inProj: Float32Array, { heads, modelDim }: Dims): Float32Array {
  return inProj.subarray(inProj.length - heads * modelDim);
}

/** Gradients of what a layer does not learn. */
export function frozenIn(kind: Kind, { dims }: Problem, gradients: Weights): Float32Array[] {
  if (kind !== "linear") return [];
  return [gradients.dtBias, gradients.ALog, stepRows(gradients.inProj, dims as Dims)];
}
