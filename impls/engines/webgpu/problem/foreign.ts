/**
 * A user's kernel in WGSL: its text as it is, its bindings given by their names. A binding that is called as a tensor gets that tensor,
 * one of scratch memory that, one whose type is a struct of numbers the sizes that its members are called after.
 */
import {
  type AnyOperator,
  type InputSpecs,
  inputDtype,
  isState,
  outputNames,
  outputSize,
  type Problem,
} from "../../../operator.js";
import { type Prepared, Unsupported } from "../../../prepared.js";
import { elementCount } from "../../../tensor.js";
import type { Launch } from "../clock/launch.js";
import type { Arguments, Numbers } from "../device/arguments.js";
import { type Binding, bindingsOf, entryPoints } from "../device/bindings.js";
import type { GpuDevice } from "../device/device.js";
import type { Grid } from "../device/kernel.js";
import type { Dtype } from "../device/source.js";
import { foreignText } from "../device/wgsl.js";
import { Stage } from "./stage.js";

export interface ForeignWgsl {
  /** Path of the file, and what stands in it. */
  readonly file: string;
  readonly text: string;
  /** In the order in which they run. */
  readonly launches: readonly { readonly entry: string; readonly grid: Grid }[];
  /** What members of structs, and `//#if NAME`, may name: not zero is true. */
  readonly numbers: Numbers;
  /** Floats of each named scratch memory. */
  readonly scratch: Numbers;
  /** Written in front of the text as `const NAME`. */
  readonly constants: Numbers;
}

interface Asked<Op extends AnyOperator> {
  readonly operator: Op;
  readonly problem: Problem<Op>;
  readonly kernel: ForeignWgsl;
}

/** The text of one problem: code of inputs that it has not is left out. */
function textFor({ problem, kernel }: Asked<AnyOperator>): string {
  const flags = Object.keys(kernel.numbers).filter((name) => kernel.numbers[name] !== 0);
  const dtype = problem.dtype as Dtype;
  return foreignText(kernel.text, { flags: new Set([...flags, dtype]), dtype, constants: kernel.constants });
}

/** Of each launch. @throws where an entry point is not in the text */
function bindingsIn(text: string, { launches }: ForeignWgsl): Binding[][] {
  const there = entryPoints(text);
  return launches.map(({ entry }) => {
    if (!there.includes(entry))
      throw new Error(`there is no entry point ${entry}; there are ${there.join(", ") || "none"}`);
    return bindingsOf(text, entry);
  });
}

/** A sentence where the kernel binds an input that the problem has not, or the problem has one that the kernel never binds. */
export function foreignUnsupported(asked: Asked<AnyOperator>): string | undefined {
  let bound: Set<string>;
  try {
    bound = new Set(
      bindingsIn(textFor(asked), asked.kernel)
        .flat()
        .map(({ name }) => name),
    );
  } catch {
    // told when it is prepared: wrong is not unsupported
    return undefined;
  }
  const { operator, problem } = asked;
  for (const name of Object.keys(operator.inputs as InputSpecs)) {
    const isThere = problem.inputs[name] !== undefined;
    if (isThere && !bound.has(name) && operator.inputs[name].optional) return `takes no ${name}`;
    if (!isThere && bound.has(name)) return `needs ${name}`;
  }
  const dims: readonly string[] = operator.dims;
  const isOptional = (name: string) =>
    (operator.outputs[name] as readonly string[]).some((axis) => !dims.includes(axis));
  const output = outputNames(operator, problem).find((name) => isOptional(name) && !bound.has(name));
  if (output !== undefined) return `writes no ${output}`;
  return ignoredSetting(asked);
}

