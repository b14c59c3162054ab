/** What a user's code throws is one sentence with the place in their file, never a line of a stack. */
import { describe, expect, it } from "vitest";
import { loadFailure, placeIn, thrownBy } from "../../../../suites/processes/modules/thrown.js";
import { oneLine } from "../../../../suites/processes/one-line.js";

function withStack(message: string, ...frames: string[]): Error {
  const error = new Error(message);
  error.stack = [`Error: ${message}`, ...frames.map((frame) => `    at ${frame}`)].join("\n");
  return error;
}

const OWN = new URL("../../../../suites/verify/evaluate.ts", import.meta.url).pathname;

describe("what was thrown", () => {
  it.each<[string, unknown, string]>([
    ["text", "no", "no"],
    ["nothing", undefined, "undefined"],
    ["a symbol", Symbol("odd"), "Symbol(odd)"],
    ["what has no text", Object.create(null), "something that has no text"],
    ["an error without a message", new TypeError(), "TypeError"],
    ["an error whose message is no text", Object.assign(new Error(), { message: 7 }), "7"],
    ["several lines", new Error("\n\n  first\nsecond"), "first"],
    [
      "another error's stack as a message",
      new Error("    at run (/x/k.ts:3:4)\n    at go (/x/k.ts:9:1)"),
      "an error without a message",
    ],
    ["a stack after a message", new Error("bad\n    at run (/x/k.ts:3:4)"), "bad"],
    ["a cursor", new Error("a\u001b[2Jb"), "a\\u001b[2Jb"],
  ])("of %s is one line", (_what, error, line) => {
    expect(oneLine(error)).toBe(line);
  });

  it.each<[string, string[], string | undefined]>([
    ["the kernel's own", ["run (/home/u/k.ts:3:14)"], "/home/u/k.ts:3:14"],
    [
      "below the harness's",
      [`evaluate (${OWN}:3:1)`, "async prepare (file:///home/u/k.ts?t=1:8:2)"],
      "/home/u/k.ts:8:2",
    ],
    ["of a method without a name", ["/home/u/k.mjs:1:1"], "/home/u/k.mjs:1:1"],
    [
      "in a package",
      ["f (/home/u/node_modules/a/b.js:1:1)", "node:internal/x:1:1", "g (/home/u/k.ts:5:6)"],
      "/home/u/k.ts:5:6",
    ],
    ["only ours", [`evaluate (${OWN}:3:1)`, "node:internal/x:1:1"], undefined],
  ])("names the place: %s", (_what, frames, place) => {
    const error = withStack("bad", ...frames);
    expect(placeIn(error.stack!, [])).toBe(place);
    expect(thrownBy(error, [])).toBe(place === undefined ? "bad" : `bad (${place})`);
  });

  it("takes a module of the user for theirs wherever it lies", () => {
    expect(thrownBy(withStack("bad", `f (${OWN}:3:1)`), [OWN])).toMatch(/^bad \(.*evaluate\.ts:3:1\)$/);
  });

  it.each<[string, unknown, string]>([
    [
      "a compiler's list",
      Object.assign(new Error("x"), {
        errors: [{ text: "Expected )", location: { file: "k.ts", line: 4, column: 0 } }],
      }),
      "Expected ) (k.ts:4:1)",
    ],
    [
      "a compiler's text",
      new Error("Transform failed with 1 error:\n/u/k.ts:4:7: ERROR: Expected )"),
      "Expected ) (/u/k.ts:4:8)",
    ],
    [
      "a list without a place",
      Object.assign(new Error("two of them"), { errors: [{ text: "a" }], stack: "" }),
      "two of them",
    ],
    ["no error", 5, "5"],
  ])("of a module that does not load: %s", (_what, error, line) => {
    expect(loadFailure(error, "/u/k.ts")).toBe(line);
  });
});
