/**
 * `--filter EXPR`: words split on spaces, all of which must match. `ssd/` is the operator, exactly; `length<=4096`, `state=64`
 * compare a key, and are false when the case has no such key; any other word is a substring of the id. Of words joined by `|` one must
 * match; behind `key=`, `|` joins values: `state=16|64`. The grammar is reports/rows/filter.mjs, which a report's page reads too.
 */
import { ID_KEYS, parseCaseId } from "../../reports/rows/case-id.js";
import { type FilterWord, filterWords, isNumber, wordMatches } from "../../reports/rows/filter.mjs";
import { TRAINING_KEYS } from "../../reports/rows/training.js";
import { nearest, nearestNumber } from "./nearest.js";

/** Of cases that are timed, and of trainings. */
const KEYS = [...new Set<string>([...ID_KEYS, ...TRAINING_KEYS])];

export interface Filter {
  (id: string): boolean;
  /** Of the ids asked so far: a sentence for each word that none of them matches, with the nearest that would. */
  unmatched(): string[];
}

/** @throws when a comparison cannot be understood */
export function parseFilter(expression: string): Filter {
  const words = filterWords(expression, unknownKey).map((alternatives) =>
    alternatives.map((word) => ({ word, hit: false, seen: new Set<string>() })),
  );
  const filter = (id: string) => {
    for (const test of words.flat()) {
      test.hit ||= wordMatches(test.word, id);
      if (!test.hit) for (const value of looksAt(test.word, id)) test.seen.add(value);
    }
    return words.every((tests) => tests.some(({ word }) => wordMatches(word, id)));
  };
  return Object.assign(filter, {
    unmatched: () =>
      words
        .flat()
        .flatMap(({ word, hit, seen }) => (hit || seen.size === 0 ? [] : [missed(word, [...seen])])),
  });
}

function unknownKey(key: string, wanted: string): string | undefined {
  if (KEYS.includes(key)) return undefined;
  if (["engine", "suite"].includes(key)) return `type --${key} ${wanted}`;
  if (key === "operator") return `the operator is a word of its own, ${wanted}/`;
  if (key === "form") return `the form is a part of a word, /${wanted}.`;
  return `there is no key ${key}; the nearest is ${nearest(key, KEYS)}, of ${KEYS.join(", ")}`;
}

/** What of an id a word is held against. */
function looksAt(word: FilterWord, id: string): readonly string[] {
  const { operator, form, engine, keys } = parseCaseId(id);
  if (word.kind === "operator") return [`${operator}/`];
  if (word.kind === "text") return [operator, form, engine];
  return [keys.get(word.key) ?? ""];
}

/** What to say when no case matches a word. @param seen values of what it looks at, over all ids */
function missed(test: FilterWord, seen: readonly string[]): string {
  const { word } = test;
  if (test.kind === "operator")
    return `no case is of the operator ${word}; the nearest is ${nearest(word, seen)}`;
  if (test.kind === "text") return `no case holds ${word}; the nearest word of one is ${nearest(word, seen)}`;
  const { key, wanted } = test;
  const values = seen.filter((value) => value !== "");
  if (values.length === 0) return `no case has the key ${key}, so none has ${word}`;
  const near = isNumber(wanted) ? nearestNumber(Number(wanted), values) : nearest(wanted, values);
  return `no case has ${word}; the nearest is ${key}=${near}`;
}
