/** The way back through a Mamba-1 block, stage by stage from its end. */
import type { GradientStages } from "../../blocks/native/gradients/stages.js";
import { behind } from "../../blocks/native/stages.js";
import { scanProblem } from "../../mamba1_block/cpu/scan-problem.js";
import type { Mamba1Block } from "../../mamba1_block/operator.js";
import { randomProblem } from "../../operator.js";
import { scanPlan } from "../../selective_scan_grad/native/plan.js";
import { selectiveScanGrad } from "../../selective_scan_grad/operator.js";
import type { Kept } from "./forward.js";

export function backward(stages: GradientStages<Mamba1Block>, kept: Kept): void {
  const { room, to } = stages;
  const { address, problem } = room;
  const { inner, state, rank, width } = problem.dims;
  const { given } = kept;
  const part = (size: number) => ({ at: stages.perToken(size), size });
  // 6. project
  const [dy] = stages.unfinish([{ at: given.Y, size: inner }]);
  // 4. map, with the gate
  const [du, dz, ddelta, dB, dC] = [inner, inner, inner, state, state].map(part);
  map(stages, kept, dy.at, { du: du.at, dz: dz.at, ddelta: ddelta.at, dB: dB.at, dC: dC.at });
  // 3. select
  const dsteps = part(rank);
  stages.through(ddelta, address.dtProj, dsteps);
  stages.weight(ddelta, { at: kept.steps, size: rank }, to.ddtProj);
  let first = 0;
  for (const selected of [dsteps, dB, dC]) {
    stages.through(selected, behind(address.xProj, first * inner), du, { adds: true });
    stages.weight(selected, { at: given.u, size: inner }, behind(to.dxProj, first * inner));
    first += selected.size;
  }
  // 2. convolve
  const [dconvolved, drows] = [part(inner), part(inner)];
  stages.slope("siluSlope", kept.convolved, du.at, dconvolved.at, inner);
  stages.convolution(kept.rows, dconvolved.at, drows.at, inner, width);
  // 1. project, 0. norm
  stages.unproject([drows, dz], kept.v);
}

type Made = Readonly<Record<"du" | "dz" | "ddelta" | "dB" | "dC", number>>;

function map(stages: GradientStages<Mamba1Block>, { given }: Kept, dY: number, made: Made): void {
  const { engine, room, threads, to } = stages;
  const { inner, state } = room.problem.dims;
  const { dims, settings } = scanProblem(room.problem);
  const problem = randomProblem(selectiveScanGrad, { dims, with: ["D", "z", "deltaBias"], settings });
  const dA = room.reserve(4 * inner * state);
  const absent = { dFinalState: 0, dinitialState: 0, Y: 0, finalState: 0 };
  const places = { ...given, ...made, ...absent, dY, dA, dD: to.dD, ddeltaBias: to.ddtBias };
  const inside = stages.roomOf(problem, places);
  stages.part(scanPlan(engine, inside, threads), places, dims);
  // A = -exp(ALog) is its own slope
  stages.map({ from: given.A, to: to.dALog, rows: inner, columns: state, times: dA });
}
