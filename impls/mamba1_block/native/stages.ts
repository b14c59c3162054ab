/** The stages of a Mamba-1 block (impls/blocks/README.md) on the native engine. */
import { behind, Stages } from "../../blocks/native/stages.js";
import { directPlan } from "../../causal_conv1d/native/plan.js";
import type { NativeRoom } from "../../engines/native/room.js";
import type { NativeEngine, PartPlan } from "../../engines/native.js";
import { recurrentPlan } from "../../selective_scan/native/plan.js";
import { scanProblem } from "../cpu/scan-problem.js";
import type { Mamba1Block } from "../operator.js";

export function stagesOf(
  engine: NativeEngine,
  room: NativeRoom<Mamba1Block>,
  threads: number,
): readonly PartPlan[] {
  const stages = new Stages(engine, room, threads);
  const { address, problem } = room;
  const { dims } = problem;
  const { inner, state, rank } = dims;
  // 0. norm; 1. project
  const v = stages.front();
  const rows = stages.project(v, 0, inner);
  const z = stages.project(v, inner, inner);
  // 2. convolve
  const u = stages.perToken(inner);
  stages.part(
    directPlan(dims, true, { channels: inner, rowX: inner, stateChannels: inner }, threads),
    {
      ...{ X: rows, weight: address.convWeight, bias: address.convBias, initialState: address.initialConv },
      ...{ documents: 0, Y: u, finalState: address.finalConv },
    },
    dims,
  );
  // 3. select
  const select = (first: number, columns: number) => {
    const to = stages.perToken(columns);
    stages.product({ from: u, weights: behind(address.xProj, first * inner), to, columns, terms: inner });
    return to;
  };
  const steps = select(0, rank);
  const B = select(rank, state);
  const C = select(rank + state, state);
  const delta = stages.perToken(inner);
  stages.product({ from: steps, weights: address.dtProj, to: delta, columns: inner, terms: rank });
  // 4. map, with the gate
  const A = room.reserve(4 * inner * state);
  stages.map({ from: address.ALog, to: A, rows: inner, columns: state, function: "minusExp" });
  const Y = stages.perToken(inner);
  const map = scanProblem(problem);
  stages.part(
    recurrentPlan(engine, map, threads),
    {
      ...{ u, delta, A, B, C, D: address.D, z, deltaBias: address.dtBias, documents: 0, Y },
      ...{ initialState: address.initialState, finalState: address.finalState },
    },
    map.dims,
  );
  // 6. project
  stages.finish([{ from: Y, terms: inner }]);
  return stages.plans;
}