/** A setting other than the operator's own, of which the text has no name. */
function ignoredSetting({ operator, problem, kernel }: Asked<AnyOperator>): string | undefined {
  const usual: Readonly<Record<string, unknown>> = operator.settings;
  const words = new Set(kernel.text.replace(/\/\*[\s\S]*?\*\//g, " ").match(/[A-Za-z_]\w*/g));
  const setting = Object.entries(problem.settings).find(
    ([name, value]) => value !== usual[name] && !words.has(name),
  );
  return setting && `takes no ${setting[0]}`;
}

/** @throws with what is wrong with the text, its entry points or its bindings */
export async function prepareForeign<Op extends AnyOperator>(
  gpu: GpuDevice,
  asked: Asked<Op>,
): Promise<Prepared<Op, Launch>> {
  const { operator, problem, kernel } = asked;
  const text = textFor(asked);
  const bindings = bindingsIn(text, kernel);
  mustBindOutputs(outputNames(operator, problem as Problem), bindings.flat(), kernel);
  mustFit(gpu, asked);
  const states = Object.keys(operator.outputs).filter((name) => isState(operator.outputs[name]));
  const stage = new Stage(gpu, operator, problem, { cutsTime: false, f32Outputs: states });
  const [window, ...others] = stage.windows;
  if (others.length > 0) throw new Unsupported("its tensors do not fit one binding of this adapter each");
  const scratch = Object.fromEntries(
    Object.entries(kernel.scratch).map(([name, floats]) => [name, stage.scratch(name, 4 * floats)]),
  );
  for (const [i, { entry, grid }] of kernel.launches.entries()) {
    const args: Record<string, Arguments[string]> = {};
    for (const binding of bindings[i]) {
      const { name } = binding;
      if (Object.hasOwn(operator.inputs, name)) args[name] = await stage.input(name, window);
      else if (Object.hasOwn(operator.outputs, name)) args[name] = stage.output(name as never, window);
      else args[name] = scratch[name] ?? numbersOf(binding, asked);
    }
    await stage
      .kernel({ text, file: kernel.file, entryPoint: entry }, args, grid)
      .catch((error: Error) => Promise.reject(new Error(complaint(kernel.file, error))));
  }
  return stage.prepared();
}

/** Of a driver's message the place and the words: it quotes the code besides, and the calls that led there. */
function complaint(file: string, { message }: Error): string {
  const [, line, column, words] = /:(\d+):(\d+) error: (.*)/.exec(message) ?? [];
  return words === undefined ? message : `${file.split(/[\\/]/).at(-1)}:${line}:${column}: ${words}`;
}

function mustBindOutputs(
  outputs: readonly string[],
  bindings: readonly Binding[],
  { launches }: ForeignWgsl,
): void {
  const entries = launches.map(({ entry }) => entry).join(", ");
  for (const name of outputs)
    if (!bindings.some((binding) => binding.name === name))
      throw new Error(`${entries} uses no binding ${name}: nobody would write that output`);
}

/** Whole tensors only: a user's kernel knows of no windows. */
function mustFit(gpu: GpuDevice, { operator, problem, kernel }: Asked<AnyOperator>): void {
  const bytes = (dtype: string) => (dtype === "f16" ? 2 : 4);
  const inputs = Object.entries((problem as Problem).inputs).flatMap(([name, source]) =>
    source ? [[name, elementCount(source.shape) * bytes(inputDtype(operator, problem, name))] as const] : [],
  );
  const outputs = outputNames(operator, problem).map(
    (name) => [name, outputSize(operator, problem, name) * bytes(problem.dtype)] as const,
  );
  const scratch = Object.entries(kernel.scratch).map(([name, floats]) => [name, 4 * floats] as const);
  for (const [name, size] of [...inputs, ...outputs, ...scratch])
    if (size > gpu.maxBindingBytes)
      throw new Unsupported(
        `${name} has ${size} bytes and a binding of this adapter ${gpu.maxBindingBytes}; a kernel of a file takes whole tensors`,
      );
}

/** @throws where a binding or a member is nothing here */
function numbersOf({ name, members }: Binding, { operator, kernel }: Asked<AnyOperator>): Numbers {
  const scratch = Object.keys(kernel.scratch);
  if (!members) {
    const tensors = [...Object.keys(operator.inputs), ...Object.keys(operator.outputs), ...scratch];
    throw new Error(
      `its binding ${name} is nothing here: there are ${tensors.join(", ")}, and structs of u32, i32 and f32 for numbers`,
    );
  }
  const there = Object.keys(kernel.numbers);
  return Object.fromEntries(
    members.map(({ name: member }) => {
      if (!there.includes(member))
        throw new Error(`its binding ${name} has the member ${member}; there are ${there.join(", ")}`);
      return [member, kernel.numbers[member]];
    }),
  );
}
