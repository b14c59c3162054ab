/** An attention block forward and backward as native plans in one room. */
import { tiledPlan } from "../../attention/native/plan.js";
import { prefillProblem } from "../../attention_block/cpu/map-problem.js";
import { turnsOf } from "../../attention_block/reference/rotary.js";
import { tiledPlan as gradientPlan } from "../../attention_grad/native/plan.js";
import { attentionGrad } from "../../attention_grad/operator.js";
import { blockRoom, GradientStages } from "../../blocks/native/gradients/stages.js";
import type { NativeWays } from "../../blocks/native/gradients/ways.js";
import { randomProblem } from "../../operator.js";
import { type AttentionBlockGrad, blockOf } from "../operator.js";

export const waysOf: NativeWays<AttentionBlockGrad> = (engine, room, threads) => {
  const block = blockRoom(room as never, blockOf(room.problem as never));
  const stages = new GradientStages(engine, block, threads, room.address, room.address.dY);
  const { length, heads, groups, headDim, inner } = block.problem.dims;
  const { rotary } = block.problem.settings;
  const width = groups * headDim;
  // 0. norm; 1. project
  const v = stages.front();
  const Q = stages.project(v, 0, inner);
  const K = stages.project(v, inner, width);
  const V = stages.project(v, inner + width, width);
  // 4. positions and attention
  const turns = turnsOf(0, length, headDim, rotary);
  const table = (of: Float64Array, sign = 1) =>
    room.floats(of.length, (place) => {
      for (let i = 0; i < of.length; i++) place[i] = sign * of[i];
    });
  const turn = (queries: number, keys: number, sign: number) => {
    if (rotary === 0) return;
    const tables = { cos: table(turns.cos), sin: table(turns.sin, sign) };
    stages.turn(queries, heads, headDim, tables);
    stages.turn(keys, groups, headDim, tables);
  };
  turn(Q, K, 1);
  const Y = stages.perToken(inner);
  const map = prefillProblem(block.problem);
  const given = { Q, K, V, documents: 0 };
  stages.part(tiledPlan(engine, stages.roomOf(map, { ...given, Y }), threads), { ...given, Y }, map.dims);
  // 6. project
  stages.finish([{ from: Y, terms: inner }]);

  stages.turnBack();
  const [dy] = stages.unfinish([{ at: Y, size: inner }]);
  const [dQ, dK, dV] = [inner, width, width].map((size) => ({ at: stages.perToken(size), size }));
  const { dims, settings } = map;
  const places = { ...given, dY: dy.at, dQ: dQ.at, dK: dK.at, dV: dV.at, Y: 0 };
  const inside = stages.roomOf(randomProblem(attentionGrad, { dims, settings }), places);
  stages.part(gradientPlan(engine, inside, threads), places, dims);
  turn(dQ.at, dK.at, -1);
  stages.unproject([dQ, dK, dV], v);
  return stages.ways;
};
