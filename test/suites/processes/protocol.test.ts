import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { PROTOCOL } from "../../../suites/processes/protocol.js";
import { root } from "../../scripts/cli.js";

/** Of the messages without comments, imports and the number itself. */
const DIGESTS: Readonly<Record<number, string>> = { 2: "af97766d29638083" };

it("raises the protocol's version with every change of its messages: the gate's two arms may be of different days", () => {
  const text = readFileSync(join(root, "suites/processes/protocol.ts"), "utf8")
    .replace(/\/\*\*[\s\S]*?\*\//g, "")
    .replace(/^import [^;]*;/gm, "")
    .replace(/^export const PROTOCOL = \d+;/m, "")
    .replace(/\s+/g, " ");
  expect(text).toContain("export interface Calls");
  const digest = createHash("sha256").update(text).digest("hex").slice(0, 16);
  expect(
    digest,
    "what crosses has changed: raise PROTOCOL, unless older processes follow a gate all the same; then note the digest",
  ).toBe(DIGESTS[PROTOCOL]);
});
