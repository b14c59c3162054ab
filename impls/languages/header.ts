/** The header of a kernel's file, the same in every language: what it computes, how it rounds, what it does not take. README.md. */
import { FORMS, type Form } from "../implementation.js";
import { operators } from "../index.js";
import {
  type AnyOperator,
  declaredAxes,
  type InputSpecs,
  type OutputSpec,
  type Problem,
} from "../operator.js";
import type { Options } from "../prepared.js";
import type { Spread } from "../spread.js";
import { type Choice, givenTo, mustBeInId, problemNames, problemScope, readChoices } from "./choices.js";
import type { Comments } from "./comment.js";
import { findHeader } from "./comment.js";
import type { Expression, Scope } from "./expression.js";
import { Fields, type Keys, type Page, told } from "./fields.js";
import { type JsonObject, parseJson } from "./json.js";
import { type DeclaredRounding, readRounding } from "./rounding.js";

export interface Header {
  readonly operator: AnyOperator;
  readonly form: Form;
  readonly make: string;
  readonly source: string;
  readonly dtypes: readonly Problem["dtype"][];
  readonly rounding: DeclaredRounding;
  readonly nonFinite?: Spread;
  readonly unsupported: readonly Refusal[];
  /** What the kernel is run with, the first being what suites time; each with a key of the case id that tells it apart. */
  readonly choices: readonly Choice[];
  /** Orders of axes other than the operator's own, by name of an input or output. */
  readonly layout: Readonly<Record<string, readonly string[]>>;
  /** What expressions of this header may name. */
  readonly names: readonly string[];
}

export interface Refusal {
  readonly when: Expression;
  /** What the header says about it; a sentence is made where it says nothing. */
  readonly because?: string;
}

/** Keys of every header. */
export const COMMON_KEYS: Keys = {
  operator: "required",
  form: "required",
  rounding: "required",
  make: "optional",
  engine: "optional",
  source: "optional",
  dtypes: "optional",
  unsupported: "optional",
  options: "optional",
  layout: "optional",
  nonFinite: "optional",
};

const DTYPES = ["f32", "f16", "bf16"] as const;

export interface HeaderSource extends Page {
  readonly language: string;
  readonly engine: string;
  readonly comments: Comments;
  /** Of the language, beside the common ones. */
  readonly keys: Keys;
}

/** @throws Error with `file:line: ` and what is wrong with it */
export function readHeader(source: HeaderSource): { header: Header; fields: Fields } {
  const { file, text, comments } = source;
  const found = findHeader(text, comments);
  if (!found)
    throw new Error(
      `${file} has no header: none of its comments holds the word dualbench and a JSON object after it; ` +
        "`npm run new -- ssd/chunked --lang NAME` writes a file with one",
    );
  const page = { file, text: found.text };
  try {
    // the brace is what was found
    const object = parseJson(page.text, found.at) as JsonObject;
    const fields = new Fields(page, object, "the header", { ...COMMON_KEYS, ...source.keys });
    return { header: headerOf(fields, source), fields };
  } catch (error) {
    throw told(page, error);
  }
}

function headerOf(fields: Fields, { file, engine, language }: HeaderSource): Header {
  const named = fields.oneOf(
    "operator",
    operators.map(({ name }) => name),
  );
  const operator = operators.find(({ name }) => name === named)!;
  const form = fields.oneOf("form", FORMS)!;
  const engineNamed = fields.text("engine") ?? engine;
  if (engineNamed !== engine)
    fields.fail("engine", `is "${engineNamed}"; a file of ${language} runs on the engine ${engine}`);
  const make = fields.text("make") ?? fileStem(file);
  mustBeInId(fields, "make", make);
  const choices = readChoices(fields, make, operator);
  const names = namesOf(operator, choices);
  return {
    operator,
    form,
    make,
    source: fields.text("source") ?? file,
    dtypes: dtypesOf(fields),
    rounding: readRounding(fields, names),
    ...(fields.has("nonFinite") && { nonFinite: spreadIn(fields) }),
    unsupported: fields.conditions("unsupported", names),
    choices,
    layout: layoutOf(fields, operator),
    names,
  };
}

function dtypesOf(fields: Fields): Header["dtypes"] {
  const texts = fields.texts("dtypes") ?? ["f32"];
  const known = DTYPES.filter((dtype) => texts.includes(dtype));
  const strange = texts.find((text) => !(DTYPES as readonly string[]).includes(text));
  if (strange !== undefined) fields.fail("dtypes", `has "${strange}", expected some of ${DTYPES.join(", ")}`);
  return known.length > 0 ? known : fields.fail("dtypes", "is empty");
}

/** How far NaN goes beside what reads it: `chunk`, `row` or a number of tokens, and `borders`. */
function spreadIn(fields: Fields): Spread {
  let spread: Spread = {};
  for (const word of fields.texts("nonFinite") ?? []) {
    if (word === "borders") spread = { ...spread, borders: true };
    else if (word === "chunk" || word === "row") spread = { ...spread, tokens: word };
    else if (/^[1-9]\d*$/.test(word)) spread = { ...spread, tokens: Number(word) };
    else fields.fail("nonFinite", `has "${word}", expected chunk, row, a number of tokens, or borders`);
  }
  return spread;
}

/** What expressions may name: what a problem has names for, and numbers of the options. */
function namesOf(operator: AnyOperator, choices: readonly Choice[]): string[] {
  const numbers = choices.flatMap(({ options, computed, values }) => [
    ...Object.keys(computed),
    ...Object.entries({ ...options, ...values }).flatMap(([name, value]) =>
      typeof value === "number" ? [name] : [],
    ),
  ]);
  return [...new Set([...problemNames(operator), ...numbers])];
}

/** What the names of a header stand for in a problem. */
export function scopeOf({ choices, names }: Header, problem: Problem, options: Options): Scope {
  // an option of another choice is nothing
  const none = Object.fromEntries(names.map((name) => [name, 0]));
  const numbers = Object.entries(givenTo(choices, options)).filter(([name]) => names.includes(name));
  return { ...none, ...problemScope(problem), ...Object.fromEntries(numbers) } as Scope;
}

function layoutOf(fields: Fields, operator: AnyOperator): Header["layout"] {
  const layout = fields.inside("layout");
  const inputs = Object.entries(operator.inputs as InputSpecs).map(
    ([name, { axes }]) => [name, axes] as const,
  );
  const tensors = new Map<string, readonly string[]>([
    ...inputs,
    ...Object.entries<OutputSpec>(operator.outputs).map(
      ([name, spec]) => [name, declaredAxes(spec)] as const,
    ),
  ]);
  const entries = (layout?.names() ?? []).map((name) => {
    const axes = tensors.get(name);
    if (!axes)
      return layout!.fail(name, `is no tensor of ${operator.name}; it has ${[...tensors.keys()].join(", ")}`);
    const order = (layout!.text(name) ?? "").split(/[\s,]+/).filter(Boolean);
    if ([...order].sort().join() !== [...axes].sort().join())
      layout!.fail(name, `is "${order.join(" ")}", expected an order of ${axes.join(" ")}`);
    return [name, order] as const;
  });
  return Object.fromEntries(entries.filter(([name, order]) => order.join() !== tensors.get(name)?.join()));
}

/** A file's name as a case id takes it. */
export function fileStem(file: string): string {
  const name = file.split(/[\\/]/).at(-1) ?? file;
  return (
    name
      .replace(/\.[a-z]+$/i, "")
      .toLowerCase()
      .replace(/[^a-z0-9._-]+/g, "-") || "user"
  );
}
