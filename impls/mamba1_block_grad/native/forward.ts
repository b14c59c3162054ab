/** The way forward of a Mamba-1 block that is to be walked back: what the block overwrites is kept here. */
import type { GradientStages } from "../../blocks/native/gradients/stages.js";
import { behind } from "../../blocks/native/stages.js";
import { directPlan } from "../../causal_conv1d/native/plan.js";
import { scanProblem } from "../../mamba1_block/cpu/scan-problem.js";
import type { Mamba1Block } from "../../mamba1_block/operator.js";
import { recurrentPlan } from "../../selective_scan/native/plan.js";

/** Where stages have left their results. */
export type Kept = ReturnType<typeof forward>;

export function forward(stages: GradientStages<Mamba1Block>) {
  const { room, engine, threads, tokens } = stages;
  const { address, problem } = room;
  const { batch, inner, state, rank, past } = problem.dims;
  // 0. norm; 1. project
  const v = stages.front();
  const rows = stages.project(v, 0, inner);
  const z = stages.project(v, inner, inner);
  // 2. convolve, before SiLU and behind it
  const [convolved, u] = [stages.perToken(inner), stages.perToken(inner)];
  const which = { channels: inner, rowX: inner, stateChannels: inner };
  const finalConv = room.reserve(4 * batch * inner * past);
  const { convWeight: weight, convBias: bias } = address;
  stages.part(
    directPlan(problem.dims, false, which, threads),
    { X: rows, weight, bias, initialState: 0, documents: 0, Y: convolved, finalState: finalConv },
    problem.dims,
  );
  stages.map({ from: convolved, to: u, rows: tokens, columns: inner, function: "silu" });
  // 3. select
  const select = (first: number, columns: number) => {
    const to = stages.perToken(columns);
    stages.product({ from: u, weights: behind(address.xProj, first * inner), to, columns, terms: inner });
    return to;
  };
  const [steps, B, C] = [select(0, rank), select(rank, state), select(rank + state, state)];
  const delta = stages.perToken(inner);
  stages.product({ from: steps, weights: address.dtProj, to: delta, columns: inner, terms: rank });
  // 4. map, with the gate
  const A = room.reserve(4 * inner * state);
  stages.map({ from: address.ALog, to: A, rows: inner, columns: state, function: "minusExp" });
  const Y = stages.perToken(inner);
  const map = scanProblem(problem);
  const given = {
    ...{ u, delta, A, B, C, z, D: address.D, deltaBias: address.dtBias, documents: 0, initialState: 0 },
    ...{ Y, finalState: address.finalState },
  };
  stages.part(recurrentPlan(engine, map, threads), given, map.dims);
  // 6. project
  stages.finish([{ from: Y, terms: inner }]);
  return { v, rows, convolved, steps, given };
}
