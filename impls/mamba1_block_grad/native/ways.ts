/** A Mamba-1 block forward and backward as native plans in one room. */
import { blockRoom, GradientStages } from "../../blocks/native/gradients/stages.js";
import type { NativeWays } from "../../blocks/native/gradients/ways.js";
import { blockOf, type Mamba1BlockGrad } from "../operator.js";
import { backward } from "./backward.js";
import { forward } from "./forward.js";

export const waysOf: NativeWays<Mamba1BlockGrad> = (engine, room, threads) => {
  const { batch, inner, state } = room.problem.dims;
  const block = blockRoom(room as never, blockOf(room.problem as never));
  const finalState = room.reserve(4 * batch * inner * state);
  const placed = { ...block, address: { ...block.address, finalState } };
  const stages = new GradientStages(engine, placed, threads, room.address, room.address.dY);
  const kept = forward(stages);
  stages.turnBack();
  backward(stages, kept);
  return stages.ways;
};
