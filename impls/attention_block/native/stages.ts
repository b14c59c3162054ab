/** The stages of an attention block (impls/blocks/README.md) on the native engine. */
import { tiledPlan } from "../../attention/native/plan.js";
import { tiledPlan as stepPlan } from "../../attention_decode/native/plan.js";
import { Stages } from "../../blocks/native/stages.js";
import type { NativeRoom } from "../../engines/native/room.js";
import type { NativeEngine, PartPlan } from "../../engines/native.js";
import { prefillProblem, stepProblem } from "../cpu/map-problem.js";
import type { AttentionBlock } from "../operator.js";
import { turnsOf } from "../reference/rotary.js";

export function stagesOf(
  engine: NativeEngine,
  room: NativeRoom<AttentionBlock>,
  threads: number,
): readonly PartPlan[] {
  const stages = new Stages(engine, room, threads);
  const { address, problem } = room;
  const { settings } = problem;
  const { length, context, heads, groups, headDim, inner } = problem.dims;
  const width = groups * headDim;
  const { keys, values, newKeys, newValues } = address;
  // 0. norm; 1. project: the new keys and values are outputs
  const v = stages.front();
  const Q = stages.project(v, 0, inner);
  stages.project(v, inner, width, newKeys);
  stages.project(v, inner + width, width, newValues);
  // 4. positions and attention
  if (settings.rotary !== 0) {
    const turns = turnsOf(keys ? context : 0, length, headDim, settings.rotary);
    const table = (of: Float64Array) => room.floats(of.length, (place) => place.set(of));
    const tables = { cos: table(turns.cos), sin: table(turns.sin) };
    stages.turn(Q, heads, headDim, tables);
    stages.turn(newKeys, groups, headDim, tables);
  }
  const Y = stages.perToken(inner);
  if (keys) {
    const map = stages.roomOf(stepProblem(problem), {});
    const places = { Q, K: keys, V: values, k: newKeys, v: newValues, Y };
    stages.part(stepPlan(engine, map, threads), places, map.problem.dims);
  } else {
    const map = stages.roomOf(prefillProblem(problem), {});
    stages.part(tiledPlan(engine, map, threads), { Q, K: newKeys, V: newValues, Y }, map.problem.dims);
  }
  // 6. project
  stages.finish([{ from: Y, terms: inner }]);
  return stages.plans;
}
