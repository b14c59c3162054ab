/** JSON that remembers where everything stands, so that what is wrong in a header can be named by its line. */

export type Json = { readonly at: number } & (
  | { readonly kind: "object"; readonly members: ReadonlyMap<string, Member> }
  | { readonly kind: "array"; readonly items: readonly Json[] }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "boolean"; readonly value: boolean }
  | { readonly kind: "null" }
);

export interface Member {
  /** Where its key stands. */
  readonly at: number;
  readonly value: Json;
}

export type JsonObject = Extract<Json, { kind: "object" }>;

/** Something is wrong at a place of a text. */
export class Fault extends Error {
  constructor(
    readonly at: number,
    message: string,
  ) {
    super(message);
  }
}

/** Deeper nesting means nothing in a header, and would only cost the stack. */
const DEEPEST = 20;

/** The value that begins at a place; what follows it is not looked at. @throws Fault */
export function parseJson(text: string, start: number): Json {
  let at = start;
  let depth = 0;

  const skip = () => {
    while (/\s/.test(text[at] ?? "")) at++;
  };
  const fail = (expected: string): never => {
    const rest = text.slice(at).trimStart();
    const got = rest === "" ? "the comment's end" : JSON.stringify(rest.split(/\s/)[0].slice(0, 20));
    throw new Fault(at, `expected ${expected}, got ${got}`);
  };
  const take = (pattern: RegExp): string | undefined => {
    const sticky = new RegExp(pattern.source, "y");
    sticky.lastIndex = at;
    const found = sticky.exec(text)?.[0];
    at += found?.length ?? 0;
    return found;
  };

  const string = (): string => {
    const from = at;
    const literal = take(/"(?:\\.|[^"\\\n])*"/) ?? fail("a text in double quotes");
    try {
      return JSON.parse(literal) as string;
    } catch {
      throw new Fault(from, `${literal} is no text of JSON: a backslash there begins an escape`);
    }
  };

  /** What stands between brackets, with commas between. */
  const list = (close: string, item: () => void, what: string): void => {
    at++;
    skip();
    if (text[at] === close) {
      at++;
      return;
    }
    for (;;) {
      skip();
      item();
      skip();
      if (text[at] === close) break;
      if (text[at] !== ",") fail(`a comma or ${close} after ${what}`);
      at++;
    }
    at++;
  };

  const object = (from: number): Json => {
    const members = new Map<string, Member>();
    const member = () => {
      const keyAt = at;
      const key = text[at] === '"' ? string() : fail("a key in double quotes");
      if (members.has(key)) throw new Fault(keyAt, `${JSON.stringify(key)} stands here twice`);
      skip();
      if (text[at] !== ":") fail(`a colon after ${JSON.stringify(key)}`);
      at++;
      members.set(key, { at: keyAt, value: value() });
    };
    list("}", member, "a member");
    return { kind: "object", at: from, members };
  };

  const array = (from: number): Json => {
    const items: Json[] = [];
    list("]", () => items.push(value()), "an item");
    return { kind: "array", at: from, items };
  };

  const value = (): Json => {
    skip();
    const from = at;
    if (text[at] === "{" || text[at] === "[") {
      if (++depth > DEEPEST) throw new Fault(at, `brackets are ${DEEPEST} deep here`);
      const read = text[at] === "{" ? object(from) : array(from);
      depth--;
      return read;
    }
    if (text[at] === '"') return { kind: "string", at: from, value: string() };
    const number = take(/-?\d+(\.\d+)?([eE][+-]?\d+)?/);
    if (number !== undefined) return { kind: "number", at: from, value: Number(number) };
    const word = take(/true\b|false\b|null\b/);
    if (word === undefined) return fail("a value");
    return word === "null"
      ? { kind: "null", at: from }
      : { kind: "boolean", at: from, value: word === "true" };
  };

  return value();
}
