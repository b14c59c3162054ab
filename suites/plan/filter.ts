/**
 * `--filter EXPR`: words split on spaces, all of which must match. `ssd/` is the operator, exactly; `length<=4096`, `state=64`
 * compare a key, and are false when the case has no such key; any other word is a substring of the id. Of words joined by `|` one must
 * match; behind `key=`, `|` joins values: `state=16|64`.
 */
import { ID_KEYS, parseCaseId } from "../../reports/rows/case-id.js";
import { nearest, nearestNumber } from "./nearest.js";

export interface Filter {
  (id: string): boolean;
  /** Of the ids asked so far: a sentence for each word that none of them matches, with the nearest that would. */
  unmatched(): string[];
}

/** One word, or one of those between `|`. */
interface Test {
  matches(id: string): boolean;
  /** What to say when no case matches it. @param seen values of what it looks at, over all ids */
  missed(seen: readonly string[]): string;
  /** What it looks at. */
  sees(id: string): readonly string[];
}

/** @throws when a comparison cannot be understood */
export function parseFilter(expression: string): Filter {
  const words = expression
    .split(" ")
    .filter((word) => word !== "")
    .map((word) => testsOf(word).map((test) => ({ ...test, hit: false, seen: new Set<string>() })));
  const filter = (id: string) => {
    for (const test of words.flat()) {
      test.hit ||= test.matches(id);
      if (!test.hit) for (const value of test.sees(id)) test.seen.add(value);
    }
    return words.every((tests) => tests.some((test) => test.matches(id)));
  };
  return Object.assign(filter, {
    unmatched: () =>
      words.flat().flatMap(({ hit, seen, missed }) => (hit || seen.size === 0 ? [] : [missed([...seen])])),
  });
}

function testsOf(word: string): Test[] {
  const parts = word.split("|");
  if (parts.includes("")) throw new Error("| stands between two words, as in ssd/|convolution/");
  const tests: Test[] = [];
  /** The key whose further values follow. */
  let key: string | undefined;
  for (const part of parts) {
    const comparison = parseComparison(part);
    if (comparison?.sign === "=") key = comparison.key;
    else if (comparison || part.endsWith("/")) key = undefined;
    if (comparison) tests.push(compared(comparison));
    else if (part.endsWith("/")) tests.push(operatorTest(part));
    else if (key !== undefined && !part.includes("/")) tests.push(compared({ key, sign: "=", wanted: part }));
    else tests.push(substring(part));
  }
  return tests;
}

interface Comparison {
  readonly key: string;
  readonly sign: "=" | "<=" | ">=";
  readonly wanted: string;
}

const SIGNS = ["=", "<=", ">="] as const;
const EXAMPLE = "as in length<=4096";

/** Undefined for a word that compares nothing. */
function parseComparison(word: string): Comparison | undefined {
  const [, key, found, wanted] = /^([^<>=!]*)([<>=!]+)(.*)$/.exec(word) ?? [];
  if (found === undefined) return undefined;
  const sign = SIGNS.find((one) => one === found);
  if (!sign)
    throw new Error(`${word} compares by ${found}, which is not known; ${insteadOf(found, key, wanted)}`);
  if (key === "" || wanted === "") throw new Error(`${word} needs a key and a value, ${EXAMPLE}`);
  if (!(ID_KEYS as readonly string[]).includes(key)) throw new Error(`${word}: ${unknownKey(key, wanted)}`);
  if (sign !== "=" && !isNumber(wanted)) throw new Error(`${word} needs a number, ${EXAMPLE}`);
  return { key, sign, wanted };
}

/** The nearest comparison that there is. */
function insteadOf(found: string, key: string, wanted: string): string {
  const to = (sign: string, value: string | number) => `type ${key || "length"}${sign}${value || 4096}`;
  const number = Number(wanted);
  if (/^=+$/.test(found)) return to("=", wanted);
  if (found === "<" && Number.isInteger(number) && wanted !== "") return to("<=", number - 1);
  if (found === ">" && Number.isInteger(number) && wanted !== "") return to(">=", number + 1);
  if (found.includes("!")) return `there is no "not": name what you want, ${to("=", wanted)}|...`;
  return to(found.includes(">") ? ">=" : "<=", wanted);
}

function unknownKey(key: string, wanted: string): string {
  if (["engine", "suite"].includes(key)) return `type --${key} ${wanted}`;
  if (key === "operator") return `the operator is a word of its own, ${wanted}/`;
  if (key === "form") return `the form is a part of a word, /${wanted}.`;
  return `there is no key ${key}; the nearest is ${nearest(key, ID_KEYS)}, of ${ID_KEYS.join(", ")}`;
}

function compared(comparison: Comparison): Test {
  const { key, sign, wanted } = comparison;
  const own = (id: string) => parseCaseId(id).keys.get(key);
  const word = `${key}${sign}${wanted}`;
  return {
    matches: (id) => {
      const got = own(id);
      return got !== undefined && holds(got, sign, wanted);
    },
    sees: (id) => [own(id) ?? ""],
    missed(seen) {
      const values = seen.filter((value) => value !== "");
      if (values.length === 0) return `no case has the key ${key}, so none has ${word}`;
      const near = isNumber(wanted) ? nearestNumber(Number(wanted), values) : nearest(wanted, values);
      return `no case has ${word}; the nearest is ${key}=${near}`;
    },
  };
}

function operatorTest(word: string): Test {
  const own = (id: string) => `${parseCaseId(id).operator}/`;
  return {
    matches: (id) => own(id) === word,
    sees: (id) => [own(id)],
    missed: (seen) => `no case is of the operator ${word}; the nearest is ${nearest(word, seen)}`,
  };
}

function substring(word: string): Test {
  return {
    matches: (id) => id.includes(word),
    sees: (id) => {
      const { operator, form, engine } = parseCaseId(id);
      return [operator, form, engine];
    },
    missed: (seen) => `no case holds ${word}; the nearest word of one is ${nearest(word, seen)}`,
  };
}

function holds(got: string, sign: Comparison["sign"], wanted: string): boolean {
  const numbers = isNumber(got) && isNumber(wanted);
  if (sign === "=") return numbers ? Number(got) === Number(wanted) : got === wanted;
  if (!numbers) return false;
  return sign === "<=" ? Number(got) <= Number(wanted) : Number(got) >= Number(wanted);
}

function isNumber(text: string): boolean {
  return text.trim() !== "" && Number.isFinite(Number(text));
}
