/** A block's gradients on the native engine: forward and then backward, from the inputs alone. */
import type { Rounding } from "../../../bound.js";
import type { NativeRoom } from "../../../engines/native/room.js";
import type { NativeEngine, PartPlan } from "../../../engines/native.js";
import { type Form, type Implementation, implementation } from "../../../implementation.js";
import type { AnyOperator, Problem } from "../../../operator.js";

/** Plans of both ways in a room of the gradient's operator. */
export type NativeWays<Op extends AnyOperator> = (
  engine: NativeEngine,
  room: NativeRoom<Op>,
  threads: number,
) => { readonly forward: readonly PartPlan[]; readonly backward: readonly PartPlan[] };

export interface NativeGradient<Op extends AnyOperator> {
  readonly form: Form;
  readonly source: string;
  readonly takes?: readonly string[];
  readonly ways: NativeWays<Op>;
  rounding(problem: Problem<Op>): Rounding;
}

export function nativeGradient<Op extends AnyOperator>(
  operator: Op,
  { ways, ...of }: NativeGradient<Op>,
): Implementation<Op, "native"> {
  return implementation(operator, "native", {
    ...of,
    options: (_problem: Problem<Op>, engine: NativeEngine) =>
      engine.threads > 1 ? [{ threads: 1 }, { threads: engine.threads }] : [{ threads: 1 }],
    prepare(engine: NativeEngine, problem: Problem<Op>, { threads = 1 }: { threads?: number }) {
      const room = engine.room(operator, problem);
      const { forward, backward } = ways(engine, room, threads);
      return engine.prepared(room, [...forward, ...backward]);
    },
  } as never);
}
