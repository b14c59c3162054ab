/** The stages of a Mamba-2 block (impls/blocks/README.md) on the native engine. */
import { behind, Stages } from "../../blocks/native/stages.js";
import { directPlan } from "../../causal_conv1d/native/plan.js";
import type { NativeRoom } from "../../engines/native/room.js";
import type { NativeEngine, PartPlan } from "../../engines/native.js";
import { fusedPlan } from "../../rms_norm_gated/native/plan.js";
import { chunkedPlan } from "../../ssd/native/chunked-plan.js";
import { recurrentPlan } from "../../ssd/native/recurrent-plan.js";
import { mapProblem } from "../cpu/map-problem.js";
import { featureOf, type Mamba2Block, partsOf } from "../operator.js";

/** Up to so many tokens the recurrent kernel works on the state where it lies. */
const DECODE_LENGTH = 3;

export function stagesOf(
  engine: NativeEngine,
  room: NativeRoom<Mamba2Block>,
  threads: number,
): readonly PartPlan[] {
  const stages = new Stages(engine, room, threads);
  const { address, problem } = room;
  const { mlp, z } = partsOf(problem.dims, problem.settings);
  // 0. norm; 1. project
  const v = stages.front();
  const z0 = mlp > 0 ? stages.project(v, 0, mlp) : 0;
  const x0 = mlp > 0 ? stages.project(v, mlp, mlp) : 0;
  const gate = stages.project(v, 2 * mlp, z);
  // 2. convolve, 3. select
  const selected = select(stages, v);
  // 4. map, 5. gate and norm
  const y = stages.perToken(z);
  map(stages, selected, address.normWeight ? 0 : gate, y);
  if (address.normWeight) norm(stages, y, gate);
  if (mlp > 0)
    stages.map({ from: z0, to: x0, rows: stages.tokens, columns: mlp, function: "silu", times: x0 });
  // 6. project
  stages.finish([...(mlp > 0 ? [{ from: x0, terms: mlp }] : []), { from: y, terms: z }]);
  return stages.plans;
}

/** Where the inputs of the map lie: x, B and C in (batch length heads or groups ...), dt before its bias. */
export interface Selected {
  readonly X: number;
  readonly B: number;
  readonly C: number;
  readonly dt: number;
}

function select(stages: Stages<Mamba2Block>, v: number): Selected {
  const { room } = stages;
  const { dims, settings } = room.problem;
  const { mlp, z, x, B, C } = partsOf(dims, settings);
  const feature = featureOf(settings);
  const { heads, channels } = dims;
  const first = 2 * mlp + z;
  const rows = stages.project(v, first, channels);
  const X = convolve(stages, rows, { first: 0, count: x }, true);
  const { xProj } = room.address;
  const places = xProj
    ? {
        B: perProduct(stages, X, 0, B),
        C: perProduct(stages, X, B, C),
        dt: perProduct(stages, X, B + C, heads),
      }
    : {
        B: convolve(stages, rows, { first: x, count: B }, feature === "silu"),
        C: convolve(stages, rows, { first: x + B, count: C }, feature === "silu"),
        dt: stages.project(v, first + channels, heads),
      };
  const { headDim, state } = dims;
  const { groups } = mapProblem(room.problem).dims;
  // the convolution has made it
  const done = !xProj && feature === "silu";
  const mapped = (at: number, columns: number) => (done ? at : featuresOf(stages, at, columns));
  return {
    X: repeated(stages, X, x / headDim, heads, headDim),
    B: repeated(stages, mapped(places.B, B), B / state, groups, state),
    C: repeated(stages, mapped(places.C, C), C / state, groups, state),
    dt: places.dt,
  };
}

