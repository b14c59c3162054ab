/** The stages of a Mamba-2 block (impls/blocks/README.md) on the wasm engine, around a form of its sequence map. */
import { stageProblem } from "../../blocks/cpu/stage.js";
import { behind, type WasmStages } from "../../blocks/wasm/stages.js";
import { directWasm } from "../../causal_conv1d/direct.wasm.js";
import { causalConv1d } from "../../causal_conv1d/operator.js";
import type { Implementation } from "../../implementation.js";
import type { Options } from "../../prepared.js";
import { fusedWasm } from "../../rms_norm_gated/fused.wasm.js";
import { rmsNormGated } from "../../rms_norm_gated/operator.js";
import type { Ssd } from "../../ssd/operator.js";
import { mapProblem } from "../cpu/map-problem.js";
import { featureOf, type Mamba2Block, partsOf } from "../operator.js";

type Stages = WasmStages<Mamba2Block>;

/** Puts the whole block on the stages' list. */
export async function addStages(
  stages: Stages,
  form: Implementation<Ssd, "wasm">,
  options: Options,
): Promise<void> {
  const { address, problem } = stages.room;
  const { mlp, z } = partsOf(problem.dims, problem.settings);
  // 0. norm; 1. project
  const v = await stages.front();
  const z0 = mlp > 0 ? stages.project(v, 0, mlp) : 0;
  const x0 = mlp > 0 ? stages.project(v, mlp, mlp) : 0;
  const gate = stages.project(v, 2 * mlp, z);
  // 2. convolve, 3. select
  const selected = await select(stages, v);
  // 4. map, 5. gate and norm
  const Y = stages.perToken(z);
  const places = { ...selected, ...parametersOf(stages), z: address.normWeight ? 0 : gate, Y };
  await stages.part(form, mapProblem(problem), places, options);
  if (address.normWeight) await norm(stages, Y, gate);
  if (mlp > 0)
    stages.map({ from: z0, to: x0, rows: stages.tokens, columns: mlp, function: "silu", times: x0 });
  // 6. project
  stages.finish([...(mlp > 0 ? [{ from: x0, terms: mlp }] : []), { from: Y, terms: z }]);
}

/** @returns where the inputs of the map lie: x, B and C in (batch length heads or groups ...), dt before its bias */
async function select(stages: Stages, v: number): Promise<Readonly<Record<"X" | "B" | "C" | "dt", number>>> {
  const { tokens } = stages;
  const { address, problem } = stages.room;
  const { dims, settings } = problem;
  const { heads, channels, headDim, state } = dims;
  const { mlp, z, x, B, C } = partsOf(dims, settings);
  const first = 2 * mlp + z;
  const rows = await convolve(stages, stages.project(v, first, channels));
  const takes = (start: number, columns: number, silu: boolean) => {
    const to = stages.perToken(columns);
    const from = behind(rows, start);
    stages.map({ from, to, rows: tokens, columns, rowX: channels, ...(silu ? { function: "silu" } : {}) });
    return to;
  };
  const X = takes(0, x, true);
  const chosen = (start: number, columns: number) => {
    const to = stages.perToken(columns);
    const weights = behind(address.xProj, start * channels);
    stages.product({ from: X, weights, to, columns, terms: channels });
    return to;
  };
  const part = (start: number, columns: number) =>
    features(stages, address.xProj ? chosen(start, columns) : takes(x + start, columns, false), columns);
  const dt = address.xProj ? chosen(B + C, heads) : stages.project(v, first + channels, heads);
  const { groups } = mapProblem(problem).dims;
  return {
    X: repeated(stages, X, x / headDim, heads, headDim),
    B: repeated(stages, part(0, B), B / state, groups, state),
    C: repeated(stages, part(B, C), C / state, groups, state),
    dt,
  };
}

async function convolve(stages: Stages, X: number): Promise<number> {
  const { address, problem } = stages.room;
  const { batch, length, channels, width, past } = problem.dims;
  const Y = stages.perToken(channels);
  const convolution = stageProblem(causalConv1d, {
    dims: { batch, length, heads: 1, headDim: channels, width, past },
    settings: { silu: false },
    inputs: {},
  });
  await stages.part(directWasm, convolution, {
    ...{ X, weight: address.convWeight, bias: address.convBias, initialState: address.initialConv },
    ...{ documents: address.documents, Y, finalState: address.finalConv },
  });
  return Y;
}

/** The feature map of B or C, so many numbers of each token. @returns where they are then */
function features(stages: Stages, from: number, columns: number): number {
  const { dims, settings } = stages.room.problem;
  const { state } = dims;
  const feature = featureOf(settings);
  const rows = (stages.tokens * columns) / state;
  if (feature === "layer-norm") return stages.groupFeatures({ from, rows, state, eps: settings.eps });
  if (feature === "random") return stages.groupFeatures({ from, rows, state });
  if (feature !== "identity") stages.map({ from, to: from, rows: stages.tokens, columns, function: feature });
  return from;
}

/** As many parts as the map wants: those of groups again for each of their heads. */
function repeated(stages: Stages, from: number, parts: number, wanted: number, size: number): number {
  if (parts === wanted) return from;
  const to = stages.perToken(wanted * size);
  stages.map({ from, to, rows: stages.tokens * parts, columns: (wanted / parts) * size, period: size });
  return to;
}

/** A, D by channel, and the first state of every sequence, as the map wants them. */
function parametersOf(stages: Stages): Readonly<Record<string, number>> {
  const { room } = stages;
  const { address, problem } = room;
  const { batch, heads, headDim, state } = problem.dims;
  const logA = room.reserve(4 * heads);
  stages.map({ from: address.ALog, to: logA, rows: 1, columns: heads, function: "minusExp" });
  const perChannel = problem.inputs.D?.axes.length === 2;
  const D = perChannel ? address.D : room.reserve(4 * heads * headDim);
  if (!perChannel) stages.map({ from: address.D, to: D, rows: heads, columns: headDim, rowX: 1, period: 1 });
  const shared = problem.inputs.initialState?.axes[0] === "heads";
  const columns = heads * headDim * state;
  const initialState = shared ? room.reserve(4 * batch * columns) : address.initialState;
  if (shared) stages.map({ from: address.initialState, to: initialState, rows: batch, columns, rowX: 0 });
  const { dtBias, documents, finalState } = address;
  return { logA, D, initialState, dtBias, documents, finalState };
}

async function norm(stages: Stages, Y: number, z: number): Promise<void> {
  const { address, problem } = stages.room;
  const { batch, length, heads, groups, headDim } = problem.dims;
  const { normGroups, normBeforeGate, eps } = problem.settings;
  const normed = stageProblem(rmsNormGated, {
    dims: { batch, length, heads, groups: normGroups || groups, headDim },
    settings: { normBeforeGate, eps },
    inputs: {},
  });
  await stages.part(fusedWasm, normed, { X: Y, weight: address.normWeight, z, Y });
}
