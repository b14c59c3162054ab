/**
 * `--filter EXPR`: words split on spaces, all of which must match. `ssd/` is the operator, exactly; `length<=4096`, `state=64`
 * compare a key, and are false when the case has no such key; any other word is a substring of the id. Of words joined
 * by `|` one must match.
 */
import { parseCaseId } from "../../reports/rows/case-id.js";

export type Filter = (id: string) => boolean;

/** @throws when a comparison cannot be understood */
export function parseFilter(expression: string): Filter {
  const tests = expression
    .split(" ")
    .filter((word) => word !== "")
    .map((word) => {
      const tests = word.split("|").map(parseWord);
      return (id: string) => tests.some((test) => test(id));
    });
  return (id) => tests.every((test) => test(id));
}

function parseWord(word: string): Filter {
  if (word === "") throw new Error("| stands between two words, as in ssd/|convolution/");
  if (word.endsWith("/") && !word.includes("=")) return (id) => `${parseCaseId(id).operator}/` === word;
  const comparison = /^(.*?)(<=|>=|=)(.*)$/.exec(word);
  if (!comparison) return (id) => id.includes(word);
  const [, key, sign, wanted] = comparison;
  if (key === "" || wanted === "") throw new Error(`${word} needs a key and a value, as in length<=4096`);
  if (sign !== "=" && !isNumber(wanted)) throw new Error(`${word} needs a number, as in length<=4096`);
  return (id) => {
    const got = parseCaseId(id).keys.get(key);
    return got !== undefined && compare(got, sign, wanted);
  };
}

function compare(got: string, sign: string, wanted: string): boolean {
  const numbers = isNumber(got) && isNumber(wanted);
  if (sign === "=") return numbers ? Number(got) === Number(wanted) : got === wanted;
  if (!numbers) return false;
  return sign === "<=" ? Number(got) <= Number(wanted) : Number(got) >= Number(wanted);
}

function isNumber(text: string): boolean {
  return text.trim() !== "" && Number.isFinite(Number(text));
}
