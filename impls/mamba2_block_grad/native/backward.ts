/** The way back through a Mamba-2 block, stage by stage from its end. */

import type { MapFunction } from "../../blocks/functions.js";
import type { GradientStages, Part } from "../../blocks/native/gradients/stages.js";
import { behind } from "../../blocks/native/stages.js";
import { mapProblem } from "../../mamba2_block/cpu/map-problem.js";
import { type Mamba2Block, partsOf } from "../../mamba2_block/operator.js";
import { type Problem, randomProblem } from "../../operator.js";
import { chunkedPlan } from "../../ssd_grad/native/plan.js";
import { type SsdGrad, ssdGrad } from "../../ssd_grad/operator.js";
import { slopedFeature } from "../reference/features.js";
import type { Kept } from "./forward.js";

type Block = GradientStages<Mamba2Block>;

export function backward(stages: Block, kept: Kept): void {
  const { to } = stages;
  const { address, problem } = stages.room;
  const { groups } = problem.dims;
  const { normBeforeGate, normGroups } = problem.settings;
  const { mlp, z } = partsOf(problem.dims, problem.settings);
  const part = (size: number): Part => ({ at: stages.perToken(size), size });
  // 6. project
  const side = mlp > 0 ? [{ at: kept.side, size: mlp }] : [];
  const cotangents = stages.unfinish([...side, { at: kept.normed, size: z }]);
  const dNormed = cotangents[cotangents.length - 1].at;
  // 5. gate and norm, the MLP in front
  const [dz0, dx0, dgate] = [part(mlp), part(mlp), part(z)];
  if (mlp > 0)
    stages.gate(mlp, cotangents[0].at, { gate: kept.z0, up: kept.x0 }, { gate: dz0.at, up: dx0.at });
  let [dy, dzOfMap] = [dNormed, dgate.at];
  if (address.normWeight) {
    [dy, dzOfMap] = [stages.perToken(z), 0];
    const places = { X: kept.y, weight: address.normWeight, z: kept.gate, dY: dNormed, plus: 0 };
    const made = { dX: dy, dz: dgate.at, dweight: to.dnormWeight };
    stages.norm({ ...places, ...made }, z, z / (normGroups || groups), normBeforeGate);
  }
  // 4. map
  const made = map(stages, kept, dy, dzOfMap);
  // 3. select, 2. convolve
  const drows = part(problem.dims.channels);
  const ddt = unselect(stages, kept, made, drows.at);
  // 1. project, 0. norm
  const before = mlp > 0 ? [dz0, dx0] : [];
  stages.unproject([...before, dgate, drows, ...(ddt ? [ddt] : [])], kept.v);
}

/** Cotangents of what the map was given. */
interface Made {
  readonly dX: number;
  readonly dB: number;
  readonly dC: number;
  readonly ddt: number;
}

function map(stages: Block, { given }: Kept, dY: number, dz: number): Made {
  const { engine, room, threads, to } = stages;
  const { problem } = room;
  const { batch, heads, headDim, state } = problem.dims;
  const { groups } = mapProblem(problem).dims;
  const count = heads * headDim * state;
  const isShared = problem.inputs.initialState?.axes[0] === "heads";
  const perHead = problem.inputs.D?.axes.length === 1;
  const made = {
    ...{ dX: stages.perToken(heads * headDim), ddt: stages.perToken(heads) },
    ...{ dB: stages.perToken(groups * state), dC: stages.perToken(groups * state) },
    dlogA: room.reserve(4 * heads),
    dD: perHead ? room.reserve(4 * heads * headDim) : to.dD,
    dinitialState: isShared ? room.reserve(4 * batch * count) : to.dinitialState,
  };
  const places = { ...given, ...made, dz, dY, dFinalState: 0, Y: 0, finalState: 0, ddtBias: to.ddtBias };
  const inner = stages.roomOf(gradientProblem(problem), places);
  stages.part(chunkedPlan(engine, inner, threads), places, inner.problem.dims);
  // A = -exp(ALog) is its own slope
  stages.map({ from: given.logA, to: to.dALog, rows: 1, columns: heads, times: made.dlogA });
  if (perHead) stages.sums(made.dD, to.dD, heads, headDim, 1);
  if (isShared) stages.sums(made.dinitialState, to.dinitialState, 1, batch, count);
  return made;
}

/** The sequence map inside of the block as a problem of its gradient. */
function gradientProblem(problem: Problem<Mamba2Block>): Problem<SsdGrad> {
  const { dims, inputs, settings } = mapProblem(problem);
  const names = ["dt", "dtBias", "D", "initialState", "z"] as const;
  return randomProblem(ssdGrad, {
    dims,
    with: names.filter((name) => inputs[name]),
    layouts: { logA: ["heads"] },
    settings,
  });
}

/** Through the features, the selection, SiLU and the convolution. @param drows those of the convolution's inputs. @returns of dt's rows */
function unselect(stages: Block, kept: Kept, made: Made, drows: number): Part | undefined {
  const { address, problem } = stages.room;
  const { heads, headDim, state, channels, width } = problem.dims;
  const { x, B, C } = partsOf(problem.dims, problem.settings);
  const { groups } = mapProblem(problem).dims;
  const slope = SLOPES[slopedFeature(problem.settings)];
  const dact = unrepeated(stages, made.dX, x / headDim, heads, headDim);
  const dB = unrepeated(stages, made.dB, B / state, groups, state);
  const dC = unrepeated(stages, made.dC, C / state, groups, state);
  const dconvolved = stages.perToken(channels);
  const ddt = { at: made.ddt, size: heads };
  if (address.xProj) {
    const [rawB, rawC] = [stages.perToken(B), stages.perToken(C)];
    stages.slope(slope, kept.rawB.at, dB, rawB, B);
    stages.slope(slope, kept.rawC.at, dC, rawC, C);
    let first = 0;
    for (const part of [{ at: rawB, size: B }, { at: rawC, size: C }, ddt]) {
      const weights = behind(address.xProj, first * channels);
      stages.through(part, weights, { at: dact, size: channels }, { adds: true });
      stages.weight(part, { at: kept.act, size: channels }, behind(stages.to.dxProj, first * channels));
      first += part.size;
    }
  } else {
    const rows = { rowX: channels, rowY: channels };
    stages.slope(slope, kept.rawB.at, dB, behind(dconvolved, x), B, rows);
    stages.slope(slope, kept.rawC.at, dC, behind(dconvolved, x + B), C, rows);
  }
  stages.slope("siluSlope", kept.convolved, dact, dconvolved, x, { rowX: channels, rowY: channels });
  stages.convolution(kept.rows, dconvolved, drows, channels, width);
  return address.xProj ? undefined : ddt;
}

const SLOPES = {
  silu: "siluSlope",
  identity: "one",
  relu: "reluSlope",
  elu1: "elu1Slope",
} as const satisfies Record<string, MapFunction>;

/** Of parts that were given to several: the sum over those. */
function unrepeated(stages: Block, from: number, parts: number, wanted: number, size: number): number {
  if (parts === wanted) return from;
  const to = stages.perToken(parts * size);
  stages.sums(from, to, stages.tokens * parts, wanted / parts, size);
  return to;
}
