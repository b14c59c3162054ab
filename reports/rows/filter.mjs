// The grammar of `--filter`, words on an id each: `suites/plan/filter.ts` reads it for the commands, report.html for its table.
// Plain JavaScript, because a page has no compiler.

const SIGNS = ["=", "<=", ">="];
const EXAMPLE = "as in length<=4096";

/**
 * Words split on spaces, all of which must match; of those joined by `|` in one of them, one must. Behind `key=`, `|` joins values.
 * @param {(key: string, wanted: string) => string | undefined} unknownKey what to say of a key that no id has
 * @throws where a comparison cannot be understood
 */
export function filterWords(expression, unknownKey) {
  return expression
    .split(" ")
    .filter((word) => word !== "")
    .map((word) => alternatives(word, unknownKey));
}

function alternatives(word, unknownKey) {
  const parts = word.split("|");
  if (parts.includes("")) throw new Error("| stands between two words, as in ssd/|convolution/");
  const found = [];
  // whose further values follow
  let key;
  for (const part of parts) {
    const comparison = comparisonIn(part, unknownKey);
    if (comparison?.sign === "=") key = comparison.key;
    else if (comparison || part.endsWith("/")) key = undefined;
    if (comparison) found.push(comparison);
    else if (part.endsWith("/")) found.push({ kind: "operator", word: part });
    else if (key !== undefined && !part.includes("/"))
      found.push({ kind: "key", word: `${key}=${part}`, key, sign: "=", wanted: part });
    else found.push({ kind: "text", word: part });
  }
  return found;
}

/** Undefined for a word that compares nothing. */
function comparisonIn(word, unknownKey) {
  const [, key, found, wanted] = /^([^<>=!]*)([<>=!]+)(.*)$/.exec(word) ?? [];
  if (found === undefined) return undefined;
  const sign = SIGNS.find((one) => one === found);
  if (!sign)
    throw new Error(`${word} compares by ${found}, which is not known; ${insteadOf(found, key, wanted)}`);
  if (key === "" || wanted === "") throw new Error(`${word} needs a key and a value, ${EXAMPLE}`);
  const unknown = unknownKey(key, wanted);
  if (unknown !== undefined) throw new Error(`${word}: ${unknown}`);
  if (sign !== "=" && !isNumber(wanted)) throw new Error(`${word} needs a number, ${EXAMPLE}`);
  return { kind: "key", word, key, sign, wanted };
}

/** The nearest comparison that there is. */
function insteadOf(found, key, wanted) {
  const to = (sign, value) => `type ${key || "length"}${sign}${value || 4096}`;
  const number = Number(wanted);
  if (/^=+$/.test(found)) return to("=", wanted);
  if (found === "<" && Number.isInteger(number) && wanted !== "") return to("<=", number - 1);
  if (found === ">" && Number.isInteger(number) && wanted !== "") return to(">=", number + 1);
  if (found.includes("!")) return `there is no "not": name what you want, ${to("=", wanted)}|...`;
  return to(found.includes(">") ? ">=" : "<=", wanted);
}

/** Whether a word matches an id, `operator/form.engine key=value ...`. */
export function wordMatches(word, id) {
  if (word.kind === "text") return id.includes(word.word);
  if (word.kind === "operator") return id.startsWith(word.word);
  const own = valueIn(id, word.key);
  return own !== undefined && holds(own, word.sign, word.wanted);
}

function valueIn(id, key) {
  const found = id
    .split(" ")
    .slice(1)
    .findLast((word) => word.startsWith(`${key}=`));
  return found?.slice(key.length + 1);
}

function holds(got, sign, wanted) {
  const numbers = isNumber(got) && isNumber(wanted);
  if (sign === "=") return numbers ? Number(got) === Number(wanted) : got === wanted;
  if (!numbers) return false;
  return sign === "<=" ? Number(got) <= Number(wanted) : Number(got) >= Number(wanted);
}

export function isNumber(text) {
  return text.trim() !== "" && Number.isFinite(Number(text));
}
