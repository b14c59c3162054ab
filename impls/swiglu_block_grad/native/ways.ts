/** A gated MLP forward and backward as native plans in one room. */
import { blockRoom, GradientStages } from "../../blocks/native/gradients/stages.js";
import type { NativeWays } from "../../blocks/native/gradients/ways.js";
import { blockOf, type SwigluBlockGrad } from "../operator.js";

export const waysOf: NativeWays<SwigluBlockGrad> = (engine, room, threads) => {
  const block = blockRoom(room as never, blockOf(room.problem as never));
  const stages = new GradientStages(engine, block, threads, room.address, room.address.dY);
  const { tokens } = stages;
  const { inner } = block.problem.dims;
  // 1. project; 5. gate; 6. project
  const v = stages.front();
  const [gate, up] = [stages.project(v, 0, inner), stages.project(v, inner, inner)];
  const gated = stages.perToken(inner);
  stages.map({ from: gate, to: gated, rows: tokens, columns: inner, function: "silu", times: up });
  stages.finish([{ from: gated, terms: inner }]);

  stages.turnBack();
  const [dgated] = stages.unfinish([{ at: gated, size: inner }]);
  const [dgate, dup] = [0, 0].map(() => ({ at: stages.perToken(inner), size: inner }));
  stages.gate(inner, dgated.at, { gate, up }, { gate: dgate.at, up: dup.at });
  stages.unproject([dgate, dup], v);
  return stages.ways;
};
