/** Float64 truth of an attention block, a token at a time over keys and values made once, with what roundings may do to it (README.md). */
import { attentionScale } from "../attention/reference.js";
import { addTo } from "../blocks/reference/elementwise.js";
import { frontOf } from "../blocks/reference/front.js";
import { BlockBounds, type Numbers, numbers, part } from "../blocks/reference/numbers.js";
import { weightsOf } from "../blocks/reference/weights.js";
import type { Bounds } from "../bound.js";
import { laneCoordinates } from "../lanes.js";
import type { AnyOperator, Lane, LaneReference, Problem } from "../operator.js";
import { inputReader } from "../operator.js";
import { attend, type Kept, ofProduct, ofWeighing } from "./reference/attend.js";
import { turn, turnsOf } from "./reference/rotary.js";

/** @param before outputs of a layer in front, in place of u */
export function* reference(
  operator: AnyOperator,
  problem: Problem,
  lanes: readonly Lane[],
  before?: Bounds,
): Generator<LaneReference<"Y" | "newKeys" | "newValues">> {
  const { length, context, modelDim, heads, groups, headDim, inner, projected } = problem.dims as Readonly<
    Record<string, number>
  >;
  const inProj = weightsOf(operator, problem, "inProj", "inBias");
  const outProj = weightsOf(operator, problem, "outProj", "outBias");
  const front = frontOf(operator, problem, before);
  const base = problem.settings.rotary as number;
  const cached = problem.inputs.keys ? context : 0;
  const scale = attentionScale(problem);
  const [row, y, out] = [numbers(projected), numbers(inner), numbers(modelDim)];
  const turns = base === 0 ? undefined : turnsOf(cached, length, headDim, base);
  const width = groups * headDim;

  /** Queries, keys and values of a token, turned to its position. */
  const project = (batch: number, t: number): { u: Numbers | undefined } => {
    const { u, v } = front(batch * length + t);
    inProj.product(v, row);
    if (turns)
      for (let h = 0; h < heads + groups; h++) turn(part(row, h * headDim, (h + 1) * headDim), turns, t);
    return { u };
  };

  let [known, past] = [-1, cacheOf(operator, problem, 0)];
  for (const lane of lanes) {
    const { batch, length: t } = laneCoordinates(operator, problem, lane);
    if (batch !== known) [known, past] = [batch, cacheOf(operator, problem, batch)];
    // tokens up to this one that no lane before has asked for
    for (let s = past.tokens - cached; s <= t; s++) {
      project(batch, s);
      past.add(row, inner);
    }
    const { u } = project(batch, t);
    const seen = cached + t + 1;
    for (let h = 0; h < heads; h++) {
      const group = Math.floor(h / (heads / groups));
      const q = ofProduct(row, h * headDim, (h + 1) * headDim);
      attend(q, past.keys[group], past.values[group], seen, scale, y, h * headDim);
    }
    outProj.product(y, out);
    if (u) addTo(out, u);
    const bounds = (of: Numbers) => {
      const to = new BlockBounds(of.value.length, problem.dtype, 1e3 * seen);
      to.set(of, 0);
      return to.bounds;
    };
    const [newKeys, newValues] = [part(row, inner, inner + width), part(row, inner + width, projected)];
    yield { lane, outputs: { Y: bounds(out), newKeys: bounds(newKeys), newValues: bounds(newValues) } };
  }
}

/** Keys and values by group of the tokens so far: those of a cache, exact, then what is added. */
function cacheOf(operator: AnyOperator, problem: Problem, batch: number) {
  const { context, groups, headDim } = problem.dims as Readonly<Record<string, number>>;
  const width = groups * headDim;
  const lists = (): Kept[][] => Array.from({ length: groups }, () => []);
  const [keys, values] = [lists(), lists()];
  const cache = {
    keys,
    values,
    tokens: 0,
    /** @param first where the keys begin; the values follow */
    add(row: Numbers, first: number): void {
      for (let g = 0; g < groups; g++) {
        const [start, end] = [first + g * headDim, first + (g + 1) * headDim];
        keys[g].push(ofProduct(row, start, end));
        values[g].push(ofWeighing(row, width + start, width + end));
      }
      cache.tokens++;
    },
  };
  const [K, V] = ["keys", "values"].map((name) => inputReader(operator, problem, name));
  if (!K || !V) return cache;
  const row = numbers(2 * width);
  for (let s = 0; s < context; s++) {
    for (let i = 0; i < width; i++) {
      row.value[i] = K.at(batch * context + s, i);
      row.value[width + i] = V.at(batch * context + s, i);
    }
    cache.add(row, 0);
  }
  return cache;
}
