/**
 * What headers of languages have in common whose kernels are called with memory and numbers by name: C, CUDA and WGSL. Tensors lie in
 * the operator's own order of axes; beside them a kernel may have scratch memory, and every size, setting and number of its options.
 */
import { type AnyOperator, type InputSpecs, isAlwaysThere, outputNames, type Problem } from "../operator.js";
import type { Expression, Scope } from "./expression.js";
import type { Fields } from "./fields.js";
import type { Header } from "./header.js";

/** What a name stands for. */
export type Role = "input" | "output" | "scratch" | "size" | "number";

export interface Scratch {
  readonly name: string;
  /** Floats, zero when the problem is prepared. */
  readonly floats: Expression;
}

/** A name of C, CUDA and WGSL. */
export const IDENTIFIER = /^[A-Za-z_]\w*$/;

export function identifier(fields: Fields, key: string): string {
  const text = fields.text(key)!;
  return IDENTIFIER.test(text) ? text : fields.fail(key, `is "${text}", expected the name of a function`);
}

/** @throws where a header asks for other orders of axes */
export function noLayout(fields: Fields, { layout }: Header, language: string): void {
  if (Object.keys(layout).length > 0)
    fields.fail("layout", `names other orders of axes; a file of ${language} takes the operator's own`);
}

export function readScratch(fields: Fields, { operator, names }: Header): Scratch[] {
  const inside = fields.inside("scratch");
  return (inside?.names() ?? []).map((name) => {
    if (!IDENTIFIER.test(name)) inside!.fail(name, "is not named as a variable is");
    if (roleIn(operator, [], names, name) !== undefined)
      inside!.fail(name, `has a name that ${operator.name} has already; choose another`);
    return { name, floats: inside!.expression(name, names)! };
  });
}

/** Floats of each scratch memory for one problem. @throws Error for one without any */
export function scratchFloats(scratch: readonly Scratch[], scope: Scope): Record<string, number> {
  return Object.fromEntries(
    scratch.map(({ name, floats }) => {
      const count = floats.valueIn(scope);
      if (count < 1)
        throw new Error(`scratch ${name} has ${count} floats, expected at least 1: ${floats.text}`);
      return [name, count] as const;
    }),
  );
}

/** @returns undefined for a name that is nothing here */
export function roleIn(
  operator: AnyOperator,
  scratch: readonly Scratch[],
  names: readonly string[],
  name: string,
): Role | undefined {
  // an optional input is a name of expressions too: there it says whether the problem has it
  if (Object.hasOwn(operator.inputs, name)) return "input";
  if (Object.hasOwn(operator.outputs, name)) return "output";
  if (scratch.some((one) => one.name === name)) return "scratch";
  if ((operator.dims as readonly string[]).includes(name)) return "size";
  return names.includes(name) ? "number" : undefined;
}

export interface Argument {
  readonly name: string;
  readonly role: Role;
}

/** @throws where one is unknown */
export function readArguments(fields: Fields, header: Header, scratch: readonly Scratch[]): Argument[] {
  const { operator, names } = header;
  return (fields.texts("arguments") ?? []).map((name): Argument => {
    const role = roleIn(operator, scratch, names, name);
    return role ? { name, role } : fields.fail("arguments", unknownName(name, header, scratch));
  });
}

/** @throws where no launch is given an output that every problem has */
export function mustWriteOutputs(fields: Fields, { operator }: Header, args: readonly Argument[]): void {
  const always = Object.keys(operator.outputs).filter((name) => isAlwaysThere(operator, name));
  const missing = always.find((output) => !args.some(({ name }) => name === output));
  if (missing !== undefined) fields.fail("arguments", `lack the output ${missing}, which nobody would write`);
}

export interface Constant {
  readonly name: string;
  readonly value: Expression;
}

/** Numbers that a text is compiled with. */
export function readConstants(fields: Fields, { names }: Header): Constant[] {
  const inside = fields.inside("constants");
  return (inside?.names() ?? []).map((name) => {
    if (!IDENTIFIER.test(name)) inside!.fail(name, "is not named as a constant is");
    return { name, value: inside!.expression(name, names)! };
  });
}

export function constantsIn(constants: readonly Constant[], scope: Scope): Record<string, number> {
  return Object.fromEntries(constants.map(({ name, value }) => [name, value.valueIn(scope)]));
}

export function unknownName(name: string, { operator, names }: Header, scratch: readonly Scratch[]): string {
  const tensors = [...Object.keys(operator.inputs), ...Object.keys(operator.outputs)];
  const numbers = names.filter((one) => !tensors.includes(one));
  const own = scratch.length > 0 ? `, scratch ${scratch.map((one) => one.name).join(", ")}` : "";
  return `have "${name}", which is nothing here; there are the tensors ${tensors.join(", ")}${own} and the numbers ${numbers.join(", ")}`;
}

/**
 * A sentence where the problem has an optional input or output, or a setting other than the operator's own, that the kernel never looks
 * at. @param taken names that it takes
 */
function ignored(operator: AnyOperator, problem: Problem, taken: ReadonlySet<string>): string | undefined {
  const optional = Object.entries(operator.inputs as InputSpecs).filter(([, spec]) => spec.optional);
  const input = optional.find(([name]) => problem.inputs[name] !== undefined && !taken.has(name));
  if (input) return `takes no ${input[0]}`;
  const output = outputNames(operator, problem).find((name) => !taken.has(name));
  if (output !== undefined) return `writes no ${output}`;
  const usual: Readonly<Record<string, unknown>> = operator.settings;
  const setting = Object.entries(problem.settings).find(
    ([name, value]) => value !== usual[name] && !taken.has(name),
  );
  return setting && `takes no ${setting[0]}`;
}

/** Why a kernel that takes the named tensors, as the operator writes them, does not take a problem. */
export function untaken(
  operator: AnyOperator,
  problem: Problem,
  taken: ReadonlySet<string>,
): string | undefined {
  return ignored(operator, problem, taken) ?? otherLayout(operator, problem);
}

/** Inputs may come in other layouts (D a number a head): a kernel that knows one of them only is not given the other. */
export function otherLayout(operator: AnyOperator, { inputs }: Problem): string | undefined {
  for (const [name, spec] of Object.entries(operator.inputs as InputSpecs)) {
    const axes = inputs[name]?.axes.join(" ");
    if (axes !== undefined && axes !== spec.axes.join(" "))
      return `takes ${name} as (${spec.axes.join(" ")}), got (${axes})`;
  }
  return undefined;
}
