/** What a kernel's WGSL says of its bindings: names, numbers, and the members of structs of numbers. Callers never repeat it. */

/** How a number stands in a buffer: one word each. */
export type NumberType = "u32" | "i32" | "f32";

export interface Member {
  readonly name: string;
  readonly type: NumberType;
}

export interface Binding {
  readonly name: string;
  /** Of `@binding`. */
  readonly number: number;
  readonly isUniform: boolean;
  /** Of the struct, or of the structs of the array, that stands behind the binding; undefined for any other type. */
  readonly members?: readonly Member[];
}

/** One declaration at the top of a text. */
interface Declaration {
  readonly name: string;
  readonly text: string;
  /** Names that it mentions. Members (`.name`) and what it declares itself (`name: type`) are none of the text's. */
  readonly words: ReadonlySet<string>;
}

/**
 * The bindings that an entry point uses, itself or in what it calls, by number. Those alone are in a pipeline's automatic layout:
 * a declaration that nothing reaches is none of them.
 * @param wgsl as it goes to the compiler
 * @throws where a binding is not in group 0
 */
export function bindingsOf(wgsl: string, entryPoint?: string): Binding[] {
  const declarations = new Map(declarationsOf(wgsl).map((declaration) => [declaration.name, declaration]));
  const entry = [...declarations.values()].find(
    ({ name, text }) => /@compute\b/.test(text) && (entryPoint === undefined || name === entryPoint),
  );
  if (!entry) return [];
  return [...reached(entry, declarations)]
    .flatMap((declaration) => bindingOf(declaration, declarations) ?? [])
    .sort((a, b) => a.number - b.number);
}

/** Names of all compute entry points. */
export function entryPoints(wgsl: string): string[] {
  return declarationsOf(wgsl).flatMap(({ name, text }) => (/@compute\b/.test(text) ? [name] : []));
}

function declarationsOf(wgsl: string): Declaration[] {
  const text = wgsl.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, " ").replace(/\s+/g, " ");
  const found: Declaration[] = [];
  let depth = 0;
  let start = 0;
  for (const { 0: mark, index } of text.matchAll(/[{};]/g)) {
    if (mark === "{") depth++;
    if (mark === "}") depth--;
    if (depth > 0 || mark === "{") continue;
    const own = text.slice(start, index + 1);
    start = index + 1;
    const name = /\b(?:fn|struct|alias|const|override|var(?: ?<[^>]*>)?) (\w+)/.exec(own)?.[1];
    if (name) found.push({ name, text: own, words: new Set(own.match(/(?<![.\w])[A-Za-z_]\w*\b(?! ?:)/g)) });
  }
  return found;
}

/** A declaration and all that it mentions, directly or not. */
function reached(from: Declaration, all: ReadonlyMap<string, Declaration>): ReadonlySet<Declaration> {
  const found = new Set([from]);
  for (const { words } of found)
    for (const word of words) {
      const next = all.get(word);
      if (next) found.add(next);
    }
  return found;
}

function bindingOf({ name, text }: Declaration, all: ReadonlyMap<string, Declaration>): Binding | undefined {
  const [, attributes, space, type] =
    /^(.*)\bvar ?< ?(uniform|storage)\b[^>]*> ?\w+ ?:(.*);$/.exec(text) ?? [];
  if (!space) return undefined;
  const place = (of: string) => Number(new RegExp(`@${of} ?\\( ?(\\d+) ?,? ?\\)`).exec(attributes)?.[1]);
  if (place("group") !== 0) throw new Error(`WGSL: binding ${name} is not in group 0`);
  const struct = all.get(/^ ?(?:array ?< ?)?(\w+)/.exec(type)?.[1] ?? "");
  const members = struct && membersOf(struct);
  return { name, number: place("binding"), isUniform: space === "uniform", ...(members ? { members } : {}) };
}

/** Undefined where a member is no number: such a struct has room between its members. */
function membersOf({ text }: Declaration): Member[] | undefined {
  const body = /^ ?struct\b[^{]*\{(.*)\}$/.exec(text)?.[1];
  if (body === undefined) return undefined;
  const members = body.split(",").filter((member) => /\S/.test(member));
  const read = members.map((member) => /^ ?(\w+) ?: ?(u32|i32|f32) ?$/.exec(member));
  return read.every((match) => match !== null)
    ? read.map(([, name, type]) => ({ name, type: type as NumberType }))
    : undefined;
}
