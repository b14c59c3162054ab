/** A part's own kernel within a block on the cpu engine: arrays that lie between two stages take the place of a problem's inputs. */
import type { CpuEngine } from "../../engines/cpu.js";
import type { Implementation } from "../../implementation.js";
import { type AnyOperator, type Inputs, type Outputs, type Problem, shapeOf } from "../../operator.js";
import type { Options } from "../../prepared.js";
import type { TensorSource } from "../../tensor.js";

export interface Stage<Op extends AnyOperator> {
  readonly dims: Problem<Op>["dims"];
  readonly settings?: Partial<Op["settings"]>;
  readonly inputs: Partial<Inputs<Op>>;
  readonly outputs: Outputs<Op>;
  /** Axes of inputs that come in an alternative layout. */
  readonly layouts?: Readonly<Record<string, readonly string[]>>;
}

/** The problem of a part, without values: kernels ask it for sizes, settings and layouts. */
export function stageProblem<Op extends AnyOperator>(
  operator: Op,
  { dims, settings, inputs, layouts = {} }: Omit<Stage<Op>, "outputs">,
): Problem<Op> {
  const sources: Record<string, TensorSource> = {};
  for (const [name, values] of Object.entries(inputs)) {
    const axes: readonly string[] = layouts[name] ?? operator.inputs[name].axes;
    if (values) sources[name] = { kind: "given", axes, shape: shapeOf(axes, dims), data: NO_VALUES };
  }
  return {
    ...{ operator: operator.name, dtype: "f32", seed: 0, dims },
    ...{ inputs: sources, settings: { ...operator.settings, ...settings } },
  } as Problem as Problem<Op>;
}

const NO_VALUES = new Float64Array(0);

/** @returns what runs the kernel on those arrays */
export async function stageOf<Op extends AnyOperator>(
  engine: CpuEngine,
  impl: Implementation<Op, "cpu">,
  stage: Stage<Op>,
  options: Options = {},
): Promise<() => void> {
  const between = {
    ...engine,
    inputs: () => stage.inputs,
    outputs: () => stage.outputs,
    prepared: (_operator: unknown, _problem: unknown, _outputs: unknown, run: () => void) => ({ run }),
  } as unknown as CpuEngine;
  const { run } = await impl.prepare(between as never, stageProblem(impl.operator, stage), options);
  return run as unknown as () => void;
}
