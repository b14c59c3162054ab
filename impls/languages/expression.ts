/**
 * Whole numbers computed from a problem's sizes, as a header writes them: `ceilDiv(length, 64) * heads`, `state > 256 or z`. Read here
 * and computed here; no text of a user is ever run as code.
 *
 * Numbers, names, + - * / % (division rounds down), == != < <= > >= and or not (1 is true, 0 is false), min, max, ceilDiv, powerOfTwo
 * (the least one that is not below its argument).
 */

export type Scope = Readonly<Record<string, number>>;

export interface Expression {
  readonly text: string;
  /** Names in it, each once. */
  readonly names: readonly string[];
  /** @throws Error with the expression, where it divides by zero or leaves the whole numbers */
  valueIn(scope: Scope): number;
}

type Node = (scope: Scope) => number;

const FUNCTIONS: Readonly<Record<string, { readonly takes: number; of(values: readonly number[]): number }>> =
  {
    min: { takes: 2, of: (values) => Math.min(...values) },
    max: { takes: 2, of: (values) => Math.max(...values) },
    ceilDiv: { takes: 2, of: ([a, b]) => Math.ceil(a / nonZero(b)) },
    powerOfTwo: { takes: 1, of: ([value]) => 2 ** Math.ceil(Math.log2(Math.max(1, value))) },
  };

/** From what binds weakest to what binds strongest; each takes two sides. */
const OPERATORS: readonly Readonly<Record<string, (a: number, b: number) => number>>[] = [
  { or: (a, b) => Number(a !== 0 || b !== 0) },
  { and: (a, b) => Number(a !== 0 && b !== 0) },
  {
    "==": (a, b) => Number(a === b),
    "!=": (a, b) => Number(a !== b),
    "<=": (a, b) => Number(a <= b),
    ">=": (a, b) => Number(a >= b),
    "<": (a, b) => Number(a < b),
    ">": (a, b) => Number(a > b),
  },
  { "+": (a, b) => a + b, "-": (a, b) => a - b },
  {
    "*": (a, b) => a * b,
    "/": (a, b) => Math.floor(a / nonZero(b)),
    "%": (a, b) => a - Math.floor(a / nonZero(b)) * b,
  },
];

const TOKEN = /\s*(?:(\d+)|([A-Za-z_]\w*)|(==|!=|<=|>=|[-+*/%()<>,]))/y;
/** Longer ones are no sizes of anything, and reading must not cost the stack. */
const LONGEST = 300;

function nonZero(value: number): number {
  if (value === 0) throw new Error("divides by zero");
  return value;
}

/** @param known names that it may use. @throws Error with what is wrong, and the names there are */
export function parseExpression(text: string, known: readonly string[]): Expression {
  const tokens = tokensOf(text);
  const names = new Set<string>();
  let at = 0;

  const fail = (expected: string): never => {
    throw new Error(`${quoted(text)}: expected ${expected}, got ${tokens[at] ?? "its end"}`);
  };
  const take = (token: string) => (tokens[at] === token ? at++ >= 0 : fail(`"${token}"`));

  const primary = (): Node => {
    const token = tokens[at] ?? fail("a number or a name");
    if (token === "(") {
      at++;
      const inside = level(0);
      take(")");
      return inside;
    }
    if (token === "-" || token === "not") {
      at++;
      const operand = token === "-" ? primary() : level(2);
      return token === "-" ? (scope) => -operand(scope) : (scope) => Number(operand(scope) === 0);
    }
    if (/^\d/.test(token)) {
      at++;
      return () => Number(token);
    }
    if (!/^[A-Za-z_]/.test(token) || token === "and" || token === "or") return fail("a number or a name");
    at++;
    return tokens[at] === "(" ? call(token) : name(token);
  };

  const name = (token: string): Node => {
    if (!known.includes(token))
      throw new Error(`${quoted(text)}: there is no ${token}; there are ${known.join(", ")}`);
    names.add(token);
    return (scope) => scope[token];
  };

  const call = (token: string): Node => {
    if (!Object.hasOwn(FUNCTIONS, token))
      throw new Error(
        `${quoted(text)}: there is no function ${token}; there are ${Object.keys(FUNCTIONS).join(", ")}`,
      );
    const { takes, of } = FUNCTIONS[token];
    const given: Node[] = [];
    do {
      at++;
      given.push(level(0));
    } while (tokens[at] === ",");
    take(")");
    if (given.length !== takes)
      throw new Error(`${quoted(text)}: ${token} takes ${takes}, got ${given.length}`);
    return (scope) => of(given.map((one) => one(scope)));
  };

  const level = (depth: number): Node => {
    const operators = OPERATORS[depth];
    if (operators === undefined) return primary();
    let left = level(depth + 1);
    while (at < tokens.length && Object.hasOwn(operators, tokens[at])) {
      const apply = operators[tokens[at++]];
      const [a, b] = [left, level(depth + 1)];
      left = (scope) => apply(a(scope), b(scope));
    }
    return left;
  };

  const root = level(0);
  if (at < tokens.length) fail("an operator");
  return { text, names: [...names], valueIn: (scope) => computed(root, text, scope) };
}

function tokensOf(text: string): string[] {
  if (text.length > LONGEST)
    throw new Error(`an expression of ${text.length} characters; at most ${LONGEST}`);
  const tokens: string[] = [];
  const sticky = new RegExp(TOKEN.source, "y");
  while (sticky.lastIndex < text.trimEnd().length) {
    const from = sticky.lastIndex;
    const found = sticky.exec(text);
    if (!found) throw new Error(`${quoted(text)}: ${quoted(text.slice(from).trim()[0])} means nothing here`);
    tokens.push(found[0].trim());
  }
  return tokens;
}

function computed(root: Node, text: string, scope: Scope): number {
  try {
    const value = root(scope);
    if (!Number.isSafeInteger(value)) throw new Error(`is ${value}, which is no whole number of this size`);
    return value;
  } catch (error) {
    const given = Object.entries(scope).map(([name, value]) => `${name}=${value}`);
    throw new Error(`${quoted(text)} ${(error as Error).message} (${given.join(" ")})`);
  }
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
