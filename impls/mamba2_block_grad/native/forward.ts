/** The way forward of a Mamba-2 block that is to be walked back: what the block overwrites is kept here. */
import type { GradientStages } from "../../blocks/native/gradients/stages.js";
import { behind } from "../../blocks/native/stages.js";
import { directPlan } from "../../causal_conv1d/native/plan.js";
import { mapProblem } from "../../mamba2_block/cpu/map-problem.js";
import { map, norm, perProduct, repeated } from "../../mamba2_block/native/stages.js";
import { type Mamba2Block, partsOf } from "../../mamba2_block/operator.js";
import { slopedFeature } from "../reference/features.js";

type Block = GradientStages<Mamba2Block>;

/** Where stages have left their results. */
export type Kept = ReturnType<typeof forward>;

export function forward(stages: Block) {
  const { address, problem } = stages.room;
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
  const given = map(stages, selected, address.normWeight ? 0 : gate, y);
  const normed = address.normWeight ? stages.perToken(z) : y;
  if (address.normWeight) norm(stages, y, gate, normed);
  const side = mlp > 0 ? stages.perToken(mlp) : 0;
  if (mlp > 0)
    stages.map({ from: z0, to: side, rows: stages.tokens, columns: mlp, function: "silu", times: x0 });
  // 6. project
  stages.finish([...(mlp > 0 ? [{ from: side, terms: mlp }] : []), { from: normed, terms: z }]);
  return { v, z0, x0, gate, y, given, normed, side, ...selected };
}

/** x, B and C before their maps, `row` floats from a token to the next. */
interface Raw {
  readonly at: number;
  readonly row: number;
}

function select(stages: Block, v: number) {
  const { room, tokens } = stages;
  const { dims, settings } = room.problem;
  const { mlp, z, x, B, C } = partsOf(dims, settings);
  const { heads, headDim, state, channels } = dims;
  const first = 2 * mlp + z;
  const rows = stages.project(v, first, channels);
  const convolved = convolve(stages, rows);
  const act = stages.perToken(x);
  stages.map({ from: convolved, rowX: channels, to: act, rows: tokens, columns: x, function: "silu" });
  const isSequential = room.address.xProj !== 0;
  const raw = (place: number, size: number): Raw =>
    isSequential
      ? { at: perProduct(stages, act, place, size), row: size }
      : { at: behind(convolved, x + place), row: channels };
  const [rawB, rawC] = [raw(0, B), raw(B, C)];
  const dt = isSequential
    ? perProduct(stages, act, B + C, heads)
    : stages.project(v, first + channels, heads);
  const mapped = ({ at, row }: Raw, columns: number) => {
    const to = stages.perToken(columns);
    const feature = slopedFeature(settings);
    const function_ = feature === "identity" ? "copy" : feature;
    stages.map({ from: at, rowX: row, to, rows: tokens, columns, function: function_ });
    return to;
  };
  const { groups } = mapProblem(room.problem).dims;
  return {
    ...{ rows, convolved, act, rawB, rawC, dt },
    X: repeated(stages, act, x / headDim, heads, headDim),
    B: repeated(stages, mapped(rawB, B), B / state, groups, state),
    C: repeated(stages, mapped(rawC, C), C / state, groups, state),
  };
}

/** All channels side by side, before SiLU. */
function convolve(stages: Block, X: number): number {
  const { address, problem } = stages.room;
  const { batch, channels, past } = problem.dims;
  const Y = stages.perToken(channels);
  const which = { channels, rowX: channels, stateChannels: channels };
  const { convWeight: weight, convBias: bias } = address;
  const finalState = stages.room.reserve(4 * batch * channels * past);
  const places = { X, weight, bias, initialState: 0, documents: 0, Y, finalState };
  stages.part(directPlan(problem.dims, false, which, stages.threads), places, problem.dims);
  return Y;
}
