/**
 * Case ids: `operator/form.engine key=value ...`, the name under which a measurement is stored, filtered and repeated. They are built
 * and taken apart here; nothing else knows where a word of one ends.
 */

/** The keys, in the order in which an id spells them. New keys go before `device`. */
export const ID_KEYS = [
  "dtype",
  "batch",
  "length",
  "heads",
  "groups",
  "headDim",
  "headDimV",
  "state",
  "chunk",
  "threads",
  "make",
  "cache",
  "pass",
  "context",
  "tile",
  "documents",
  "width",
  "pairs",
  "modelDim",
  "inner",
  "rank",
  "pattern",
  "features",
  "projections",
  "ranks",
  "split",
  "passing",
  "device",
] as const;
export type IdKey = (typeof ID_KEYS)[number];

export type CaseKeys = Readonly<Partial<Record<IdKey, string | number>>>;

/** What the first word of an id says. */
export interface CaseName {
  readonly operator: string;
  readonly form: string;
  readonly engine: string;
}

export interface CaseId extends CaseName {
  /** The first word itself. */
  readonly name: string;
  /** In the order of the id. */
  readonly keys: ReadonlyMap<string, string>;
}

/** `operator/form.engine`: the same as impls call an implementation. */
export function caseName({ operator, form, engine }: CaseName): string {
  return `${operator}/${form}.${engine}`;
}

export function parseCaseName(name: string): CaseName {
  const [, operator = name, form = "", engine = ""] = /^([^/]*)\/(.*)\.([^.]*)$/.exec(name) ?? [];
  return { operator, form, engine };
}

/** @throws when a value would make the id ambiguous */
export function caseId(name: string, keys: CaseKeys): string {
  for (const [key, value] of Object.entries(keys))
    if (!/^[a-z0-9._-]+$/.test(String(value)))
      throw new Error(`${name}: ${key}=${value} cannot stand in a case id, which needs [a-z0-9._-]+`);
  return [name, ...keyWords(Object.entries(keys))].join(" ");
}

/** Never throws: an id of another version may have keys, and words, that nobody here has heard of. */
export function parseCaseId(id: string): CaseId {
  const [name = "", ...words] = idWords(id);
  const keys = words.map((word): [string, string] => {
    const at = word.indexOf("=");
    return at < 0 ? [word, ""] : [word.slice(0, at), word.slice(at + 1)];
  });
  return { ...parseCaseName(name), name, keys: new Map(keys) };
}

/** The name and each `key=value`. */
export function idWords(id: string): string[] {
  return id.split(" ").filter((word) => word !== "");
}

/** `key=value` each. */
export function keyWords(keys: Iterable<readonly [key: string, value: string | number]>): string[] {
  return Array.from(keys, ([key, value]) => `${key}=${value}`);
}

/** How a plan names a case: two suites may ask for the same one. */
export function planId(suite: string, id: string): string {
  return `${suite}\t${id}`;
}

export function parsePlanId(text: string): { readonly suite: string; readonly id: string } {
  const [suite, id = ""] = text.split("\t");
  return { suite, id };
}
