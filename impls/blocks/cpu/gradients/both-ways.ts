/** A block's gradients on the cpu engine: forward and then backward, from the inputs alone. */
import type { Rounding } from "../../../bound.js";
import type { CpuEngine } from "../../../engines/cpu.js";
import { type Form, type Implementation, implementation } from "../../../implementation.js";
import type { AnyOperator, Problem } from "../../../operator.js";
import type { Named, Ways } from "./frame.js";

/** Makes both ways on given arrays, a gradient `dx` for each input x. */
export type WaysOf<Op extends AnyOperator> = (
  engine: CpuEngine,
  problem: Problem<Op>,
  inputs: Named,
  outputs: Named,
) => Promise<Ways>;

export interface BothWays<Op extends AnyOperator> {
  readonly form: Form;
  readonly source: string;
  readonly takes?: readonly string[];
  readonly ways: WaysOf<Op>;
  rounding(problem: Problem<Op>): Rounding;
}

export function bothWays<Op extends AnyOperator>(
  operator: Op,
  { ways, ...of }: BothWays<Op>,
): Implementation<Op, "cpu"> {
  return implementation(operator, "cpu", {
    ...of,
    async prepare(engine: CpuEngine, problem: Problem<Op>) {
      const inputs = engine.inputs(operator, problem);
      const outputs = engine.outputs(operator, problem);
      const { forward, backward } = await ways(engine, problem, inputs as Named, outputs as Named);
      return engine.prepared(operator, problem, outputs, () => {
        forward();
        backward();
      });
    },
  } as never);
}
