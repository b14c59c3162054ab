/** Replay tokens come from a terminal: what would take hours to find again is none. */
import { expect, it } from "vitest";
import { formatToken, MOST_CASES, parseToken } from "../../../suites/verify/token.js";

it("is read as it was written", () => {
  const token = { law: "forms-agree", operator: "ssd", seed: 7, path: "12:0:3" };
  expect(formatToken(token)).toBe("forms-agree.ssd.7.12-0-3");
  expect(parseToken(formatToken(token))).toEqual(token);
});

it.each([
  ["forms-agree.ssd.7", "it looks like"],
  ["forms-agree.ssd.7.x", "it looks like"],
  ["forms-agree.ssd.99999999999.0", "more than 31 bits"],
  [`forms-agree.ssd.1.${MOST_CASES}`, "beyond the 100000 that --cases takes"],
  ["forms-agree.ssd.1.999999999999999999999", "beyond"],
  ["forms-agree.ssd.1.0-123456789", "one beyond 10000"],
  [`forms-agree.ssd.1.0${"-0".repeat(1001)}`, "more than 1000 steps"],
])("%s is refused", (text, reason) => {
  expect(() => parseToken(text)).toThrow(reason);
});
