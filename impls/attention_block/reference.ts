/** Float64 truth of an attention block, a token at a time over keys and values made once, with what roundings may do to it (README.md). */
import { attentionScale } from "../attention/reference.js";
import { addTo } from "../blocks/reference/elementwise.js";
import { frontOf } from "../blocks/reference/front.js";
import { BlockBounds, type Numbers, numbers, part } from "../blocks/reference/numbers.js";
import { weightsOf } from "../blocks/reference/weights.js";
import { laneCoordinates } from "../lanes.js";
import type { AnyOperator, Lane, LaneReference, Problem } from "../operator.js";
import { inputReader } from "../operator.js";
import { attend, type Kept, keptOf } from "./reference/attend.js";
import { turnsOf } from "./reference/rotary.js";

export function* reference(
  operator: AnyOperator,
  problem: Problem,
  lanes: readonly Lane[],
): Generator<LaneReference<"Y" | "newKeys" | "newValues">> {
  const { length, context, modelDim, heads, groups, headDim, inner, projected } = problem.dims as Readonly<
    Record<string, number>
  >;
  const inProj = weightsOf(operator, problem, "inProj", "inBias");
  const outProj = weightsOf(operator, problem, "outProj", "outBias");
  const front = frontOf(operator, problem);
  const base = problem.settings.rotary as number;
  const before = problem.inputs.keys ? context : 0;
  const scale = attentionScale(problem);
  const [row, y, out] = [numbers(projected), numbers(inner), numbers(modelDim)];
  const turns = base === 0 ? undefined : turnsOf(before, length, headDim, base);
  const width = groups * headDim;

  /** Queries, keys and values of a token, turned to its position. */
  const project = (batch: number, t: number): { u: Numbers | undefined } => {
    const { u, v } = front(batch * length + t);
    inProj.product(v, row);
    if (turns)
      for (let h = 0; h < heads + groups; h++) turn(part(row, h * headDim, (h + 1) * headDim), turns, t);
    return { u };
  };
  const keptRows = (of: Numbers, norm: "euclidean" | "largest"): Kept[] =>
    Array.from({ length: groups }, (_, g) => keptOf(of, g * headDim, (g + 1) * headDim, norm));

  let [known, keys, values]: [number, Kept[][], Kept[][]] = [-1, [], []];
  for (const lane of lanes) {
    const { batch, length: t } = laneCoordinates(operator, problem, lane);
    if (batch !== known) {
      [known, keys, values] = [batch, cached(operator, problem, batch, "keys", "euclidean"), []];
      values = cached(operator, problem, batch, "values", "largest");
    }
    // tokens up to this one that no lane before has asked for
    for (let s = keys.length - before; s <= t; s++) {
      project(batch, s);
      keys.push(keptRows(part(row, inner, inner + width), "euclidean"));
      values.push(keptRows(part(row, inner + width, projected), "largest"));
    }
    const { u } = project(batch, t);
    const seen = before + t + 1;
    for (let h = 0; h < heads; h++) {
      const group = Math.floor(h / (heads / groups));
      const of = (rows: readonly Kept[][]) => rows.slice(0, seen).map((groupsOf) => groupsOf[group]);
      const q = keptOf(row, h * headDim, (h + 1) * headDim, "euclidean");
      attend(q, of(keys), of(values), scale, y, h * headDim);
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

/** The cache of one batch entry, exact. */
function cached(
  operator: AnyOperator,
  problem: Problem,
  batch: number,
  name: string,
  norm: "euclidean" | "largest",
): Kept[][] {
  const reader = inputReader(operator, problem, name);
  if (!reader) return [];
  const { context, groups, headDim } = problem.dims as Readonly<Record<string, number>>;
  const row = numbers(groups * headDim);
  return Array.from({ length: context }, (_, s) => {
    for (let i = 0; i < row.value.length; i++) row.value[i] = reader.at(batch * context + s, i);
    return Array.from({ length: groups }, (_g, g) => keptOf(row, g * headDim, (g + 1) * headDim, norm));
  });
}

/** Turns the pairs of a head in place: two products, a sum, two entries of tables. */
function turn(of: Numbers, turns: ReturnType<typeof turnsOf>, t: number): void {
  const half = Math.floor(of.value.length / 2);
  for (let i = 0; i < half; i++) {
    const [cos, sin] = [turns.cos[t * half + i], turns.sin[t * half + i]];
    const [absCos, absSin] = [Math.abs(cos), Math.abs(sin)];
    const [a, b] = [of.value[i], of.value[half + i]];
    of.value[i] = cos * a - sin * b;
    of.value[half + i] = sin * a + cos * b;
    const both = [absCos * Math.abs(a) + absSin * Math.abs(b), absSin * Math.abs(a) + absCos * Math.abs(b)];
    for (const field of ["certified", "stored"] as const) {
      const [ea, eb] = [of[field][i], of[field][half + i]];
      const own = field === "stored" ? 1 : 4;
      of[field][i] = absCos * ea + absSin * eb + own * both[0];
      of[field][half + i] = absSin * ea + absCos * eb + own * both[1];
    }
    const [va, vb] = [of.squares[i], of.squares[half + i]];
    of.squares[i] = cos * cos * va + sin * sin * vb + 4 * both[0] ** 2;
    of.squares[half + i] = sin * sin * va + cos * cos * vb + 4 * both[1] ** 2;
  }
}
