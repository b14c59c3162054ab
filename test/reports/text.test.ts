import { expect, it } from "vitest";
import { quotedValue, visible, visibleDeep } from "../../reports/text.js";

it.each([
  ["plain text, é 漢 😀", "plain text, é 漢 😀"],
  ["a\nb\r\nc\td\re", "a b c d e"],
  ["\u001b[2J\u0007", "\\u001b[2J\\u0007"],
  ["\u009b31m\u007f\u0000", "\\u009b31m\\u007f\\u0000"],
  ["a\u202eb\u2066c\u2028d\ufeff", "a\\u202eb\\u2066c\\u2028d\\ufeff"],
  ["half \ud800 a pair", "half \\ud800 a pair"],
])("shows %j on one line", (text, shown) => {
  expect(visible(text)).toBe(shown);
});

it("goes into values, as deep as anyone reads", () => {
  let deep: unknown = "end";
  for (let i = 0; i < 50_000; i++) deep = [deep];
  const shown = visibleDeep({ "a\u001b": ["\u0007", 1, null], deep });
  expect(shown).toMatchObject({ "a\\u001b": ["\\u0007", 1, null] });
  expect(JSON.stringify(shown)).toContain("nested too deep");
});

it.each<[unknown, string]>([
  ["auto", '"auto"'],
  [[8], "a list"],
  [24n, "24n"],
  [Number.NaN, "NaN"],
  [null, "null"],
  [{ a: 1 }, "an object"],
  [() => 1, "a function"],
])("quotes %s", (value, words) => {
  expect(quotedValue(value)).toBe(words);
});
