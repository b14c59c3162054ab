/** What a kernel is run with, as its header says it: options that stand in the case id, and the kernel's own numbers. */
import type { AnyOperator, InputSpecs, Problem } from "../operator.js";
import type { Options } from "../prepared.js";
import type { Expression, Scope } from "./expression.js";
import type { Fields } from "./fields.js";

export interface Choice {
  /** Those that a header writes as they are. */
  readonly options: Options;
  /** Those that depend on the problem. */
  readonly computed: Readonly<Partial<Record<"chunk" | "threads", Expression>>>;
  /** Numbers and texts that only the kernel knows. */
  readonly values: Readonly<Record<string, number | string>>;
}

/** Sizes, settings, optional inputs (1 where a problem has it): what a problem has names for. */
export function problemNames({ dims, settings, inputs }: AnyOperator): string[] {
  const optional = Object.entries(inputs as InputSpecs).filter(([, spec]) => spec.optional);
  return [...dims, ...Object.keys(settings), ...optional.map(([name]) => name)];
}

/** What those names stand for. */
export function problemScope({ inputs, settings, dims }: Problem): Scope {
  const entries: (readonly [string, unknown])[] = [
    // an input that the problem has not is nothing
    ...Object.entries(inputs).map(([name, source]) => [name, source ? 1 : 0] as const),
    ...Object.entries(settings),
    ...Object.entries(dims),
  ];
  return Object.fromEntries(entries.map(([name, value]) => [name, Number(value)]));
}

/** What to run with a problem, the first being what suites time. */
export function optionsFor(choices: readonly Choice[], operator: AnyOperator, problem: Problem): Options[] {
  const absent = Object.fromEntries(problemNames(operator).map((name) => [name, 0]));
  const scope = { ...absent, ...problemScope(problem) };
  return choices.map(({ options, computed }) => {
    const numbers = Object.entries(computed).map(([name, one]) => [name, Math.max(1, one.valueIn(scope))]);
    return { ...options, ...Object.fromEntries(numbers) };
  });
}

/** Options of a case, with what only the kernel knows of them. */
export function givenTo(
  choices: readonly Choice[],
  options: Options,
): Readonly<Record<string, number | string>> {
  const choice = choices.find(({ options: own }) =>
    Object.entries(own).every(([key, value]) => options[key as keyof Options] === value),
  );
  return { ...choice?.values, ...options };
}

/** Keys of options that a case id shows. */
const ID_NUMBERS = ["chunk", "threads"] as const;
const ID_TEXTS = ["make", "tile"] as const;

export function readChoices(fields: Fields, make: string, operator: AnyOperator): Choice[] {
  const given = fields.objects("options");
  if (given === undefined) return [{ options: { make }, computed: {}, values: {} }];
  if (given.length === 0) fields.fail("options", "is empty; leave it out");
  const choices = given.map((one) => choiceOf(one, make, problemNames(operator)));
  const ids = choices.map(({ options }) => JSON.stringify(options));
  const twice = ids.findIndex((id, i) => ids.indexOf(id) !== i);
  if (twice >= 0)
    fields.fail("options", `has two entries with the case id's ${ids[twice]}; give each a make of its own`);
  return choices;
}

function choiceOf(fields: Fields, make: string, names: readonly string[]): Choice {
  const options: { -readonly [K in keyof Options]: Options[K] } = {};
  const computed: { chunk?: Expression; threads?: Expression } = {};
  const values: Record<string, number | string> = {};
  for (const name of ID_NUMBERS) {
    if (typeof fields.plain(name) === "string") computed[name] = fields.expression(name, names)!;
    else if (fields.has(name)) options[name] = fields.wholeNumber(name, 1)!;
  }
  options.make = make;
  for (const name of ID_TEXTS)
    if (fields.has(name)) {
      options[name] = fields.text(name)!;
      mustBeInId(fields, name, options[name]);
    }
  const known: readonly string[] = [...ID_NUMBERS, ...ID_TEXTS];
  for (const name of fields.names()) if (!known.includes(name)) values[name] = fields.plain(name)!;
  return { options, computed, values };
}

export function mustBeInId(fields: Fields, key: string, text: string): void {
  if (!/^[a-z0-9._-]+$/.test(text))
    fields.fail(key, `is "${text}", which cannot stand in a case id: it takes a-z, 0-9, dot, _ and -`);
}
