/** Float64 truth of an attention block's gradients, with what roundings may do to them (impls/blocks/README.md, "The bound, backward"). */
import { attentionScale } from "../attention/reference.js";
import { attend, ofProduct, ofWeighing } from "../attention_block/reference/attend.js";
import { turn, turnsOf } from "../attention_block/reference/rotary.js";
import { ReferenceFrame } from "../blocks/reference/gradients/frame.js";
import { asNumbers, keep, type Sized, sized } from "../blocks/reference/gradients/sized.js";
import { numbers, part } from "../blocks/reference/numbers.js";
import type { AnyOperator, Lane, LaneReference, Problem } from "../operator.js";
import { AttendedBack } from "./reference/attended.js";

export function* reference(
  operator: AnyOperator,
  problem: Problem,
  lanes: readonly Lane[],
): Generator<LaneReference<"du" | "dinProj" | "doutProj">> {
  const { batch, length, heads, groups, headDim, inner, projected } = problem.dims as Readonly<
    Record<string, number>
  >;
  const frame = new ReferenceFrame(operator, problem);
  const { tokens } = frame;
  const base = problem.settings.rotary as number;
  const turns = base === 0 ? undefined : turnsOf(0, length, headDim, base);
  const back = turns && { cos: turns.cos, sin: turns.sin.map((sine) => -sine) };
  const scale = attentionScale(problem);
  const row = numbers(projected);
  /** Queries, keys and values behind their turns. */
  const turned = sized(tokens * projected);
  const y = sized(tokens * inner);
  for (let b = 0; b < batch; b++) {
    // 1. project; 4. positions
    for (let t = 0; t < length; t++) {
      frame.project(b * length + t, row);
      if (turns)
        for (let h = 0; h < heads + groups; h++) turn(part(row, h * headDim, (h + 1) * headDim), turns, t);
      keep(row, turned, (b * length + t) * projected);
    }
    const rowOf = (t: number) => asNumbers(turned, (b * length + t) * projected, projected);
    const rows = Array.from({ length }, (_, t) => rowOf(t));
    const shared = Array.from({ length: groups }, (_, g) => inner + g * headDim);
    const keys = shared.map((at) => rows.map((of) => ofProduct(of, at, at + headDim)));
    const values = shared.map((at) =>
      rows.map((of) => ofWeighing(of, groups * headDim + at, groups * headDim + at + headDim)),
    );
    // 4. attention; 6. project
    const out = numbers(inner);
    for (let t = 0; t < length; t++) {
      for (let h = 0; h < heads; h++) {
        const g = Math.floor(h / (heads / groups));
        const q = ofProduct(rows[t], h * headDim, (h + 1) * headDim);
        attend(q, keys[g], values[g], t + 1, scale, out, h * headDim);
      }
      keep(out, y, (b * length + t) * inner);
      frame.finish(b * length + t, out);
    }
  }
  const dy = frame.unfinish(y);
  const attended = new AttendedBack(problem, turned, dy, scale);
  for (let b = 0; b < batch; b++) for (let h = 0; h < heads; h++) attended.head(b, h);
  const drow = attended.drow();
  if (back) unturn(drow, problem, back);
  frame.unproject(drow);
  for (const lane of lanes) yield { lane, outputs: frame.bounds() as never };
}

/** The turns the other way round. */
function unturn(drow: Sized, problem: Problem, back: ReturnType<typeof turnsOf>): void {
  const { length, heads, groups, headDim, projected } = problem.dims as Readonly<Record<string, number>>;
  const tokens = drow.value.length / projected;
  for (let token = 0; token < tokens; token++) {
    const row = asNumbers(drow, token * projected, projected);
    for (let h = 0; h < heads + groups; h++)
      turn(part(row, h * headDim, (h + 1) * headDim), back, token % length);
    keep(row, drow, token * projected);
  }
}