/** The feature map of B or C, so many numbers of each token. @returns where they are then */
function featuresOf(stages: Stages<Mamba2Block>, from: number, columns: number): number {
  const { room, tokens } = stages;
  const { settings, dims } = room.problem;
  const { state } = dims;
  const feature = featureOf(settings);
  if (feature === "identity") return from;
  const rows = (tokens * columns) / state;
  if (feature === "layer-norm") return stages.groupFeatures({ from, rows, state, eps: settings.eps });
  if (feature === "random") return stages.groupFeatures({ from, rows, state });
  stages.map({ from, to: from, rows: tokens, columns, function: feature });
  return from;
}

/** Rows `first` to `first + columns` of the selection's own projection. */
export function perProduct(
  stages: Stages<Mamba2Block>,
  from: number,
  first: number,
  columns: number,
): number {
  const { address, problem } = stages.room;
  const to = stages.perToken(columns);
  const terms = problem.dims.channels;
  stages.product({ from, weights: behind(address.xProj, first * terms), to, columns, terms });
  return to;
}

/** Some of the convolution's channels, which then lie alone. */
function convolve(
  stages: Stages<Mamba2Block>,
  rows: number,
  { first, count }: { readonly first: number; readonly count: number },
  silu: boolean,
): number {
  const { address, problem } = stages.room;
  const { channels, width, past } = problem.dims;
  const Y = stages.perToken(count);
  const which = { channels: count, rowX: channels, stateChannels: channels };
  stages.part(
    directPlan(problem.dims, silu, which, stages.threads),
    {
      X: behind(rows, first),
      weight: behind(address.convWeight, first * width),
      bias: behind(address.convBias, first),
      initialState: behind(address.initialConv, first * past),
      documents: address.documents,
      Y,
      finalState: behind(address.finalConv, first * past),
    },
    problem.dims,
  );
  return Y;
}

/** As many parts as the map wants: those of groups again for each of their heads. */
export function repeated(
  stages: Stages<Mamba2Block>,
  from: number,
  parts: number,
  wanted: number,
  size: number,
): number {
  if (parts === wanted) return from;
  const to = stages.perToken(wanted * size);
  const columns = (wanted / parts) * size;
  stages.map({ from, to, rows: stages.tokens * parts, columns, period: size });
  return to;
}

/** @returns where what the map was given lies, by its own names */
export function map(stages: Stages<Mamba2Block>, { X, B, C, dt }: Selected, z: number, Y: number) {
  const { engine, room, threads } = stages;
  const { address, problem } = room;
  const { batch, length, heads, headDim, state } = problem.dims;
  const logA = room.reserve(4 * heads);
  stages.map({ from: address.ALog, to: logA, rows: 1, columns: heads, function: "minusExp" });
  const perChannel = problem.inputs.D?.axes.length === 2;
  const D = perChannel ? address.D : room.reserve(4 * heads * headDim);
  if (!perChannel) stages.map({ from: address.D, to: D, rows: heads, columns: headDim, rowX: 1, period: 1 });
  const shared = problem.inputs.initialState?.axes[0] === "heads";
  const count = heads * headDim * state;
  const initialState = shared ? room.reserve(4 * batch * count) : address.initialState;
  if (shared)
    stages.map({ from: address.initialState, to: initialState, rows: batch, columns: count, rowX: 0 });
  const places = {
    ...{ X, logA, B, C, dt, D, z, initialState, dtBias: address.dtBias, documents: address.documents },
    ...{ Y, finalState: address.finalState },
  };
  const inner = stages.roomOf(mapProblem(problem), places);
  const planned = length <= DECODE_LENGTH ? recurrentPlan : chunkedPlan;
  stages.part(planned(engine, inner, threads), places, inner.problem.dims);
  return places;
}

/** @param Y where the normed numbers go */
export function norm(stages: Stages<Mamba2Block>, y: number, z: number, Y = y): void {
  const { address, problem } = stages.room;
  const { batch, length, heads, groups, headDim } = problem.dims;
  const { normGroups } = problem.settings;
  stages.part(
    fusedPlan(problem.settings, stages.threads),
    { X: y, weight: address.normWeight, bias: 0, z, Y },
    { batch, length, heads, headDim, groups: normGroups || groups },
  );
}
