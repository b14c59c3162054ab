/** Reads the members of a header. What is wrong is told with the file, the line, what was expected and what was got. */
import { type Expression, parseExpression } from "./expression.js";
import { Fault, type Json, type JsonObject } from "./json.js";

/** Keys of an object, and whether it must have them. */
export type Keys = Readonly<Record<string, "required" | "optional">>;

/** A text of a file in which places have lines. */
export interface Page {
  readonly file: string;
  readonly text: string;
}

export class Fields {
  /**
   * @param what the object as a sentence names it, e.g. "the header"
   * @throws where a key is missing or unknown
   */
  constructor(
    private readonly page: Page,
    private readonly object: JsonObject,
    private readonly what: string,
    private readonly keys: Keys,
  ) {
    for (const [key, { at }] of object.members)
      if (!Object.hasOwn(keys, key))
        this.failAt(at, `${what} has no key ${JSON.stringify(key)}; ${this.valid()}`);
    const missing = Object.keys(keys).find((key) => keys[key] === "required" && !object.members.has(key));
    if (missing !== undefined)
      this.failAt(object.at, `${what} lacks the key ${JSON.stringify(missing)}; ${this.valid()}`);
  }

  private valid(): string {
    const named = (kind: string) => Object.keys(this.keys).filter((key) => this.keys[key] === kind);
    const [must, may] = [named("required"), named("optional")];
    return [
      must.length > 0 ? `it needs ${must.join(", ")}` : "",
      may.length > 0 ? `it may have ${may.join(", ")}` : "",
    ]
      .filter(Boolean)
      .join(" and ");
  }

  private failAt(at: number, message: string): never {
    throw new Error(`${this.page.file}:${lineOf(this.page.text, at)}: ${message}`);
  }

  /** @throws about the value of a key, at its line */
  fail(key: string, message: string): never {
    return this.failAt(
      this.object.members.get(key)?.at ?? this.object.at,
      `${this.what}'s ${key} ${message}`,
    );
  }

  has(key: string): boolean {
    return this.object.members.has(key);
  }

  private value(key: string): Json | undefined {
    return this.object.members.get(key)?.value;
  }

  text(key: string): string | undefined {
    const value = this.value(key);
    if (value === undefined) return undefined;
    return value.kind === "string" && value.value !== ""
      ? value.value
      : this.fail(key, `is ${said(value)}, expected a text`);
  }

  oneOf<Word extends string>(key: string, words: readonly Word[]): Word | undefined {
    const text = this.text(key);
    if (text === undefined) return undefined;
    return (
      words.find((word) => word === text) ?? this.fail(key, `is "${text}", expected ${words.join(", ")}`)
    );
  }

  /** A whole number, or an expression of names that stand for some. */
  expression(key: string, names: readonly string[]): Expression | undefined {
    const value = this.value(key);
    return value === undefined ? undefined : this.expressionOf(key, value, names);
  }

  /** One such number, or a list of them. */
  counts(key: string, names: readonly string[]): Expression[] | undefined {
    const value = this.value(key);
    if (value === undefined) return undefined;
    return value.kind === "array" ? this.expressions(key, names) : [this.expressionOf(key, value, names)];
  }

  private expressions(key: string, names: readonly string[]): Expression[] | undefined {
    return this.items(key)?.map((item) => this.expressionOf(key, item, names));
  }

  private expressionOf(key: string, value: Json, names: readonly string[]): Expression {
    const text =
      value.kind === "number" ? String(value.value) : value.kind === "string" ? value.value : undefined;
    if (text === undefined) this.fail(key, `holds ${said(value)}, expected a whole number or an expression`);
    try {
      return parseExpression(text, names);
    } catch (error) {
      return this.failAt(value.at, `${this.what}'s ${key}: ${(error as Error).message}`);
    }
  }

  /** A list of expressions, or an object of them, each with what it means. */
  conditions(
    key: string,
    names: readonly string[],
  ): { readonly when: Expression; readonly because?: string }[] {
    const value = this.value(key);
    if (value === undefined) return [];
    if (value.kind !== "object") return (this.expressions(key, names) ?? []).map((when) => ({ when }));
    return [...value.members].map(([text, { at, value: because }]) => ({
      when: this.expressionOf(key, { kind: "string", at, value: text }, names),
      because:
        because.kind === "string"
          ? because.value
          : this.fail(key, `holds ${said(because)}, expected a sentence each`),
    }));
  }

  texts(key: string): string[] | undefined {
    return this.items(key)?.map((item) =>
      item.kind === "string" ? item.value : this.fail(key, `holds ${said(item)}, expected texts`),
    );
  }

  private items(key: string): readonly Json[] | undefined {
    const value = this.value(key);
    if (value === undefined) return undefined;
    return value.kind === "array" ? value.items : this.fail(key, `is ${said(value)}, expected a list`);
  }

  /** Objects of a list, each with the same keys. @param keys undefined where any are good */
  objects(key: string, keys?: Keys): Fields[] | undefined {
    return this.items(key)?.map((item, i) => this.nested(key, item, `${key}[${i}]`, keys));
  }

  /** @param keys undefined where any are good */
  inside(key: string, keys?: Keys): Fields | undefined {
    const value = this.value(key);
    return value === undefined ? undefined : this.nested(key, value, key, keys);
  }

  private nested(key: string, value: Json, what: string, keys?: Keys): Fields {
    if (value.kind !== "object") return this.fail(key, `holds ${said(value)}, expected an object`);
    const all =
      keys ?? Object.fromEntries([...value.members.keys()].map((name) => [name, "optional" as const]));
    return new Fields(this.page, value, what, all);
  }

  /** Keys that are there, in their order. */
  names(): string[] {
    return [...this.object.members.keys()];
  }

  /** A number or a text as it stands. */
  plain(key: string): number | string | undefined {
    const value = this.value(key);
    if (value === undefined) return undefined;
    if (value.kind === "number" || value.kind === "string") return value.value;
    return this.fail(key, `is ${said(value)}, expected a number or a text`);
  }

  wholeNumber(key: string, least: number): number | undefined {
    const value = this.value(key);
    if (value === undefined) return undefined;
    if (value.kind === "number" && Number.isSafeInteger(value.value) && value.value >= least)
      return value.value;
    return this.fail(key, `is ${said(value)}, expected a whole number of at least ${least}`);
  }
}

/** What was thrown at a place of a page, with its line. */
export function told(page: Page, error: unknown): unknown {
  if (!(error instanceof Fault)) return error;
  return new Error(`${page.file}:${lineOf(page.text, error.at)}: ${error.message}`);
}

function lineOf(text: string, at: number): number {
  return text.slice(0, at).split("\n").length;
}

function said(value: Json): string {
  if (value.kind === "string" || value.kind === "number" || value.kind === "boolean")
    return JSON.stringify(value.value);
  return value.kind === "null" ? "null" : value.kind === "array" ? "a list" : "an object";
}
